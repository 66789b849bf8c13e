//! Labels that are probably wrong, by confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty
//! in Dataset Labels").

use fer_core::Emotion;

/// An example whose label is probably wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspicion {
    /// Position of the example.
    pub index: usize,
    /// The label that it probably should have.
    pub suggested: Emotion,
    /// Probability of the suggested label less that of its own.
    pub margin: f32,
}

/// Names the examples that lie off the diagonal of the confident joint, the widest margin first.
///
/// A class is believed of an example if its probability is at least the mean that the class has among the examples labeled so; of
/// several such classes, the most probable. Where that is not the label, the label is suspect. Comparing with each class's own mean
/// makes up for classes that the model is generally less sure of.
///
/// `probabilities` must come from models that were not trained on the example they judge (cross-validation).
///
/// # Panics
/// If there are not as many labels as probabilities.
#[must_use]
pub fn suspicions(labels: &[Emotion], probabilities: &[[f32; Emotion::COUNT]]) -> Vec<Suspicion> {
    assert_eq!(
        labels.len(),
        probabilities.len(),
        "one label for each row of probabilities"
    );
    let thresholds = self_confidence(labels, probabilities);
    let mut suspicions: Vec<Suspicion> = labels
        .iter()
        .zip(probabilities)
        .enumerate()
        .filter_map(|(index, (&label, probabilities))| {
            let probability = |emotion: Emotion| probabilities[emotion.index()];
            let suggested = Emotion::ALL
                .into_iter()
                .filter(|&emotion| probability(emotion) >= thresholds[emotion.index()])
                .max_by(|&a, &b| probability(a).total_cmp(&probability(b)))?;
            let margin = probability(suggested) - probability(label);
            (suggested != label).then_some(Suspicion {
                index,
                suggested,
                margin,
            })
        })
        .collect();
    suspicions.sort_by(|a, b| b.margin.total_cmp(&a.margin).then(a.index.cmp(&b.index)));
    suspicions
}

/// The mean probability of each class among the examples labeled so; out of reach for a class without examples.
fn self_confidence(
    labels: &[Emotion],
    probabilities: &[[f32; Emotion::COUNT]],
) -> [f32; Emotion::COUNT] {
    let mut sums = [(0.0_f64, 0_usize); Emotion::COUNT];
    for (label, probabilities) in labels.iter().zip(probabilities) {
        let (sum, count) = &mut sums[label.index()];
        *sum += f64::from(probabilities[label.index()]);
        *count += 1;
    }
    sums.map(|(sum, count)| {
        if count == 0 {
            f32::INFINITY
        } else {
            (sum / count as f64) as f32
        }
    })
}

#[cfg(test)]
mod tests {
    use fer_core::Emotion::{Happy, Neutral, Sad, Surprise};

    use super::*;

    #[test]
    fn the_thresholds_are_those_worked_out_by_hand() {
        // Mean self-confidence: happy (0.9 + 0.8 + 0.1) / 3 = 0.6; sad (0.5 + 0.4) / 2 = 0.45; neutral 0.7; surprise none.
        let labels = [Happy, Happy, Happy, Sad, Sad, Neutral];
        let probabilities = [
            [0.9, 0.1, 0.0, 0.0],
            [0.8, 0.1, 0.1, 0.0],
            [0.1, 0.5, 0.4, 0.0], // sad is believed: 0.5 >= 0.45
            [0.2, 0.5, 0.2, 0.1],
            [0.5, 0.4, 0.1, 0.0], // happy is the most probable, but not believed: 0.5 < 0.6
            [0.0, 0.1, 0.7, 0.2],
        ];
        let thresholds = self_confidence(&labels, &probabilities);
        assert!((thresholds[0] - 0.6).abs() < 1e-6 && (thresholds[1] - 0.45).abs() < 1e-6);
        assert_eq!(thresholds[Surprise.index()], f32::INFINITY);

        let found = suspicions(&labels, &probabilities);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].index, found[0].suggested), (2, Sad));
        assert!((found[0].margin - 0.4).abs() < 1e-6);
    }

    #[test]
    fn swapped_labels_are_found_among_right_ones_and_ranked_by_margin() {
        let sure = |emotion: Emotion, p: f32| {
            let mut row = [(1.0 - p) / 3.0; 4];
            row[emotion.index()] = p;
            row
        };
        let mut labels: Vec<Emotion> = Emotion::ALL.into_iter().cycle().take(400).collect();
        let probabilities: Vec<_> = labels
            .iter()
            .enumerate()
            .map(|(i, &truth)| sure(truth, 0.8 + 0.1 * ((i * 37 % 100) as f32 / 100.0)))
            .collect();
        for index in [10, 55, 300] {
            labels[index] = Emotion::ALL[(labels[index].index() + 1) % 4];
        }
        let found = suspicions(&labels, &probabilities);
        let mut indices: Vec<usize> = found.iter().map(|suspicion| suspicion.index).collect();
        assert!(found.is_sorted_by(|a, b| a.margin >= b.margin));
        indices.sort_unstable();
        // Those whose class is believed in them: a probability of at least the class's mean.
        assert!(
            indices.iter().all(|index| [10, 55, 300].contains(index)),
            "{indices:?}"
        );
        assert!(!indices.is_empty());
    }

    #[test]
    fn nothing_is_suspect_in_nothing() {
        assert!(suspicions(&[], &[]).is_empty());
    }
}
