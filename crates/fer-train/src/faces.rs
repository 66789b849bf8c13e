//! The images of a split as the network sees them: decoded once and kept as bytes, or decoded again each time where memory is short.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

#[cfg(test)]
use fer_core::Emotion;
use fer_core::{Image, MAX_IMAGE_FILE_BYTES, PerEmotion, Preprocessing, chain};
use fer_kernels::Threads;
use sha2::{Digest, Sha256};

use crate::dataset::{Item, Split, Unreadable, class_counts};
use crate::error::Result;
use crate::read::read_file;

/// The readable images of a split, each preprocessed to a gray square of `[size, size]` bytes.
#[derive(Debug, Clone)]
pub struct FaceSet {
    /// The file of each item.
    files: Vec<PathBuf>,
    preprocessing: Preprocessing,
    items: Vec<Item>,
    digests: Vec<[u8; 32]>,
    unreadable: Vec<Unreadable>,
    pixels: Pixels,
}

#[derive(Debug, Clone)]
enum Pixels {
    /// `[N, size, size]`.
    Memory(Vec<u8>),
    /// Decoded at every use.
    Files,
}

impl FaceSet {
    /// Decodes every image of `split` once, on all `threads`. Up to `budget` bytes of preprocessed pixels are kept;
    /// a larger split is decoded again at every use. Images that cannot be decoded are left out and reported.
    #[must_use]
    pub fn load(
        root: &Path,
        split: &Split,
        preprocessing: &Preprocessing,
        budget: usize,
        threads: &Threads,
    ) -> Self {
        let face_len = preprocessing.face_len();
        let keep = split.items.len().saturating_mul(face_len) <= budget;
        let mut pixels = vec![
            0;
            if keep {
                split.items.len() * face_len
            } else {
                0
            }
        ];
        let mut outcomes: Vec<Option<Result<[u8; 32]>>> =
            split.items.iter().map(|_| None).collect();
        let decode =
            |item: &Item, face: &mut [u8]| decode_file(&root.join(&item.path), preprocessing, face);
        let tasks = split.items.iter().zip(&mut outcomes);
        if keep {
            let tasks = tasks.zip(pixels.chunks_exact_mut(face_len));
            threads.for_each(tasks, |((item, outcome), face)| {
                *outcome = Some(decode(item, face))
            });
        } else {
            threads.for_each(tasks, |(item, outcome)| {
                *outcome = Some(decode(item, &mut vec![0; face_len]))
            });
        }

        let mut faces = Self {
            files: Vec::with_capacity(split.items.len()),
            preprocessing: preprocessing.clone(),
            items: Vec::with_capacity(split.items.len()),
            digests: Vec::with_capacity(split.items.len()),
            unreadable: split.unreadable.clone(),
            pixels: Pixels::Files,
        };
        for (index, (item, outcome)) in split.items.iter().zip(outcomes).enumerate() {
            match outcome {
                Some(Ok(digest)) => {
                    let kept = faces.items.len();
                    if keep && kept != index {
                        pixels
                            .copy_within(index * face_len..(index + 1) * face_len, kept * face_len);
                    }
                    faces.files.push(root.join(&item.path));
                    faces.items.push(item.clone());
                    faces.digests.push(digest);
                }
                Some(Err(error)) => {
                    faces.unreadable.push(Unreadable {
                        path: item.path.clone(),
                        reason: chain(&error),
                    });
                }
                None => {}
            }
        }
        if keep {
            pixels.truncate(faces.items.len() * face_len);
            faces.pixels = Pixels::Memory(pixels);
        }
        faces
    }

    /// Faces `[N, size, size]` that were decoded elsewhere; the digests of their files are not known.
    pub(crate) fn decoded(
        preprocessing: &Preprocessing,
        items: Vec<Item>,
        pixels: Vec<u8>,
    ) -> Self {
        assert_eq!(pixels.len(), items.len() * preprocessing.face_len());
        Self {
            files: items.iter().map(|item| item.path.clone()).collect(),
            preprocessing: preprocessing.clone(),
            items,
            digests: Vec::new(),
            unreadable: Vec::new(),
            pixels: Pixels::Memory(pixels),
        }
    }

    /// Adds the images of `other`, preprocessed alike, after its own. Pixels stay in memory if those of both sets are.
    pub(crate) fn append(&mut self, other: Self) {
        debug_assert_eq!(self.preprocessing, other.preprocessing);
        self.pixels = match (
            std::mem::replace(&mut self.pixels, Pixels::Files),
            other.pixels,
        ) {
            (Pixels::Memory(mut pixels), Pixels::Memory(more)) => {
                pixels.extend(more);
                Pixels::Memory(pixels)
            }
            _ => Pixels::Files,
        };
        self.files.extend(other.files);
        self.items.extend(other.items);
        self.digests.extend(other.digests);
        self.unreadable.extend(other.unreadable);
    }

    /// The number of readable images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns `true` if no image is readable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The readable images, in the order of the split.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Entries that could not be listed or decoded.
    #[must_use]
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// SHA-256 of each image's file, in the order of [`items`](Self::items).
    #[must_use]
    pub fn digests(&self) -> &[[u8; 32]] {
        &self.digests
    }

