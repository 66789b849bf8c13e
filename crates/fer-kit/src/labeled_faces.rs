//! A dataset of class folders made of a sheet of labels: the faces that people labeled, cut out of their images.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fer_core::{Emotion, PerEmotion};
use fer_insight::{Label, Sheet, SheetFace};
use sha2::{Digest, Sha256};

use crate::sheet_crops::visit_crops;
use crate::{Error, Result};

/// One face in this many is for validation.
const VALIDATION_ONE_IN: usize = 4;

/// The least number of images and videos that are kept whole in one split.
const MIN_FILES: usize = 4 * VALIDATION_ONE_IN;

/// The dataset that [`write_labeled_faces`] has written.
#[derive(Debug)]
#[non_exhaustive]
pub struct LabeledFaces {
    /// Faces per class in `train`.
    pub train: PerEmotion<usize>,
    /// Faces per class in `validation`.
    pub validation: PerEmotion<usize>,
    /// Faces left out, since nobody gave them one of the four labels.
    pub left_out: usize,
    /// Images and videos that could not be read or cut, each once: their faces are missing.
    pub unreadable: Vec<(PathBuf, Error)>,
}

/// Writes the faces of `sheet` that carry one of the four labels as PNG files into `folder`, with `train` and `validation`, each with one
/// folder per class. One face in four is for validation, chosen by the digest of its image's path, so that the same sheet always gives
/// the same dataset; the faces of one image or video stay together unless the sheet has fewer than 16 of them.
///
/// # Errors
/// [`Error::NotEmpty`] if the folder holds anything already; [`Error::FewLabels`] unless there are two faces or more of each
/// class; those of reading and writing images.
pub fn write_labeled_faces(sheet: &Sheet, folder: &Path) -> Result<LabeledFaces> {
    crate::demo::refuse_taken(folder)?;
    let splits = split(sheet.faces())?;
    let mut written = LabeledFaces {
        train: PerEmotion::default(),
        validation: PerEmotion::default(),
        left_out: splits.iter().filter(|split| split.is_none()).count(),
        unreadable: Vec::new(),
    };
    for name in ["train", "validation"] {
        for emotion in Emotion::ALL {
            let folder = folder.join(name).join(emotion.label());
            std::fs::create_dir_all(&folder).map_err(|source| Error::CreateFolder {
                path: folder.clone(),
                source,
            })?;
        }
    }
    written.unreadable = visit_crops(sheet, |index, crop| {
        let Some((emotion, validates)) = splits[index] else {
            return Ok(());
        };
        let (name, counts) = if validates {
            ("validation", &mut written.validation)
        } else {
            ("train", &mut written.train)
        };
        let file = format!("{:06}.png", index + 1);
        let path = folder.join(name).join(emotion.label()).join(file);
        fer_vision::save(&crop.view().to_image(), path)?;
        counts[emotion] += 1;
        Ok(())
    })?;
    Ok(written)
}

/// A face's class, and `true` if it is for validation; `None` for a face without one of the four labels.
type Place = Option<(Emotion, bool)>;

fn split(faces: &[SheetFace]) -> Result<Vec<Place>> {
    let classes: Vec<Option<Emotion>> = faces.iter().map(class).collect();
    let found = count(classes.iter().copied().flatten());
    if Emotion::ALL.iter().any(|&emotion| found[emotion] < 2) {
        return Err(Error::FewLabels { found });
    }
    let files: BTreeSet<&str> = faces.iter().map(|face| face.key.path()).collect();
    if files.len() >= MIN_FILES {
        let places = place(faces, &classes, true);
        let in_split = |validates| {
            let faces = places.iter().flatten().filter(|place| place.1 == validates);
            count(faces.map(|place| place.0))
        };
        let (train, validation) = (in_split(false), in_split(true));
        let full = |emotion: &Emotion| train[*emotion] > 0 && validation[*emotion] > 0;
        if Emotion::ALL.iter().all(full) {
            return Ok(places);
        }
    }
    Ok(place(faces, &classes, false))
}

