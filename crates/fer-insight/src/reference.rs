//! Faces of known votes, counted by what the model answered for them.

mod file;

use fer_core::{Emotion, PerEmotion};
use serde::{Deserialize, Serialize};

use crate::answer::{BINS, EMOTIONS, bin, check_probabilities};
use crate::covariance::is_covariance;
use crate::{Error, Result};

/// Number of strata of a reference with votes: the four emotions by majority, and unclear faces.
pub(crate) const STRATA: usize = EMOTIONS + 1;

/// Position of the unclear faces among the strata.
pub(crate) const UNCLEAR: usize = EMOTIONS;

const MIN_IMAGES: u64 = 10;

/// One labeled face: what the model answered, and what people said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferenceRow {
    /// The model's probabilities under the natural priors.
    pub probabilities: [f64; EMOTIONS],
    /// Votes for each emotion, as counts or as shares.
    pub votes: PerEmotion<f64>,
    /// Votes for anything else, in the same scale.
    pub other: f64,
}

/// The faces of one stratum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// Images by bin of the model's answer (see [`bin`]).
    pub counts: [u32; BINS],
    /// Mean vote shares among the four emotions; they sum to 1.
    pub votes: [f64; EMOTIONS],
    /// Covariance of an image's vote shares.
    pub votes_covariance: [[f64; EMOTIONS]; EMOTIONS],
}

impl Stratum {
    /// Returns the number of images.
    pub fn images(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }
}

/// The model's answers on faces of known votes: the ruler that corrects the shares of a field of unlabeled faces.
///
/// Strata are `happy`, `sad`, `neutral` and `surprise` — faces with more than half of all votes for that emotion — and
/// `unclear`: every other face with a vote for one of the four. A reference made of plain labels has no unclear faces.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    strata: Vec<Stratum>,
}

impl Reference {
    /// Builds the reference of faces with votes. Faces without a vote for one of the four emotions are left out. The
    /// order of the rows changes nothing.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for probabilities or votes that are none; [`Error::InvalidReference`] for a stratum of
    /// fewer than 10 images (no unclear face at all is allowed).
    pub fn from_votes(rows: impl IntoIterator<Item = ReferenceRow>) -> Result<Self> {
        let mut counts = [[0u32; BINS]; STRATA];
        let mut votes: [Vec<[f64; EMOTIONS]>; STRATA] = Default::default();
        for (index, row) in rows.into_iter().enumerate() {
            let number = index as u64 + 1;
            check_probabilities(&row.probabilities, number)?;
            let four: f64 = row.votes.0.iter().sum();
            let all = four + row.other;
            let valid =
                row.votes.0.iter().chain([&row.other]).all(|v| *v >= 0.0) && all.is_finite();
            if !valid {
                return Err(Error::InvalidRow {
                    row: number,
                    what: "votes must be finite and not negative".into(),
                    found: format!("{:?} and {} for others", row.votes.0, row.other),
                });
            }
            if four <= 0.0 {
                continue;
            }
            let majority = row.votes.0.iter().position(|v| 2.0 * v > all);
            let stratum = majority.unwrap_or(UNCLEAR);
            counts[stratum][bin(&row.probabilities)] += 1;
            votes[stratum].push(row.votes.0.map(|v| v / four));
        }
        let strata = counts.into_iter().zip(votes);
        let strata = strata.map(|(counts, votes)| stratum(counts, votes));
        let mut strata: Vec<Stratum> = strata.collect();
        if strata[UNCLEAR].images() == 0 {
            strata.truncate(UNCLEAR);
        }
        Self::checked(strata)
    }

    /// Builds the reference of faces with one label each, which has no unclear faces.
    ///
    /// # Errors
    /// As [`Reference::from_votes`].
    pub fn from_labels(rows: impl IntoIterator<Item = ([f64; EMOTIONS], Emotion)>) -> Result<Self> {
        let mut counts = [[0u32; BINS]; EMOTIONS];
        for (index, (probabilities, label)) in rows.into_iter().enumerate() {
            check_probabilities(&probabilities, index as u64 + 1)?;
            counts[label.index()][bin(&probabilities)] += 1;
        }
        let strata = counts
            .into_iter()
            .enumerate()
            .map(|(label, counts)| Stratum {
                counts,
                votes: std::array::from_fn(|k| f64::from(u8::from(k == label))),
                votes_covariance: [[0.0; EMOTIONS]; EMOTIONS],
            });
        Self::checked(strata.collect())
    }

