//! Agreement of people who labeled the same faces.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::face_key::FaceKey;
use crate::label::Label;
use crate::labels::ANSWERS;
use crate::random::{Purpose, Random};
use crate::shares::{Estimate, check_level};
use crate::sheet::Sheet;
use crate::{Error, Result};

/// The settings of [`agreement`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgreementOptions {
    /// Resamples of the faces, 100 to 100,000.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
    /// Level of the intervals, 0.5 to 0.999.
    pub level: f64,
}

impl Default for AgreementOptions {
    fn default() -> Self {
        Self {
            resamples: 2000,
            seed: 0,
            level: 0.95,
        }
    }
}

/// The agreement of several raters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// The raters.
    pub raters: Vec<Rater>,
    /// Faces in any sheet.
    pub faces: usize,
    /// Faces that at least two raters answered: those that alpha is computed from.
    pub compared: usize,
    /// Krippendorff's alpha for names of classes: 1 is perfect, 0 is chance. Its interval is that of a bootstrap over
    /// faces. `None` if all answers are the same, or no face has two.
    pub alpha: Option<Estimate>,
    /// Each two raters.
    pub pairs: Vec<RaterPair>,
}

/// One rater's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rater {
    /// The name.
    pub name: String,
    /// Faces with an answer.
    pub answered: usize,
    /// Faces that the rater could not tell.
    pub cannot_tell: usize,
    /// Faces without a label.
    pub unlabeled: usize,
}

/// Two raters of the same faces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaterPair {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// Faces that both answered.
    pub faces: usize,
    /// Share of those on which they agree, with its score interval (Wilson 1927); `None` without such a face.
    pub agreement: Option<Estimate>,
    /// Faces by the label of `a`, then of `b`.
    pub confusion: Confusion,
}

/// Faces by the labels of two raters, `[a][b]` in the order of [`Label::ALL`]; as JSON, objects by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion(pub [[u32; Label::COUNT]; Label::COUNT]);

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct Row([u32; Label::COUNT]);
        impl Serialize for Row {
            fn serialize<S: Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_map(Label::ALL.iter().zip(&self.0))
            }
        }
        let mut map = serializer.serialize_map(Some(Label::COUNT))?;
        for (label, row) in Label::ALL.iter().zip(self.0) {
            map.serialize_entry(label, &Row(row))?;
        }
        map.end()
    }
}

/// Compares the labels of two or more raters.
///
/// Alpha (Krippendorff 2004, Content Analysis, chapter 11) takes any number of raters, and faces that some of them left
/// out: those without a label, and those they cannot tell, count as left out.
///
/// ```
/// use fer_insight::{AgreementOptions, Sheet, agreement};
///
/// let one = Sheet::read("path,label\na,happy\nb,sad\nc,sad\nd,neutral\n".as_bytes())?;
/// let two = Sheet::read("path,label\na,happy\nb,sad\nc,neutral\nd,neutral\n".as_bytes())?;
/// let result = agreement(&[("one", &one), ("two", &two)], &AgreementOptions::default())?;
/// assert_eq!(result.pairs[0].agreement.map(|share| share.estimate), Some(0.75));
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for fewer than two raters and for options out of range, [`Error::Empty`] if no face was
/// answered by two of them.
pub fn agreement(raters: &[(&str, &Sheet)], options: &AgreementOptions) -> Result<Agreement> {
    check_level(options.level)?;
    if !(100..=100_000).contains(&options.resamples) {
        return Err(Error::InvalidArgument {
            name: "resamples",
            expected: "100 to 100000".into(),
            found: options.resamples.to_string(),
        });
    }
    if raters.len() < 2 {
        return Err(Error::InvalidArgument {
            name: "raters",
            expected: "two or more".into(),
            found: raters.len().to_string(),
        });
    }
    let faces = by_face(raters);
    let units: Vec<Unit> = faces
        .values()
        .filter_map(|labels| Unit::new(labels))
        .collect();
    if units.is_empty() {
        return Err(Error::Empty {
            what: "no face was answered by two raters: are these sheets of the same sample?".into(),
        });
    }
    let mut pairs = Vec::new();
    for a in 0..raters.len() {
        for b in a + 1..raters.len() {
            pairs.push(pair(
                &faces,
                (a, raters[a].0),
                (b, raters[b].0),
                options.level,
            ));
        }
    }
    Ok(Agreement {
        raters: raters
            .iter()
            .map(|(name, sheet)| rater(name, sheet))
            .collect(),
        faces: faces.len(),
        compared: units.len(),
        alpha: alpha_with_interval(&units, options),
        pairs,
    })
}

