//! From what a person names — files, folders, patterns — to a list of image files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::{Error, Result};

/// Extensions of the files taken from folders. A file named by itself is taken whatever it is called.
const IMAGE_EXTENSIONS: [&str; 13] = [
    "jpg", "jpeg", "jpe", "png", "webp", "gif", "bmp", "tif", "tiff", "pnm", "ppm", "pgm", "pbm",
];
const VIDEO_EXTENSIONS: [&str; 9] = [
    "mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "wmv",
];

/// Replaces folders by the image files in them (in depth) and glob patterns by what they match.
///
/// The order is that of `inputs`, inside a folder or pattern by path: the same on every machine. A path that does not exist and is
/// no pattern stays, so that reading it says what is wrong.
///
/// # Errors
/// [`Error::Folder`] for a folder that cannot be listed; [`Error::Pattern`] for a pattern that does not parse.
pub fn expand_inputs<P: AsRef<Path>>(inputs: impl IntoIterator<Item = P>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        let input = input.as_ref();
        if input.is_dir() {
            files.extend(images_in(input)?);
        } else if let Some(pattern) = as_pattern(input) {
            files.extend(matches_of(pattern)?);
        } else {
            files.push(input.to_path_buf());
        }
    }
    Ok(files)
}

/// Whether the file's extension is that of a video.
pub fn is_video(path: impl AsRef<Path>) -> bool {
    has_extension(path.as_ref(), &VIDEO_EXTENSIONS)
}

fn images_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::Folder {
            path: error.path().unwrap_or(folder).to_path_buf(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() && has_extension(entry.path(), &IMAGE_EXTENSIONS) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// The text of a path that is a pattern and no existing file.
fn as_pattern(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    (text.contains(['*', '?', '[']) && !path.exists()).then_some(text)
}

fn matches_of(pattern: &str) -> Result<Vec<PathBuf>> {
    let paths = glob::glob(pattern).map_err(|source| Error::Pattern {
        pattern: pattern.into(),
        source,
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| Error::Folder {
            path: error.path().to_path_buf(),
            source: error.into(),
        })?;
        if path.is_dir() {
            files.extend(images_in(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|found| known.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, []).unwrap();
        }
        folder
    }

    fn names(folder: &Path, files: &[PathBuf]) -> Vec<String> {
        let name = |file: &PathBuf| {
            file.strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/")
        };
        files.iter().map(name).collect()
    }

    #[test]
    fn folders_give_their_images_in_depth_and_in_order() {
        let folder = folder_with(&[
            "b/2.PNG",
            "b/1.jpg",
            "a.jpeg",
            "c.webp",
            "notes.txt",
            "b/c/0.gif",
        ]);
        let files = expand_inputs([folder.path()]).unwrap();
        assert_eq!(
            names(folder.path(), &files),
            ["a.jpeg", "b/1.jpg", "b/2.PNG", "b/c/0.gif", "c.webp"]
        );
    }

    #[test]
    fn patterns_match_any_name_and_an_existing_file_is_no_pattern() {
        let folder = folder_with(&["x1.dat", "x2.dat", "y.dat", "[1].jpg"]);
        let files =
            expand_inputs([folder.path().join("x*.dat"), folder.path().join("[1].jpg")]).unwrap();
        assert_eq!(
            names(folder.path(), &files),
            ["x1.dat", "x2.dat", "[1].jpg"]
        );
    }

    #[test]
    fn a_missing_path_stays() {
        assert_eq!(
            expand_inputs(["no/such.jpg"]).unwrap(),
            [PathBuf::from("no/such.jpg")]
        );
    }

    #[test]
    fn a_malformed_pattern_is_an_error() {
        let error = expand_inputs(["photos/[a-.jpg"]).unwrap_err();
        assert_eq!(error.kind(), "invalid_argument");
    }

    #[test]
    fn videos_are_told_by_extension() {
        assert!(is_video("a/clip.MP4") && !is_video("a/mp4") && !is_video("clip.gif"));
    }
}
