//! Many images of any kind in one call.

use std::mem::discriminant;
use std::time::{Duration, Instant};

use fer_vision::{Analyzer, Face};
use pyo3::prelude::*;

use crate::input::{Decoded, Source};
use crate::watch::tell;

/// The most images predicted at a time per thread, between two looks at whether Python wants to stop.
const MAX_IMAGES_PER_THREAD: usize = 64;
/// The most encoded images decoded at a time per thread: they may be photos of many megabytes.
const MAX_DECODED_PER_THREAD: usize = 4;
/// The time between two looks that is aimed at, so that Ctrl-C stops photos of any size within a second.
const LOOK: Duration = Duration::from_millis(250);

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
        let most = match run {
            [Source::Encoded(_), ..] => MAX_DECODED_PER_THREAD,
            _ => MAX_IMAGES_PER_THREAD,
        };
        let (mut per_thread, mut rest) = (1, run);
        while !rest.is_empty() {
            let count = (per_thread * analyzer.threads().count()).min(rest.len());
            let (chunk, after) = rest.split_at(count);
            let start = Instant::now();
            found.extend(py.detach(|| predict_alike(analyzer, chunk)));
            tell(py, progress, "images", found.len(), sources.len())?;
            per_thread = match start.elapsed() {
                long if long > LOOK => (per_thread / 2).max(1),
                short if short < LOOK / 2 => (2 * per_thread).min(most),
                _ => per_thread,
            };
            rest = after;
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
