//! The hidden Markov model of a conversation: which expression a face shows at each step, given what was answered around it.

use crate::answer::EMOTIONS;

/// A chain that stays in its state with one probability, and else moves to another by its share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Chain {
    /// Probability of each state at the first step.
    pub(crate) start: [f64; EMOTIONS],
    /// Share of each state among those moved to.
    pub(crate) share: [f64; EMOTIONS],
    /// Probability of staying for one step.
    pub(crate) stay: f64,
}

impl Chain {
    /// Returns the probabilities of the next state from each state.
    fn transitions(&self) -> [[f64; EMOTIONS]; EMOTIONS] {
        let mut rows = [[0.0; EMOTIONS]; EMOTIONS];
        for (from, row) in rows.iter_mut().enumerate() {
            let others: f64 = (0..EMOTIONS)
                .filter(|to| *to != from)
                .map(|to| self.share[to])
                .sum();
            for (to, chance) in row.iter_mut().enumerate() {
                *chance = if to == from {
                    self.stay
                } else if others > 0.0 {
                    (1.0 - self.stay) * self.share[to] / others
                } else {
                    (1.0 - self.stay) / (EMOTIONS as f64 - 1.0)
                };
            }
        }
        rows
    }

    /// Returns the probability of each state at each step given the likelihoods of all steps, by the forward-backward
    /// algorithm (Rabiner 1989). A step without evidence has likelihoods of 1.
    pub(crate) fn posterior(&self, likelihoods: &[[f64; EMOTIONS]]) -> Vec<[f64; EMOTIONS]> {
        let transitions = self.transitions();
        let mut posterior: Vec<[f64; EMOTIONS]> = Vec::with_capacity(likelihoods.len());
        for likelihood in likelihoods {
            let expected = match posterior.last() {
                None => self.start,
                Some(before) => std::array::from_fn(|to| {
                    (0..EMOTIONS)
                        .map(|from| before[from] * transitions[from][to])
                        .sum()
                }),
            };
            posterior.push(normalized(std::array::from_fn(|k| {
                expected[k] * likelihood[k]
            })));
        }
        let mut backward = [1.0; EMOTIONS];
        for step in (1..likelihoods.len()).rev() {
            let seen: [f64; EMOTIONS] = std::array::from_fn(|k| likelihoods[step][k] * backward[k]);
            backward = normalized(std::array::from_fn(|from| {
                (0..EMOTIONS)
                    .map(|to| transitions[from][to] * seen[to])
                    .sum()
            }));
            let forward = posterior[step - 1];
            posterior[step - 1] = normalized(std::array::from_fn(|k| forward[k] * backward[k]));
        }
        posterior
    }
}

fn normalized(values: [f64; EMOTIONS]) -> [f64; EMOTIONS] {
    let sum: f64 = values.iter().sum();
    if sum > 0.0 {
        values.map(|value| value / sum)
    } else {
        [1.0 / EMOTIONS as f64; EMOTIONS]
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        start: [f64; 4],
        share: [f64; 4],
        stay: f64,
        log_likelihood: Vec<[f64; 4]>,
        posterior: Vec<[f64; 4]>,
    }

    #[test]
    fn posteriors_are_those_of_hmmlearn() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../tests/golden/hmm.json")).unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let chain = Chain {
                start: case.start,
                share: case.share,
                stay: case.stay,
            };
            let likelihoods: Vec<_> = case
                .log_likelihood
                .iter()
                .map(|row| row.map(f64::exp))
                .collect();
            let posterior = chain.posterior(&likelihoods);
            assert_eq!(posterior.len(), case.posterior.len());
            for (found, expected) in posterior.iter().zip(&case.posterior) {
                for k in 0..4 {
                    assert!(
                        (found[k] - expected[k]).abs() < 1e-9,
                        "{found:?} {expected:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn steps_without_evidence_are_filled_from_both_sides_and_nothing_is_nothing() {
        let chain = Chain {
            start: [0.25; 4],
            share: [0.25; 4],
            stay: 0.9,
        };
        assert!(chain.posterior(&[]).is_empty());
        let happy = [0.9, 0.03, 0.04, 0.03];
        let posterior = chain.posterior(&[happy, [1.0; 4], happy]);
        assert!(posterior[1][0] > 0.8, "{posterior:?}");
        assert!(posterior[1][0] < posterior[0][0]);
    }
}
