//! Pictures with boxes and bars drawn on them, as files.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fer_core::Image;
use fer_vision::ImageResult;

use crate::{Error, Result};

/// Where the drawing of each picture goes.
#[derive(Debug)]
pub(super) struct Drawing {
    targets: HashMap<PathBuf, PathBuf>,
}

impl Drawing {
    /// One picture goes to the file `out`, several go into the folder `out` under their own names. Pictures of one name are numbered.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without pictures; [`Error::CreateFolder`] if the folder cannot be made; [`Error::DrawOver`] if a drawing
    /// would take the place of its picture.
    pub(super) fn new(out: &Path, pictures: &[PathBuf]) -> Result<Self> {
        let targets: HashMap<PathBuf, PathBuf> = match pictures {
            [] => return Err(Error::NothingToDraw),
            [picture] if !out.is_dir() => HashMap::from([(picture.clone(), out.to_owned())]),
            pictures => {
                std::fs::create_dir_all(out).map_err(|source| Error::CreateFolder {
                    path: out.to_owned(),
                    source,
                })?;
                pictures
                    .iter()
                    .cloned()
                    .zip(targets_in(out, pictures))
                    .collect()
            }
        };
        for (picture, target) in &targets {
            if is_same_file(picture, target) {
                return Err(Error::DrawOver {
                    path: picture.clone(),
                });
            }
        }
        Ok(Self { targets })
    }

    /// Draws the faces of a picture and saves it.
    pub(super) fn save(&self, result: &ImageResult) -> Result<()> {
        let Some(target) = self.targets.get(&result.path) else {
            return Ok(());
        };
        let mut image = Image::open(&result.path)?;
        fer_vision::draw(&mut image, result.faces());
        Ok(fer_vision::save(&image, target)?)
    }
}

/// A file in `folder` for each picture.
fn targets_in(folder: &Path, pictures: &[PathBuf]) -> Vec<PathBuf> {
    let mut uses: HashMap<OsString, usize> = HashMap::new();
    let target = |picture: &PathBuf| {
        let name = picture.file_name().unwrap_or_default().to_owned();
        let count = uses.entry(name.clone()).or_default();
        *count += 1;
        folder.join(if *count == 1 {
            name
        } else {
            numbered(picture, *count)
        })
    };
    pictures.iter().map(target).collect()
}

/// `photo-2.jpg` for the second `photo.jpg`.
fn numbered(picture: &Path, number: usize) -> OsString {
    let mut name = picture.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = picture.extension() {
        name.push(".");
        name.push(extension);
    }
    name
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_one_name_are_numbered() {
        let pictures = ["a/x.jpg", "b/x.jpg", "y.png", "c/x.jpg"].map(PathBuf::from);
        let targets = targets_in(Path::new("out"), &pictures);
        assert_eq!(
            targets,
            ["out/x.jpg", "out/x-2.jpg", "out/y.png", "out/x-3.jpg"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_picture_is_never_drawn_over() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("x.jpg");
        std::fs::write(&picture, b"").unwrap();
        let over = folder.path().join(".").join("x.jpg");
        for out in [over.as_path(), folder.path()] {
            let error = Drawing::new(out, std::slice::from_ref(&picture)).unwrap_err();
            assert!(matches!(error, Error::DrawOver { .. }), "{error}");
        }
        assert!(Drawing::new(&folder.path().join("y.jpg"), &[picture]).is_ok());
    }
}