    /// Returns the stratum of the faces with a majority for `emotion`.
    pub fn majority(&self, emotion: Emotion) -> &Stratum {
        &self.strata[emotion.index()]
    }

    /// Returns the stratum of the faces without a majority for one of the four, if the reference has votes.
    pub fn unclear(&self) -> Option<&Stratum> {
        self.strata.get(UNCLEAR)
    }

    /// Returns the number of images.
    pub fn images(&self) -> u64 {
        self.strata.iter().map(Stratum::images).sum()
    }

    /// All strata: the emotions in order, then the unclear faces where there are any.
    pub(crate) fn strata(&self) -> &[Stratum] {
        &self.strata
    }

    fn checked(strata: Vec<Stratum>) -> Result<Self> {
        let names = Emotion::ALL.map(Emotion::label);
        for (index, stratum) in strata.iter().enumerate() {
            let name = names.get(index).copied().unwrap_or("unclear");
            let invalid = |what: &str, found: String| {
                Err(Error::InvalidReference {
                    what: format!("{name}: {what}"),
                    found,
                })
            };
            if stratum.images() < MIN_IMAGES {
                return invalid(
                    &format!("a stratum needs at least {MIN_IMAGES} images"),
                    stratum.images().to_string(),
                );
            }
            let sum: f64 = stratum.votes.iter().sum();
            let shares = stratum.votes.iter().all(|v| (0.0..=1.0).contains(v));
            if !shares || (sum - 1.0).abs() > 1e-6 {
                return invalid(
                    "votes must be shares that sum to 1",
                    format!("{:?}", stratum.votes),
                );
            }
            if !is_covariance(&stratum.votes_covariance) {
                return invalid(
                    "votes_covariance must be a covariance of shares: symmetric, no variance below 0 or above 1",
                    format!("{:?}", stratum.votes_covariance),
                );
            }
        }
        Ok(Self { strata })
    }
}