/// The labels of each face, in the order of the raters.
type ByFace = BTreeMap<FaceKey, Vec<Option<Label>>>;

fn by_face(raters: &[(&str, &Sheet)]) -> ByFace {
    // A sheet of one's own may lack columns of the key: the others are then compared without them.
    let all = |column: usize| raters.iter().all(|(_, sheet)| sheet.keyed[column]);
    let kept = std::array::from_fn(all);
    let mut faces = ByFace::new();
    for (index, (_, sheet)) in raters.iter().enumerate() {
        for face in sheet.faces() {
            let labels = faces.entry(face.key.clone().keep(kept));
            labels.or_insert_with(|| vec![None; raters.len()])[index] = face.label;
        }
    }
    faces
}

fn rater(name: &str, sheet: &Sheet) -> Rater {
    let labels = || sheet.faces().iter().map(|face| face.label);
    let cannot_tell = labels()
        .filter(|label| *label == Some(Label::CannotTell))
        .count();
    let unlabeled = labels().filter(Option::is_none).count();
    Rater {
        name: name.into(),
        answered: sheet.faces().len() - cannot_tell - unlabeled,
        cannot_tell,
        unlabeled,
    }
}

fn pair(faces: &ByFace, a: (usize, &str), b: (usize, &str), level: f64) -> RaterPair {
    let mut confusion = Confusion::default();
    for labels in faces.values() {
        if let (Some(one), Some(other)) = (labels[a.0], labels[b.0]) {
            confusion.0[one.index()][other.index()] += 1;
        }
    }
    let answers = |row: &[u32; Label::COUNT]| row[..ANSWERS].iter().sum::<u32>();
    let both: u32 = confusion.0[..ANSWERS].iter().map(answers).sum();
    let same: u32 = (0..ANSWERS).map(|label| confusion.0[label][label]).sum();
    RaterPair {
        a: a.1.into(),
        b: b.1.into(),
        faces: both as usize,
        agreement: (both > 0).then(|| Estimate::of_share(f64::from(same), f64::from(both), level)),
        confusion,
    }
}

/// The answers to one face that has at least two.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// Answers by label.
    counts: [f64; ANSWERS],
    /// Ordered pairs of unlike answers over the number of answers less one: the face's part of the observed
    /// disagreement.
    unlike: f64,
}

impl Unit {
    fn new(labels: &[Option<Label>]) -> Option<Self> {
        let mut counts = [0.0; ANSWERS];
        for label in labels
            .iter()
            .flatten()
            .filter(|label| **label != Label::CannotTell)
        {
            counts[label.index()] += 1.0;
        }
        let answers: f64 = counts.iter().sum();
        let squares: f64 = counts.iter().map(|count| count * count).sum();
        (answers >= 2.0).then(|| Self {
            counts,
            unlike: (answers * answers - squares) / (answers - 1.0),
        })
    }
}

/// Returns Krippendorff's alpha for nominal data: 1 less the observed over the expected disagreement. `None` if all
/// answers are the same.
fn alpha<'a>(units: impl Iterator<Item = &'a Unit>) -> Option<f64> {
    let mut totals = [0.0; ANSWERS];
    let mut unlike = 0.0;
    for unit in units {
        unlike += unit.unlike;
        for (total, count) in totals.iter_mut().zip(unit.counts) {
            *total += count;
        }
    }
    let answers: f64 = totals.iter().sum();
    let squares: f64 = totals.iter().map(|total| total * total).sum();
    let expected = (answers * answers - squares) / (answers - 1.0);
    (expected > 0.0).then(|| 1.0 - unlike / expected)
}

fn alpha_with_interval(units: &[Unit], options: &AgreementOptions) -> Option<Estimate> {
    let estimate = alpha(units.iter())?;
    let resample = |number| {
        let mut random = Random::new(options.seed, Purpose::Resample, number);
        let drawn = (0..units.len()).map(|_| &units[random.below(units.len())]);
        alpha(drawn)
    };
    // A resample whose answers are all the same has no alpha.
    let draws: Vec<f64> = (0..options.resamples as u64).filter_map(resample).collect();
    (!draws.is_empty()).then(|| Estimate {
        estimate,
        ..Estimate::from_draws(draws, options.level)
    })
}
