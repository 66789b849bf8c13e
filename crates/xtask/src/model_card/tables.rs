//! The figures as Markdown tables.

use std::fmt::Write;

use super::figures::{Measurement, Peer, Scores};
use super::{MODELS, PRIORS, TestSet};
use crate::Outcome;

/// The labels that a model is scored against.
#[derive(Clone, Copy)]
enum Labels {
    Folder,
    Consensus,
}

impl Labels {
    const ALL: [Self; 2] = [Self::Folder, Self::Consensus];

    fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Consensus => "consensus-4",
        }
    }

    fn of(self, measurement: &Measurement) -> &Scores {
        match self {
            Self::Folder => &measurement.evaluation.folder,
            Self::Consensus => &measurement.evaluation.consensus,
        }
    }

    /// The labels that `model` was trained to give.
    fn own(model: &str) -> Self {
        if model == "folder" {
            Self::Folder
        } else {
            Self::Consensus
        }
    }
}

/// Every part that a document may carry, by the name of its marks.
pub(super) fn sections(
    measurements: &[Measurement],
    peers: &[Peer],
) -> Outcome<Vec<(&'static str, String)>> {
    Ok(vec![
        ("headline", headline(measurements, peers)?),
        ("figures-natural", scores_table(measurements, PRIORS[0])),
        ("figures-uniform", scores_table(measurements, PRIORS[1])),
        ("label-sets", label_sets_table(measurements)?),
        ("per-class", per_class_table(measurements)?),
        ("confusion", confusion_tables(measurements)?),
    ])
}

fn find<'a>(
    measurements: &'a [Measurement],
    model: &str,
    priors: &str,
    set: TestSet,
) -> Outcome<&'a Measurement> {
    measurements
        .iter()
        .find(|found| found.model == model && found.priors == priors && found.set == set)
        .ok_or_else(|| format!("{model} was not measured under {priors} priors").into())
}

/// Each model and other package on the same leak-free images, against both kinds of labels.
fn headline(measurements: &[Measurement], peers: &[Peer]) -> Outcome<String> {
    let mut rows = Vec::new();
    let mut counts = Vec::new();
    for model in MODELS {
        let found = find(measurements, model, PRIORS[0], TestSet::LeakFree)?;
        let scores = Labels::ALL.map(|labels| labels.of(found));
        counts.push(scores.map(|scores| scores.n));
        let [folder, consensus] = scores.map(accuracy);
        rows.push(format!("| `{model}` | {consensus} | {folder} |\n"));
    }
    for peer in peers {
        let scores = [&peer.folder, &peer.consensus];
        counts.push(scores.map(|scores| scores.n));
        let [folder, consensus] =
            scores.map(|scores| with_interval(scores.accuracy, scores.accuracy_ci95));
        rows.push(format!("| {} | {consensus} | {folder} |\n", peer.package));
    }
    let [folder, consensus] = counts[0];
    if counts.iter().any(|count| *count != counts[0]) {
        return Err(
            format!("the models and packages were scored on different images: {counts:?}").into(),
        );
    }
    Ok(format!(
        "| | consensus labels, {consensus} images [95 %] | folder labels, {folder} images [95 %] |\n|---|---|---|\n{}",
        rows.concat()
    ))
}

fn scores_table(measurements: &[Measurement], priors: &str) -> String {
    let mut table = String::from(
        "| model | labels | test | images | accuracy [95 %] | balanced | macro F1 | NLL | ECE |\n\
         |---|---|---|---:|---|---:|---:|---:|---:|\n",
    );
    for labels in Labels::ALL {
        for measurement in measurements.iter().filter(|found| found.priors == priors) {
            let scores = labels.of(measurement);
            table.push_str(&format!(
                "| `{}` | {} | {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} |\n",
                measurement.model,
                labels.name(),
                set_name(measurement.set),
                scores.n,
                accuracy(scores),
                scores.balanced_accuracy,
                scores.macro_f1,
                scores.nll,
                scores.ece
            ));
        }
    }
    table
}

/// Each model's label sets on the labels that it was trained to give.
fn label_sets_table(measurements: &[Measurement]) -> Outcome<String> {
    let mut table = String::from(
        "| model | labels | test | images | promised | hold the truth [95 %] | labels a set | of one label |\n\
         |---|---|---|---:|---:|---|---:|---:|\n",
    );
    for model in MODELS {
        let labels = Labels::own(model);
        for set in [TestSet::Whole, TestSet::LeakFree] {
            let scores = labels.of(find(measurements, model, PRIORS[0], set)?);
            let sets = &scores.conformal;
            writeln!(
                table,
                "| `{model}` | {} | {} | {} | {:.3} | {} | {:.2} | {:.3} |",
                labels.name(),
                set_name(set),
                scores.n,
                1.0 - sets.error_rate,
                with_interval(sets.coverage, sets.coverage_ci95),
                sets.mean_set_size,
                sets.single
            )?;
        }
    }
    Ok(table)
}

fn per_class_table(measurements: &[Measurement]) -> Outcome<String> {
    let mut table = String::from(
        "| model | labels | class | precision | recall | F1 | images |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    for model in MODELS {
        let measurement = find(measurements, model, PRIORS[0], TestSet::LeakFree)?;
        for labels in Labels::ALL {
            let scores = labels.of(measurement);
            for class in &scores.classes {
                let of_class = scores
                    .per_class
                    .get(class)
                    .ok_or_else(|| format!("no scores of class {class}"))?;
                writeln!(
                    table,
                    "| `{model}` | {} | {class} | {:.3} | {:.3} | {:.3} | {} |",
                    labels.name(),
                    of_class.precision,
                    of_class.recall,
                    of_class.f1,
                    of_class.support
                )?;
            }
        }
    }
    Ok(table)
}