fn stratum(counts: [u32; BINS], mut votes: Vec<[f64; EMOTIONS]>) -> Stratum {
    // Sums of floating-point numbers depend on their order: sorted votes make them those of the set.
    votes.sort_by(|a, b| {
        let pairs = a.iter().zip(b);
        pairs.fold(std::cmp::Ordering::Equal, |order, (x, y)| {
            order.then(x.total_cmp(y))
        })
    });
    let images = votes.len() as f64;
    let mean: [f64; EMOTIONS] =
        std::array::from_fn(|k| votes.iter().map(|v| v[k]).sum::<f64>() / images);
    let covariance = |i: usize, j: usize| {
        let products = votes.iter().map(|v| (v[i] - mean[i]) * (v[j] - mean[j]));
        products.sum::<f64>() / (images - 1.0)
    };
    Stratum {
        counts,
        votes: mean,
        votes_covariance: std::array::from_fn(|i| {
            std::array::from_fn(|j| covariance(i.max(j), i.min(j)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::file::MAX_FILE_BYTES;
    use super::*;
    use crate::covariance::cholesky;

    fn rows() -> Vec<ReferenceRow> {
        let mut rows = Vec::new();
        for i in 0..100 {
            let top = i % 4;
            let p = 0.4 + 0.006 * i as f64;
            let mut probabilities = [(1.0 - p) / 3.0; 4];
            probabilities[top] = p;
            let mut votes = PerEmotion([0.0; 4]);
            votes.0[top] = if i % 7 == 0 { 4.0 } else { 8.0 };
            votes.0[(top + 1) % 4] = 1.0;
            let other = if i % 7 == 0 { 5.0 } else { 1.0 };
            rows.push(ReferenceRow {
                probabilities,
                votes,
                other,
            });
        }
        rows.push(ReferenceRow {
            probabilities: [0.25; 4],
            votes: PerEmotion([0.0; 4]),
            other: 10.0,
        });
        rows
    }

    #[test]
    fn majorities_of_all_votes_make_strata_and_others_are_unclear() {
        let reference = Reference::from_votes(rows()).unwrap();
        assert_eq!(reference.images(), 100);
        assert_eq!(reference.unclear().unwrap().images(), 15);
        let happy = reference.majority(Emotion::Happy);
        assert!((happy.votes[0] - 8.0 / 9.0).abs() < 1e-12);
        assert!(happy.counts[..4].iter().sum::<u32>() as u64 == happy.images());
    }

    #[test]
    fn the_order_of_rows_changes_no_byte_and_the_file_returns_the_same() {
        let reference = Reference::from_votes(rows()).unwrap();
        let mut other = rows();
        other.reverse();
        other.rotate_left(13);
        assert_eq!(Reference::from_votes(other).unwrap(), reference);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reference.json");
        reference.save(&path).unwrap();
        assert_eq!(Reference::open(&path).unwrap(), reference);
    }

    #[test]
    fn labels_alone_make_four_strata_of_certain_votes() {
        let labels = rows().into_iter().take(100).enumerate();
        let labels = labels.map(|(i, row)| (row.probabilities, Emotion::ALL[i % 4]));
        let reference = Reference::from_labels(labels).unwrap();
        assert!(reference.unclear().is_none());
        assert_eq!(reference.majority(Emotion::Sad).votes, [0.0, 1.0, 0.0, 0.0]);
        let text = reference.to_json().unwrap();
        assert_eq!(Reference::from_json(&text).unwrap(), reference);
    }

    #[test]
    fn hostile_files_are_refused_with_the_reason() {
        let good = Reference::from_votes(rows()).unwrap().to_json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&good).unwrap();
        let changed = |pointer: &str, to: serde_json::Value| {
            let mut value = value.clone();
            *value.pointer_mut(pointer).unwrap() = to;
            Reference::from_json(&value.to_string())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            changed("/version", 2.into()),
            "reference version 2: this library reads version 1"
        );
        assert!(changed("/format", "model".into()).contains("fer-reference"));
        assert!(changed("/strata/sad/votes/0", 0.9.into()).contains("sad: votes"));
        assert!(
            changed("/strata/sad/votes_covariance/0/1", 0.9.into())
                .contains("sad: votes_covariance")
        );
        assert!(
            changed("/strata/sad/votes_covariance/1/1", (-0.2).into())
                .contains("sad: votes_covariance")
        );
        assert!(changed("/strata/happy/counts/0", (-1).into()).contains("not a reference file"));
        let none = serde_json::to_value([0; 16]).unwrap();
        assert!(changed("/strata/happy/counts", none).contains("at least 10 images"));
        assert!(matches!(
            Reference::from_json("[]"),
            Err(Error::ReferenceFormat { .. })
        ));
    }

    #[test]
    fn files_beyond_the_cap_or_absent_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.json");
        std::fs::write(&path, vec![b' '; MAX_FILE_BYTES as usize + 1]).unwrap();
        let large = Reference::open(&path).unwrap_err();
        assert_eq!(large.kind(), fer_core::ErrorKind::InvalidArgument);
        let absent = Reference::open(folder.path().join("absent.json")).unwrap_err();
        assert_eq!(absent.kind(), fer_core::ErrorKind::NotFound);
    }

    #[test]
    fn the_root_of_a_singular_covariance_gives_it_back() {
        let reference = Reference::from_votes(rows()).unwrap();
        let matrix = reference.unclear().unwrap().votes_covariance;
        let lower = cholesky(&matrix).unwrap();
        for i in 0..4 {
            for j in 0..4 {
                let product: f64 = (0..4).map(|k| lower[i][k] * lower[j][k]).sum();
                assert!((product - matrix[i][j]).abs() < 1e-9, "{i} {j}");
            }
        }
    }
}
