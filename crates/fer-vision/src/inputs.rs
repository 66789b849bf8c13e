//! Expands what a person names (files, folders, patterns) to a list of image files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fer_core::{Unlisted, files_in};
use glob::MatchOptions;

use crate::{Error, Result};

/// Extensions of the files taken from folders. A file named by itself is taken whatever it is called. HEIC and AVIF photos cannot be
/// read: they are taken all the same, so that each gives an error instead of being left out in silence.
const IMAGE_EXTENSIONS: [&str; 18] = [
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "gif", "bmp", "tif", "tiff", "pnm", "ppm",
    "pgm", "pbm", "heic", "heif", "avif",
];
const VIDEO_EXTENSIONS: [&str; 17] = [
    "mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "wmv", "3gp", "3g2", "ts", "mts",
    "m2ts", "flv", "ogv", "mxf",
];

/// Replaces folders by the image and video files in them (in depth) and glob patterns by what they match.
///
/// The order is that of `inputs`, inside a folder or pattern by path: the same on every machine. Hidden and system files are skipped
/// ([`fer_core::is_junk`]). What cannot be looked at stays in the list, so that reading it gives an error beside the other results: a path that
/// does not exist, a pattern without a match, a folder without an image or video, and a broken link or unreadable folder inside a folder.
///
/// # Errors
/// [`Error::Pattern`] for a pattern that does not parse.
pub fn expand_inputs<P: AsRef<Path>>(inputs: impl IntoIterator<Item = P>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        let input = input.as_ref();
        let found = if input.is_dir() {
            media_in(input)
        } else if let Some(pattern) = as_pattern(input) {
            matches_of(pattern)?
        } else {
            Vec::new()
        };
        if found.is_empty() {
            files.push(input.to_path_buf());
        }
        files.extend(found);
    }
    Ok(files)
}

/// Returns `true` if the file's extension is that of a video.
pub fn is_video(path: impl AsRef<Path>) -> bool {
    has_extension(path.as_ref(), &VIDEO_EXTENSIONS)
}

/// Refuses a folder in the place of an image file.
///
/// # Errors
/// [`Error::Folder`] for a folder that cannot be listed, [`Error::NotAFile`] for any other.
pub(crate) fn refuse_folder(path: &Path) -> Result<()> {
    if !path.is_dir() {
        return Ok(());
    }
    let path = path.to_path_buf();
    match path.read_dir() {
        Err(source) => Err(Error::Folder { path, source }),
        Ok(_) if media_in(&path).is_empty() => Err(Error::NoImages { path }),
        Ok(_) => Err(Error::NotAFile { path }),
    }
}

/// Lists the images and videos in a folder, and the entries that cannot be looked at.
fn media_in(folder: &Path) -> Vec<PathBuf> {
    let wanted = |found: std::result::Result<PathBuf, Unlisted>| match found {
        Ok(path) => (has_extension(&path, &IMAGE_EXTENSIONS) || is_video(&path)).then_some(path),
        Err(unlisted) => Some(unlisted.path),
    };
    files_in(folder, |_| None)
        .into_iter()
        .filter_map(wanted)
        .collect()
}

/// Returns the text of a path that is a pattern and no existing file.
fn as_pattern(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    (text.contains(['*', '?', '[']) && !path.exists()).then_some(text)
}

fn matches_of(pattern: &str) -> Result<Vec<PathBuf>> {
    let options = MatchOptions {
        require_literal_leading_dot: true,
        ..MatchOptions::new()
    };
    let paths = glob::glob_with(pattern, options).map_err(|source| Error::Pattern {
        pattern: pattern.into(),
        source,
    })?;
    let mut files = Vec::new();
    for path in paths {
        match path {
            Ok(path) if path.is_dir() => files.extend(media_in(&path)),
            Ok(path) => files.push(path),
            Err(error) => files.push(error.path().to_path_buf()),
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
    use crate::folders::folder_with;

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
    fn phones_and_scanners_names_are_taken() {
        let named = ["a.jfif", "b.JPE", "c.mpo", "d.heic", "e.HEIF", "f.avif"];
        let folder = folder_with(&named);
        let files = expand_inputs([folder.path()]).unwrap();
        assert_eq!(names(folder.path(), &files), named);
    }

    #[test]
    fn videos_in_folders_are_taken() {
        let folder = folder_with(&["a.jpg", "b/clip.MP4", "c.txt"]);
        let files = expand_inputs([folder.path()]).unwrap();
        assert_eq!(names(folder.path(), &files), ["a.jpg", "b/clip.MP4"]);
    }

    #[test]
    fn hidden_and_system_files_are_skipped() {
        let folder = folder_with(&[
            "a.jpg",
            "._a.jpg",
            ".ipynb_checkpoints/a-checkpoint.jpg",
            "@eaDir/a.jpg",
            "b/__MACOSX/a.jpg",
            "$RECYCLE.BIN/a.jpg",
        ]);
        let pattern = folder.path().join("*.jpg");
        for input in [folder.path(), &pattern] {
            let files = expand_inputs([input]).unwrap();
            assert_eq!(names(folder.path(), &files), ["a.jpg"]);
        }
        // A folder named by itself is wanted, whatever its name.
        let hidden = folder.path().join(".ipynb_checkpoints");
        assert_eq!(expand_inputs([hidden]).unwrap().len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn broken_links_and_loops_stay_among_the_others() {
        use std::os::unix::fs::symlink;

        let folder = folder_with(&["a.jpg", "z.jpg"]);
        symlink("absent.jpg", folder.path().join("b.jpg")).unwrap();
        symlink("absent.jpg", folder.path().join("._b.jpg")).unwrap();
        symlink(folder.path(), folder.path().join("c")).unwrap();
        let files = expand_inputs([folder.path()]).unwrap();
        assert_eq!(
            names(folder.path(), &files),
            ["a.jpg", "b.jpg", "c", "z.jpg"]
        );
        assert!(refuse_folder(&folder.path().join("c")).is_err());
    }

    #[test]
    fn a_pattern_or_folder_without_an_image_stays() {
        let folder = folder_with(&["a.txt"]);
        let inputs = [
            folder.path().join("nothing*.jpg"),
            folder.path().to_path_buf(),
        ];
        assert_eq!(expand_inputs(&inputs).unwrap(), inputs);
        assert!(matches!(
            refuse_folder(folder.path()),
            Err(Error::NoImages { .. })
        ));
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
        assert_eq!(error.kind(), fer_core::ErrorKind::InvalidArgument);
    }

    #[test]
    fn videos_are_told_by_extension() {
        assert!(is_video("a/clip.MP4") && !is_video("a/mp4") && !is_video("clip.gif"));
    }
}
