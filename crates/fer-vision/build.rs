//! Embeds the face detector's model without copying it into this repository.
//!
//! The published `rustface` package carries SeetaFace's model file but exposes neither its bytes nor its path. A panic location
//! inside that package names the package's source folder, and the model lies beside it. Packagers who patch file names
//! (`--remap-path-prefix`) name the file in `FER_SEETA_MODEL` instead. Either way the bytes must have the known digest.

use std::error::Error;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use sha2::{Digest, Sha256};

const MODEL_VARIABLE: &str = "FER_SEETA_MODEL";
const MODEL_FILE: &str = "model/seeta_fd_frontal_v1.0.bin";
const MODEL_BYTES: usize = 1_209_904;
const MODEL_SHA256: &str = "c4619d066ed35e84d9a8e842860b0dff567aba0cbb139881075538761db3ff5d";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed={MODEL_VARIABLE}");
    println!("cargo:rerun-if-changed=build.rs");
    let path = match env::var_os(MODEL_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => model_in_rustface_package()?,
    };
    let model = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    check_digest(&model).map_err(|reason| format!("{}: {reason}", path.display()))?;
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?;
    fs::write(Path::new(&out_dir).join("seeta_frontal.bin"), model)?;
    Ok(())
}

fn model_in_rustface_package() -> Result<PathBuf, Box<dyn Error>> {
    let source = rustface_source_file()
        .ok_or("rustface::ImageData::new accepts a wrong length: its source is not found")?;
    source
        .ancestors()
        .map(|folder| folder.join(MODEL_FILE))
        .find(|model| model.is_file())
        .ok_or_else(|| {
            let source = source.display();
            format!("no {MODEL_FILE} above {source}; set {MODEL_VARIABLE} to that file").into()
        })
}

/// The file of the assertion that rejects an image whose length disagrees with its size.
fn rustface_source_file() -> Option<PathBuf> {
    let source = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&source);
    panic::set_hook(Box::new(move |info| {
        let file = info
            .location()
            .map(|location| PathBuf::from(location.file()));
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }));
    let outcome = panic::catch_unwind(|| {
        rustface::ImageData::new(&[], 1, 1);
    });
    drop(panic::take_hook());
    outcome.err()?;
    source.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn check_digest(model: &[u8]) -> Result<(), String> {
    let found: String = Sha256::digest(model)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if model.len() == MODEL_BYTES && found == MODEL_SHA256 {
        return Ok(());
    }
    let bytes = model.len();
    Err(format!(
        "expected {MODEL_BYTES} bytes with SHA-256 {MODEL_SHA256}, found {bytes} bytes with {found}"
    ))
}
