//! Files for drawings: planned before any work, so that no drawing takes the place of a file that was there.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use image::ImageFormat;

use crate::{Error, Result};

/// Files for the drawings of some images, none of which exists yet.
#[derive(Debug, Clone)]
pub struct DrawingTargets {
    targets: HashMap<PathBuf, PathBuf>,
}

impl DrawingTargets {
    /// Plans a file for each of `images`, which are the files that `inputs` stand for
    /// ([`expand_inputs`](crate::expand_inputs)).
    ///
    /// `out` is a file if there is a single image and `out` is a name with an extension, else a folder. In a folder, an image from
    /// an input folder keeps its path below that folder, any other its name; of several drawings of one name, in upper or lower
    /// case, all but the first are numbered (`photo-2.jpg`). A format that cannot be written becomes JPEG or PNG. Nothing is
    /// written or created.
    ///
    /// # Errors
    /// [`Error::DrawOver`] if a drawing would take the place of an input, [`Error::DrawingExists`] of another file;
    /// [`Error::DrawingFormat`] if `out` is a file of a format that cannot be written; [`Error::DrawingNeedsFolder`] if `out` is an
    /// image file's name and there are several images.
    pub fn plan(out: &Path, inputs: &[PathBuf], images: &[PathBuf]) -> Result<Self> {
        let targets = if is_file_name(out, images.len()) {
            if !is_writable(out) {
                return Err(Error::DrawingFormat {
                    path: out.to_path_buf(),
                });
            }
            images
                .iter()
                .map(|image| (image.clone(), out.to_path_buf()))
                .collect()
        } else if images.len() > 1 && !out.is_dir() && ImageFormat::from_path(out).is_ok() {
            return Err(Error::DrawingNeedsFolder {
                path: out.to_path_buf(),
                images: images.len(),
            });
        } else {
            targets_in(out, inputs, images)
        };
        refuse_existing(images, &targets)?;
        Ok(Self { targets })
    }

    /// Returns the file for the drawing of `image`; `None` if it was not planned.
    pub fn get(&self, image: impl AsRef<Path>) -> Option<&Path> {
        self.targets.get(image.as_ref()).map(PathBuf::as_path)
    }
}

/// Returns `true` if `out` names a file rather than a folder of drawings.
fn is_file_name(out: &Path, images: usize) -> bool {
    let ends_as_folder = out
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&byte| std::path::is_separator(char::from(byte)));
    images == 1 && out.extension().is_some() && !ends_as_folder && !out.is_dir()
}

/// Returns `true` if images can be written in the format that the extension names.
pub(super) fn is_writable(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| format.writing_enabled())
}

fn targets_in(folder: &Path, inputs: &[PathBuf], images: &[PathBuf]) -> HashMap<PathBuf, PathBuf> {
    let mut used = HashSet::new();
    let mut targets = HashMap::new();
    for image in images {
        // An image named twice has one drawing.
        if targets.contains_key(image) {
            continue;
        }
        let wanted = writable(folder.join(place_below(inputs, image)));
        let numbered = (2..).map(|number| numbered(&wanted, number));
        let free = std::iter::once(wanted.clone())
            .chain(numbered)
            .find(|target| used.insert(case_folded(target)));
        targets.insert(image.clone(), free.unwrap_or(wanted));
    }
    targets
}

/// Returns the image's path below the input folder that holds it, or its name if none does.
fn place_below<'a>(inputs: &[PathBuf], image: &'a Path) -> &'a Path {
    let below = inputs
        .iter()
        .filter_map(|input| image.strip_prefix(input).ok())
        .filter(|below| !below.as_os_str().is_empty());
    let longest = below.max_by_key(|below| below.components().count());
    longest.unwrap_or_else(|| Path::new(image.file_name().unwrap_or(OsStr::new("image"))))
}

/// Returns the path with an extension whose format can be written.
fn writable(path: PathBuf) -> PathBuf {
    if is_writable(&path) {
        return path;
    }
    let extension = path.extension().and_then(OsStr::to_str);
    let is_jpeg = extension.is_some_and(|found| {
        ["jpe", "mpo"]
            .iter()
            .any(|jpeg| jpeg.eq_ignore_ascii_case(found))
    });
    path.with_extension(if is_jpeg { "jpg" } else { "png" })
}

/// Returns `photo-2.jpg` for the second `photo.jpg`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Returns a key that is the same for paths that some file systems take for the same.
fn case_folded(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) => text.to_lowercase().into(),
        None => path.as_os_str().to_ascii_lowercase(),
    }
}