fn confusion_tables(measurements: &[Measurement]) -> Outcome<String> {
    let mut tables = String::new();
    for model in MODELS {
        let labels = Labels::own(model);
        let scores = labels.of(find(measurements, model, PRIORS[0], TestSet::LeakFree)?);
        writeln!(
            tables,
            "`{model}` against {} labels; rows are the truth:\n",
            labels.name()
        )?;
        writeln!(tables, "| truth | {} |", scores.classes.join(" | "))?;
        writeln!(tables, "|---|{}", "---:|".repeat(scores.classes.len()))?;
        for (class, row) in scores.classes.iter().zip(&scores.confusion) {
            let counts: Vec<String> = row.iter().map(ToString::to_string).collect();
            writeln!(tables, "| {class} | {} |", counts.join(" | "))?;
        }
        tables.push('\n');
    }
    Ok(tables)
}

fn accuracy(scores: &Scores) -> String {
    with_interval(scores.accuracy, scores.accuracy_ci95)
}

fn with_interval(value: f64, [low, high]: [f64; 2]) -> String {
    format!("{value:.3} [{low:.3}, {high:.3}]")
}

fn set_name(set: TestSet) -> &'static str {
    match set {
        TestSet::Whole => "whole",
        TestSet::LeakFree => "leak-free",
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Evaluation, PeerScores};
    use super::*;

    fn scores(n: usize, accuracy: f64) -> String {
        format!(
            r#""n": {n}, "accuracy": {accuracy}, "accuracy_ci95": [0.7, 0.9], "balanced_accuracy": 0.75,
               "macro_f1": 0.74, "nll": 0.6, "ece": 0.02, "classes": ["happy", "sad"], "confusion": [[5, 1], [2, 4]],
               "per_class": {{"happy": {{"precision": 0.5, "recall": 0.6, "f1": 0.55, "support": 6}},
                              "sad": {{"precision": 0.8, "recall": 0.7, "f1": 0.75, "support": 6}}}},
               "conformal": {{"error_rate": 0.1, "coverage": 0.91, "coverage_ci95": [0.86, 0.94],
                              "mean_set_size": 1.25, "single": 0.8}}"#
        )
    }

    fn measurements() -> Vec<Measurement> {
        let mut measurements = Vec::new();
        for model in MODELS {
            for priors in PRIORS {
                for (set, n) in [(TestSet::Whole, 12), (TestSet::LeakFree, 9)] {
                    let json = format!(
                        "{{{}, \"consensus\": {{{}}}}}",
                        scores(n, 0.8),
                        scores(n - 1, 0.9)
                    );
                    let evaluation: Evaluation = serde_json::from_str(&json).unwrap();
                    measurements.push(Measurement {
                        model,
                        priors,
                        set,
                        evaluation,
                    });
                }
            }
        }
        measurements
    }

    fn peer(n: usize) -> Peer {
        let scores = |n| PeerScores {
            n,
            accuracy: 0.7,
            accuracy_ci95: [0.6, 0.8],
        };
        Peer {
            package: "other 1.0".to_owned(),
            folder: scores(n),
            consensus: scores(n - 1),
        }
    }

    #[test]
    fn headline_scores_models_and_packages_on_the_same_images() {
        let table = headline(&measurements(), &[peer(9)]).unwrap();
        assert_eq!(
            table,
            "| | consensus labels, 8 images [95 %] | folder labels, 9 images [95 %] |\n|---|---|---|\n\
             | `crowd` | 0.900 [0.700, 0.900] | 0.800 [0.700, 0.900] |\n\
             | `folder` | 0.900 [0.700, 0.900] | 0.800 [0.700, 0.900] |\n\
             | other 1.0 | 0.700 [0.600, 0.800] | 0.700 [0.600, 0.800] |\n"
        );
        let error = headline(&measurements(), &[peer(10)]).unwrap_err();
        assert!(error.to_string().contains("different images"), "{error}");
    }

    #[test]
    fn scores_table_has_a_row_for_each_model_labels_and_set() {
        let table = scores_table(&measurements(), "uniform");
        assert_eq!(table.lines().count(), 2 + MODELS.len() * 2 * 2);
    }

    #[test]
    fn label_sets_are_judged_by_the_labels_that_a_model_was_trained_to_give() {
        let table = label_sets_table(&measurements()).unwrap();
        let row = "| `crowd` | consensus-4 | leak-free | 8 | 0.900 | 0.910 [0.860, 0.940] | 1.25 | 0.800 |";
        assert!(table.contains(row), "{table}");
        assert_eq!(table.lines().count(), 2 + 2 * MODELS.len());
    }

    #[test]
    fn confusion_rows_begin_with_the_truth() {
        let tables = confusion_tables(&measurements()).unwrap();
        assert!(
            tables.contains("| happy | 5 | 1 |\n| sad | 2 | 4 |"),
            "{tables}"
        );
    }

    #[test]
    fn model_that_was_not_measured_is_named() {
        let error = headline(&[], &[]).unwrap_err();
        assert!(error.to_string().contains("crowd"), "{error}");
    }
}
