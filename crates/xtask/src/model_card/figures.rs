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

/// The pairs of copies in a dataset, paths relative to it.
#[derive(Deserialize)]
pub(super) struct Audit {
    exact: Vec<Pair>,
    near: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
}

impl Audit {
    /// The images of `split`, relative to its folder, that have a copy in another split.
    pub(super) fn leaked<'a>(&'a self, split: &'a str) -> impl Iterator<Item = &'a str> {
        self.exact
            .iter()
            .chain(&self.near)
            .filter_map(
                move |Pair { a, b }| match (within(a, split), within(b, split)) {
                    (Some(path), None) | (None, Some(path)) => Some(path),
                    _ => None,
                },
            )
    }
}

fn within<'a>(path: &'a str, split: &str) -> Option<&'a str> {
    path.strip_prefix(split)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_is_leaked_when_its_copy_is_in_another_split() {
        let audit: Audit = serde_json::from_str(
            r#"{"exact": [{"a": "train/sad/1.jpg", "b": "test/sad/2.jpg"}, {"a": "test/sad/3.jpg", "b": "test/sad/4.jpg"}],
                "near": [{"a": "test/happy/5.jpg", "b": "validation/happy/6.jpg"}, {"a": "train/sad/7.jpg", "b": "tests/8.jpg"}]}"#,
        )
        .unwrap();
        assert_eq!(
            audit.leaked("test").collect::<Vec<_>>(),
            ["sad/2.jpg", "happy/5.jpg"]
        );
    }
}
