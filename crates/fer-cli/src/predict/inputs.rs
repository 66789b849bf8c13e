//! Inputs of `fer predict`: files, or what comes on standard input.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fer_core::{Image, decode_text};
use fer_vision::expand_inputs;

use crate::{Error, Result};

/// The name of standard input, as an argument and in results.
pub(super) const STDIN: &str = "-";

/// The inputs of a prediction.
pub(super) enum Inputs {
    /// Files in their order.
    Files(Vec<PathBuf>),
    /// The content of an image file from standard input.
    Image(Vec<u8>),
}

impl Inputs {
    /// Expands `paths`, in which `-` stands for an image or a list of paths on standard input.
    ///
    /// # Errors
    /// [`Error::EmptyStdin`], [`Error::StdinImage`] for an image beside other inputs, [`Error::Stdin`] if it does not read; those of
    /// [`expand_inputs`].
    pub(super) fn read(paths: &[PathBuf], null: bool) -> Result<Self> {
        let Some(place) = paths.iter().position(|path| path == Path::new(STDIN)) else {
            return Ok(Self::Files(expand_inputs(paths)?));
        };
        let mut content = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut content)
            .map_err(Error::Stdin)?;
        if content.is_empty() {
            return Err(Error::EmptyStdin);
        }
        // PowerShell writes lists in UTF-16, spreadsheets with a byte order mark.
        if let (false, Ok(text)) = (null, decode_text(&content)) {
            content = text.into_owned().into_bytes();
        }
        if !null && is_image(&content) {
            return if paths.len() == 1 {
                Ok(Self::Image(content))
            } else {
                Err(Error::StdinImage)
            };
        }
        let mut expanded = paths.to_vec();
        expanded.splice(
            place..=place,
            listed(&content, if null { 0 } else { b'\n' }),
        );
        Ok(Self::Files(expand_inputs(&expanded)?))
    }

    /// The files: for an image on standard input, its name.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Files(files) => files.clone(),
            Self::Image(_) => vec![PathBuf::from(STDIN)],
        }
    }
}

/// Returns `true` for the content of a file, which is to be an image. A list of paths may begin as an image does ("BMW/1.jpg"): if its
/// first line is a file, it is a list. What holds a zero is none.
fn is_image(content: &[u8]) -> bool {
    let is_list = listed(content, b'\n')
        .next()
        .is_some_and(|path| path.exists());
    !is_list && (Image::is_encoded(content) || content.contains(&0))
}

/// The paths of a list.
fn listed(content: &[u8], separator: u8) -> impl Iterator<Item = PathBuf> {
    content
        .split(move |&byte| byte == separator)
        .map(move |line| match line {
            [line @ .., b'\r'] if separator == b'\n' => line,
            line => line,
        })
        .filter(|line| !line.is_empty())
        .map(to_path)
}

#[cfg(unix)]
fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn to_path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_separated_by_lines_of_any_system_or_by_nul() {
        let paths = |content: &[u8], separator| -> Vec<String> {
            listed(content, separator)
                .map(|path| path.to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(paths(b"a b.jpg\r\n\nc.jpg", b'\n'), ["a b.jpg", "c.jpg"]);
        assert_eq!(paths(b"a\nb.jpg\0c.jpg\0", 0), ["a\nb.jpg", "c.jpg"]);
    }

    #[test]
    fn a_list_that_begins_as_an_image_does_is_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, "").unwrap();
        let list = format!("{}\n", path.display());
        assert!(!is_image(list.as_bytes()));
        assert!(is_image(b"\xff\xd8\xff\xe0 and so on"));
        assert!(!is_image(b"no/such/file.jpg\n"));
        assert!(is_image(b"\0\0\0\x20ftypisom: a video"));
    }
}
