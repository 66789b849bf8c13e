//! Files that are to be written, checked before the work.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::write::is_stream;
use crate::{Error, Image, Result};

/// Bytes that tell the format of an image file.
const HEAD: u64 = 64;

/// Checks that files can be written and that none of them takes the place of what must stay: one of `inputs`, any image, a folder,
/// or another of these files. Nothing is written.
///
/// # Errors
/// [`Error::File`] with the path: without a folder for it, that of the system; else [`Error::WouldReplace`].
pub fn check_targets<'a>(
    targets: impl IntoIterator<Item = &'a Path>,
    inputs: &[&Path],
) -> Result<()> {
    let mut earlier = Vec::new();
    for target in targets {
        let real = checked(target, inputs)?;
        if earlier.contains(&real) && !is_stream(target) {
            return Err(replacing("another result", target));
        }
        if is_image(target) {
            return Err(replacing("an image", target));
        }
        earlier.push(real);
    }
    Ok(())
}

/// As [`check_targets`], for an image file, which may take the place of another image.
///
/// # Errors
/// As [`check_targets`].
pub fn check_image_target(target: &Path, inputs: &[&Path]) -> Result<()> {
    checked(target, inputs).map(drop)
}

/// Returns the path without links of a target that is neither a folder nor an input.
fn checked(target: &Path, inputs: &[&Path]) -> Result<PathBuf> {
    if is_stream(target) {
        return Ok(target.to_path_buf());
    }
    if target.is_dir() {
        return Err(replacing("a folder", target));
    }
    let real = real_path(target).map_err(|error| error.at(target))?;
    let is_target = |input: &&Path| input.canonicalize().is_ok_and(|input| input == real);
    if inputs.iter().any(is_target) {
        return Err(replacing("an input", target));
    }
    Ok(real)
}

fn replacing(what: &'static str, target: &Path) -> Error {
    Error::WouldReplace { what }.at(target)
}

/// Returns the path without links of a file that need not be there.
fn real_path(target: &Path) -> Result<PathBuf> {
    if let Ok(real) = target.canonicalize() {
        return Ok(real);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        let reason = format!("there is no folder {}", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, reason).into());
    }
    Ok(folder
        .canonicalize()?
        .join(target.file_name().unwrap_or_default()))
}

fn is_image(path: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && Image::is_encoded(&head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, chain};

    #[test]
    fn what_must_stay_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let png = b"\x89PNG\r\n\x1a\n and so on";
        for (name, content) in [
            ("votes.csv", &b"file"[..]),
            ("a.png", png),
            ("old.json", b"{}"),
        ] {
            fs::write(path(name), content).unwrap();
        }
        let check = |targets: &[&str]| {
            let targets: Vec<PathBuf> = targets.iter().map(|name| path(name)).collect();
            check_targets(targets.iter().map(PathBuf::as_path), &[&path("votes.csv")])
        };
        for (targets, word) in [
            (&["votes.csv"][..], "an input"),
            (&["new.json", "./votes.csv"], "an input"),
            (&["a.png"], "an image"),
            (&[""], "a folder"),
            (&["new.json", "./new.json"], "another result"),
        ] {
            let error = check(targets).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(chain(&error).contains(word), "{targets:?}: {error}");
        }
        let error = check(&["absent/new.json"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(chain(&error).contains("there is no folder"), "{error}");
        check(&["old.json", "new.json"]).unwrap();
        check_image_target(&path("a.png"), &[&path("votes.csv")]).unwrap();
        check_image_target(&path("a.png"), &[&path("a.png")]).unwrap_err();
        assert_eq!(fs::read(path("old.json")).unwrap(), b"{}");
        assert!(!path("new.json").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_to_inputs_are_seen_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("votes.csv"), "file").unwrap();
        std::os::unix::fs::symlink("votes.csv", path("results.json")).unwrap();
        let target = path("results.json");
        let error = check_targets([target.as_path()], &[&path("votes.csv")]).unwrap_err();
        assert!(chain(&error).contains("an input"), "{error}");
        check_targets([Path::new("/dev/null"), Path::new("/dev/null")], &[]).unwrap();
    }
}
