//! Many images of any kind in one call.

use std::mem::discriminant;

use fer_vision::{Analyzer, Face};
use pyo3::prelude::*;

use crate::input::{Decoded, Source};
use crate::watch::tell;

/// Images predicted at a time for each thread, between two looks at whether Python wants to stop.
const IMAGES_PER_THREAD: usize = 64;
/// Encoded images decoded at a time for each thread: they may be photographs of many megabytes.
const DECODED_PER_THREAD: usize = 4;

type Found = fer_kit::Result<Vec<Face>>;

/// The faces of each image, or why it could not be read, without holding the GIL.
///
/// `progress(stage, done, total)` is called now and then.
pub(crate) fn predict(
    py: Python<'_>,
    analyzer: &Analyzer,
    sources: &[Source<'_>],
    progress: Option<&Py<PyAny>>,
) -> PyResult<Vec<Found>> {
    let mut found = Vec::with_capacity(sources.len());
    for run in sources.chunk_by(|a, b| discriminant(a) == discriminant(b)) {
        let per_thread = match run {
            [Source::Encoded(_), ..] => DECODED_PER_THREAD,
            _ => IMAGES_PER_THREAD,
        };
        for chunk in run.chunks(per_thread * analyzer.threads().count()) {
            found.extend(py.detach(|| predict_alike(analyzer, chunk)));
            tell(py, progress, "images", found.len(), sources.len())?;
        }
    }
    Ok(found)
}

/// The faces of images of one kind.
fn predict_alike(analyzer: &Analyzer, sources: &[Source<'_>]) -> Vec<Found> {
    if let [Source::File(_), ..] = sources {
        let paths = sources.iter().filter_map(Source::file);
        return analyzer
            .paths(paths)
            .map(|result| Ok(result.outcome?))
            .collect();
    }
    let decoded: Vec<fer_core::Result<Decoded<'_>>> =
        analyzer.threads().map(sources, Source::decode);
    let views: Vec<_> = decoded.iter().flatten().map(Decoded::view).collect();
    match analyzer.images(&views) {
        Ok(faces) => {
            let mut faces = faces.into_iter();
            decoded
                .into_iter()
                .map(|input| Ok(input.map(|_| faces.next().unwrap_or_default())?))
                .collect()
        }
        // Alone, each image keeps its own error.
        Err(_) => decoded
            .into_iter()
            .map(|input| Ok(analyzer.image(&input?.view())?))
            .collect(),
    }
}