/// Gives validation its share of each class, in the order of the digests; with `together`, whole images.
fn place(faces: &[SheetFace], classes: &[Option<Emotion>], together: bool) -> Vec<Place> {
    let found = count(classes.iter().copied().flatten());
    let mut wanted = PerEmotion::from_fn(|emotion| (found[emotion] / VALIDATION_ONE_IN).max(1));
    let mut groups: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (index, face) in faces.iter().enumerate() {
        let number = if together { 0 } else { index };
        let digest = Sha256::digest(format!("{}\n{number}", face.key.path()));
        groups.entry(digest.into()).or_default().push(index);
    }
    let mut places: Vec<Place> = classes
        .iter()
        .map(|class| class.map(|emotion| (emotion, false)))
        .collect();
    for group in groups.values() {
        let mut emotions = group.iter().filter_map(|&index| classes[index]);
        if emotions.any(|emotion| wanted[emotion] > 0) {
            for &index in group {
                if let Some((emotion, validates)) = &mut places[index] {
                    *validates = true;
                    wanted[*emotion] = wanted[*emotion].saturating_sub(1);
                }
            }
        }
    }
    places
}

fn count(emotions: impl Iterator<Item = Emotion>) -> PerEmotion<usize> {
    let mut counts = PerEmotion::default();
    emotions.for_each(|emotion| counts[emotion] += 1);
    counts
}

fn class(face: &SheetFace) -> Option<Emotion> {
    match face.label {
        Some(Label::Emotion(emotion)) => Some(emotion),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sheet of `rows`: path, face and label.
    fn sheet(rows: &[(String, usize, &str)]) -> Sheet {
        let mut text = "path,face,x,y,width,height,label\n".to_owned();
        for (path, face, label) in rows {
            text.push_str(&format!("{path},{face},0,0,40,40,{label}\n"));
        }
        Sheet::read(text.as_bytes()).unwrap()
    }

    fn portrait(label: &str) -> String {
        let file = format!("../../examples/photos/{label}.jpg");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn labeled_faces_become_a_dataset_and_others_are_counted() {
        let mut rows = Vec::new();
        for label in ["happy", "sad", "neutral", "surprise"] {
            for face in 0..5 {
                rows.push((portrait(label), face, label));
            }
        }
        rows.push((portrait("happy"), 5, "other"));
        rows.push((portrait("happy"), 6, ""));
        rows.push(("nowhere.jpg".to_owned(), 0, "happy"));
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("faces");
        let written = write_labeled_faces(&sheet(&rows), &out).unwrap();
        assert_eq!(written.left_out, 2);
        assert_eq!(written.unreadable.len(), 1);
        for emotion in Emotion::ALL {
            assert_eq!(written.train[emotion] + written.validation[emotion], 5);
            assert_eq!(written.validation[emotion], 1);
            let files = out.join("train").join(emotion.label()).read_dir().unwrap();
            assert_eq!(files.count(), written.train[emotion]);
        }
        assert!(matches!(
            write_labeled_faces(&sheet(&rows), &out),
            Err(Error::NotEmpty { .. })
        ));
    }

    #[test]
    fn faces_of_one_image_stay_together() {
        let labels = ["happy", "sad", "neutral", "surprise"];
        let rows: Vec<_> = (0..120)
            .map(|row| (format!("{}.jpg", row / 3), row % 3, labels[row / 3 % 4]))
            .collect();
        let places = split(sheet(&rows).faces()).unwrap();
        for image in places.chunks(3) {
            assert!(image.iter().all(|place| *place == image[0]));
        }
        let validated = places.iter().flatten().filter(|place| place.1).count();
        assert!((20..=45).contains(&validated), "{validated}");
    }

    #[test]
    fn a_class_of_one_image_is_in_both_splits() {
        let rows: Vec<_> = (0..60)
            .map(|row| match row % 20 {
                0 => ("cinema.jpg".to_owned(), row, "surprise"),
                other => (
                    format!("{row}.jpg"),
                    0,
                    ["happy", "sad", "neutral"][other % 3],
                ),
            })
            .collect();
        let places = split(sheet(&rows).faces()).unwrap();
        let surprised = places.iter().flatten().filter(|p| p.0 == Emotion::Surprise);
        let validated: Vec<bool> = surprised.map(|place| place.1).collect();
        assert!(validated.contains(&true) && validated.contains(&false));
    }

    #[test]
    fn a_class_with_fewer_than_two_faces_is_named() {
        let error = split(sheet(&[("a.jpg".to_owned(), 0, "happy")]).faces()).unwrap_err();
        assert!(error.to_string().contains("happy 1, sad 0"), "{error}");
    }
}
