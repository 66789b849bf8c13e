//! Figures that the model card takes from the JSON of `fer evaluate` and `fer audit`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TestSet;

/// One run of `fer evaluate`.
pub(super) struct Measurement {
    pub(super) model: &'static str,
    pub(super) priors: &'static str,
    pub(super) set: TestSet,
    pub(super) evaluation: Evaluation,
}

/// Scores against the folder labels, and against the crowd's where it agrees.
#[derive(Deserialize)]
pub(super) struct Evaluation {
    #[serde(flatten)]
    pub(super) folder: Scores,
    pub(super) consensus: Scores,
}

#[derive(Deserialize)]
pub(super) struct Scores {
    pub(super) n: usize,
    pub(super) accuracy: f64,
    pub(super) accuracy_ci95: [f64; 2],
    pub(super) balanced_accuracy: f64,
    pub(super) macro_f1: f64,
    pub(super) nll: f64,
    pub(super) ece: f64,
    pub(super) classes: Vec<String>,
    /// Rows are the truth.
    pub(super) confusion: Vec<Vec<usize>>,
    pub(super) per_class: BTreeMap<String, ClassScores>,
    pub(super) conformal: LabelSets,
}

/// Another package's accuracy on the images of an evaluation.
#[derive(Deserialize)]
pub(super) struct Peer {
    /// The package, as Markdown.
    pub(super) package: String,
    pub(super) folder: PeerScores,
    pub(super) consensus: PeerScores,
}

#[derive(Deserialize)]
pub(super) struct PeerScores {
    pub(super) n: usize,
    pub(super) accuracy: f64,
    pub(super) accuracy_ci95: [f64; 2],
}

#[derive(Deserialize)]
pub(super) struct ClassScores {
    pub(super) precision: f64,
    pub(super) recall: f64,
    pub(super) f1: f64,
    pub(super) support: usize,
}

/// Coverage and size of the label sets of conformal prediction.
#[derive(Deserialize)]
pub(super) struct LabelSets {
    /// The share of sets that may miss the truth.
    pub(super) error_rate: f64,
    pub(super) coverage: f64,
    pub(super) coverage_ci95: [f64; 2],
    pub(super) mean_set_size: f64,
    /// The share of sets of one label.
    pub(super) single: f64,
}

/// Findings of `fer audit`, paths relative to the dataset.
#[derive(Deserialize)]
pub(super) struct Audit {
    leaked: Leaked,
}

/// Images that have a copy in an earlier split.
#[derive(Deserialize)]
struct Leaked {
    test: Vec<String>,
}

impl Audit {
    /// Returns the test images, relative to their folder, that have a copy in train or validation.
    pub(super) fn leaked(&self) -> impl Iterator<Item = &str> {
        let images = self.leaked.test.iter();
        images.filter_map(|path| path.strip_prefix("test/"))
    }
}