fn refuse_existing(images: &[PathBuf], targets: &HashMap<PathBuf, PathBuf>) -> Result<()> {
    let inputs: HashSet<PathBuf> = images
        .iter()
        .filter_map(|image| image.canonicalize().ok())
        .collect();
    // In the order of the images, so that the same file is named each time.
    for target in images.iter().filter_map(|image| targets.get(image)) {
        let path = || target.clone();
        if target
            .canonicalize()
            .is_ok_and(|real| inputs.contains(&real))
        {
            return Err(Error::DrawOver { path: path() });
        }
        if fs::symlink_metadata(target).is_ok() {
            return Err(Error::DrawingExists { path: path() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folders::folder_with;

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    /// The planned files in the order of the images.
    fn planned(out: &str, inputs: &[&str], images: &[&str]) -> Vec<PathBuf> {
        let plan = DrawingTargets::plan(Path::new(out), &paths(inputs), &paths(images)).unwrap();
        let target = |image| plan.get(image).unwrap().to_path_buf();
        images.iter().map(target).collect()
    }

    #[test]
    fn images_of_one_name_are_numbered_past_names_in_use_and_in_any_case() {
        let images = ["a/x.jpg", "c/x-2.jpg", "b/x.jpg", "y.png", "d/X.JPG"];
        assert_eq!(
            planned("out", &images, &images),
            paths(&[
                "out/x.jpg",
                "out/x-2.jpg",
                "out/x-3.jpg",
                "out/y.png",
                "out/X-4.JPG"
            ])
        );
        let images = ["a/x.jpg", "b/x.jpg", "c/x-2.jpg"];
        assert_eq!(
            planned("out", &images, &images),
            paths(&["out/x.jpg", "out/x-2.jpg", "out/x-2-2.jpg"])
        );
    }

    #[test]
    fn folders_keep_their_folders_inside() {
        let images = [
            "photos/a/1.jpg",
            "photos/b/1.jpg",
            "photos/1.jpg",
            "z/1.jpg",
        ];
        assert_eq!(
            planned("out", &["photos", "z/1.jpg"], &images),
            paths(&["out/a/1.jpg", "out/b/1.jpg", "out/1.jpg", "out/1-2.jpg"])
        );
    }

    #[test]
    fn an_image_named_twice_has_one_drawing() {
        assert_eq!(
            planned("out", &["x.jpg", "x.jpg"], &["x.jpg", "x.jpg"]),
            paths(&["out/x.jpg", "out/x.jpg"])
        );
    }

    #[test]
    fn formats_that_cannot_be_written_become_jpeg_or_png() {
        let images = ["a.jpe", "b.heic", "c", "d.MPO", "e.jfif", "f.webp"];
        let drawn = planned("out", &images, &images);
        assert_eq!(
            drawn,
            paths(&[
                "out/a.jpg",
                "out/b.png",
                "out/c.png",
                "out/d.jpg",
                "out/e.jfif",
                "out/f.webp"
            ])
        );
        assert!(drawn.iter().all(|path| is_writable(path)));
    }

    #[test]
    fn a_single_image_goes_to_a_file_or_a_folder() {
        assert_eq!(planned("d.png", &["x.jpg"], &["x.jpg"]), paths(&["d.png"]));
        assert_eq!(planned("d", &["x.jpg"], &["x.jpg"]), paths(&["d/x.jpg"]));
        assert_eq!(
            planned("d.x/", &["x.jpg"], &["x.jpg"]),
            paths(&["d.x/x.jpg"])
        );
    }

    #[test]
    fn names_that_cannot_hold_the_drawings_are_refused() {
        let plan = |out: &str, images: &[&str]| {
            DrawingTargets::plan(Path::new(out), &paths(images), &paths(images)).unwrap_err()
        };
        for (error, expected) in [
            (plan("x.heic", &["x.jpg"]), "x.heic"),
            (plan("x.what", &["x.jpg"]), "x.what"),
            (plan("x.png", &["a.jpg", "b.jpg"]), "2 images"),
        ] {
            assert_eq!(error.kind(), fer_core::ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn no_input_is_drawn_over_not_even_that_of_another_image() {
        let folder = folder_with(&["a/x.jpg", "b/x.jpg"]);
        let [a, b] = ["a/x.jpg", "b/x.jpg"].map(|name| folder.path().join(name));
        let out = folder.path().join("b").join("..").join("a");
        let error = DrawingTargets::plan(&out, &[b.clone(), a.clone()], &[b, a.clone()]);
        assert!(matches!(error, Err(Error::DrawOver { .. })), "{error:?}");
        let over = folder.path().join("a").join(".").join("x.jpg");
        let error = DrawingTargets::plan(&over, std::slice::from_ref(&a), std::slice::from_ref(&a));
        assert!(matches!(error, Err(Error::DrawOver { .. })), "{error:?}");
    }

    #[test]
    fn no_other_file_is_drawn_over() {
        let folder = folder_with(&["x.jpg", "out/x.jpg"]);
        let image = folder.path().join("x.jpg");
        let images = std::slice::from_ref(&image);
        for out in ["out", "out/x.jpg"] {
            let error = DrawingTargets::plan(&folder.path().join(out), images, images);
            assert!(
                matches!(error, Err(Error::DrawingExists { .. })),
                "{error:?}"
            );
        }
        assert!(DrawingTargets::plan(&folder.path().join("new"), images, images).is_ok());
    }
}