    /// Preprocessing of the images.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Returns `true` if the pixels are kept in memory.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        matches!(self.pixels, Pixels::Memory(_))
    }

    /// The gray levels `[size, size]` of one image.
    ///
    /// # Errors
    /// [`crate::Error::Io`] or [`crate::Error::Core`] if the pixels are not kept and the file has become unreadable.
    pub fn face(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let face_len = self.preprocessing.face_len();
        match &self.pixels {
            Pixels::Memory(pixels) => Ok(Cow::Borrowed(
                &pixels[index * face_len..(index + 1) * face_len],
            )),
            Pixels::Files => {
                let mut face = vec![0; face_len];
                decode_file(&self.files[index], &self.preprocessing, &mut face)?;
                Ok(Cow::Owned(face))
            }
        }
    }

    /// Lets go of the pixels where they take more than `budget` bytes: they are decoded again at every use.
    pub(crate) fn keep_within(&mut self, budget: usize) {
        if let Pixels::Memory(pixels) = &self.pixels
            && pixels.len() > budget
        {
            self.pixels = Pixels::Files;
        }
    }

    /// The gray levels of all images, `[N, size, size]`, whatever the budget.
    ///
    /// # Errors
    /// As [`face`](Self::face).
    pub fn gather(&self) -> Result<Cow<'_, [u8]>> {
        if let Pixels::Memory(pixels) = &self.pixels {
            return Ok(Cow::Borrowed(pixels));
        }
        let faces: Vec<_> = (0..self.len())
            .map(|index| self.face(index))
            .collect::<Result<_>>()?;
        Ok(Cow::Owned(faces.concat()))
    }

    /// The number of images of each class.
    #[must_use]
    pub fn class_counts(&self) -> PerEmotion<usize> {
        class_counts(self.items.iter().map(|item| item.emotion))
    }

    /// Adds what these images are to a digest: paths, classes and contents in order.
    pub(crate) fn update_digest(&self, digest: &mut Sha256) {
        digest.update((self.items.len() as u64).to_le_bytes());
        for (item, content) in self.items.iter().zip(&self.digests) {
            let path = item.path.as_os_str().as_encoded_bytes();
            digest.update((path.len() as u64).to_le_bytes());
            digest.update(path);
            digest.update([item.emotion.index() as u8]);
            digest.update(content);
        }
    }
}

/// Reads, decodes and preprocesses one file into `face`; the result is the SHA-256 of its bytes.
fn decode_file(path: &Path, preprocessing: &Preprocessing, face: &mut [u8]) -> Result<[u8; 32]> {
    let bytes = read_file(path, MAX_IMAGE_FILE_BYTES)?;
    let image = Image::decode(&bytes)?;
    preprocessing.face_bytes(&image.view(), face)?;
    Ok(Sha256::digest(&bytes).into())
}

#[cfg(test)]
impl FaceSet {
    /// Faces `[N, size, size]` of no files.
    pub(crate) fn from_pixels(
        preprocessing: &Preprocessing,
        emotions: &[Emotion],
        pixels: Vec<u8>,
    ) -> Self {
        let item = |&emotion| Item {
            path: PathBuf::new(),
            emotion,
        };
        Self::decoded(preprocessing, emotions.iter().map(item).collect(), pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{FolderDataset, ScanOptions};

    /// A `train/happy` folder of three 8x8 images of one level each, with a text file between them.
    fn folder() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let class = root.path().join("train/happy");
        std::fs::create_dir_all(&class).unwrap();
        for (name, level) in [("a.png", 10), ("c.png", 20), ("d.png", 30)] {
            image::GrayImage::from_pixel(8, 8, image::Luma([level]))
                .save(class.join(name))
                .unwrap();
        }
        std::fs::write(class.join("b.jpg"), "a text, not an image").unwrap();
        root
    }

    fn load(root: &Path, budget: usize) -> FaceSet {
        let dataset =
            FolderDataset::scan(root, ScanOptions::default().with_allow_missing(true)).unwrap();
        let preprocessing = Preprocessing {
            input_size: 8,
            ..Preprocessing::default()
        };
        FaceSet::load(
            root,
            &dataset.train,
            &preprocessing,
            budget,
            &Threads::new(2).unwrap(),
        )
    }

    #[test]
    fn unreadable_files_are_left_out_and_reported() {
        let root = folder();
        let faces = load(root.path(), 1 << 20);
        assert!(faces.in_memory());
        assert_eq!(faces.len(), 3);
        assert_eq!(faces.unreadable()[0].path, Path::new("train/happy/b.jpg"));
        let levels: Vec<u8> = (0..3).map(|index| faces.face(index).unwrap()[63]).collect();
        assert_eq!(levels, [10, 20, 30]);
    }

    #[test]
    fn sets_of_two_folders_are_joined_in_memory_or_not() {
        let (first, second) = (folder(), folder());
        for budgets in [[1 << 20, 1 << 20], [1 << 20, 100], [100, 1 << 20]] {
            let mut joined = load(first.path(), budgets[0]);
            let added = load(second.path(), budgets[1]);
            joined.append(added.clone());
            assert_eq!(joined.in_memory(), budgets == [1 << 20; 2]);
            assert_eq!((joined.len(), joined.unreadable().len()), (6, 2));
            assert_eq!(joined.face(4).unwrap(), added.face(1).unwrap());
            assert_eq!(joined.gather().unwrap().len(), 6 * 64);
        }
    }

    #[test]
    fn pixels_beyond_the_budget_are_let_go_and_decoded_again() {
        let root = folder();
        let mut faces = load(root.path(), usize::MAX);
        let before = faces.gather().unwrap().into_owned();
        faces.keep_within(before.len());
        assert!(faces.in_memory());
        faces.keep_within(before.len() - 1);
        assert!(!faces.in_memory());
        assert_eq!(*faces.gather().unwrap(), before);
    }

    #[test]
    fn past_the_budget_the_same_faces_come_from_the_files() {
        let root = folder();
        let (kept, streamed) = (load(root.path(), 1 << 20), load(root.path(), 100));
        assert!(!streamed.in_memory());
        assert_eq!(kept.digests(), streamed.digests());
        for index in 0..3 {
            assert_eq!(kept.face(index).unwrap(), streamed.face(index).unwrap());
        }
    }
}
