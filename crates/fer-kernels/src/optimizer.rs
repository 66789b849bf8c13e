//! Optimizers over the flat parameter buffer: one fused pass, several threads, state that a checkpoint can keep.
//!
//! Weight decay acts on convolution and head weights only; batch-norm parameters and biases are left alone.

use std::ops::Range;

use crate::{KernelError, NetworkSpec, Threads, error::check_len};

mod adamw;
mod sgd;

pub use adamw::{AdamW, AdamWConfig, AdamWState};
pub use sgd::{Sgd, SgdConfig};

/// Elements that one task updates: large enough to hide the scheduling, small enough to share evenly.
const PIECE: usize = 1 << 14;

/// A run of the parameter buffer that one task updates.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    range: Range<usize>,
    decayed: bool,
}

/// Cuts the parameter buffer into pieces, in order and without gaps, each wholly decayed or wholly not.
fn pieces(spec: &NetworkSpec) -> Vec<Piece> {
    let mut runs: Vec<Piece> = Vec::new();
    for slot in spec.parameters() {
        let decayed = slot.role.is_decayed();
        match runs.last_mut() {
            Some(run) if run.decayed == decayed => run.range.end = slot.range.end,
            _ => runs.push(Piece {
                range: slot.range,
                decayed,
            }),
        }
    }
    let cut = |run: Piece| {
        run.range.clone().step_by(PIECE).map(move |start| Piece {
            range: start..run.range.end.min(start + PIECE),
            decayed: run.decayed,
        })
    };
    runs.into_iter().flat_map(cut).collect()
}

/// Cuts a buffer as [`pieces`] says.
fn cut<'a>(
    pieces: &'a [Piece],
    mut buffer: &'a mut [f32],
) -> impl Iterator<Item = &'a mut [f32]> + 'a {
    pieces.iter().map(move |piece| {
        let (head, tail) = std::mem::take(&mut buffer).split_at_mut(piece.range.len());
        buffer = tail;
        head
    })
}

fn check_setting(
    name: &'static str,
    value: f32,
    expected: &'static str,
    is_valid: impl Fn(f32) -> bool,
) -> Result<(), KernelError> {
    if value.is_finite() && is_valid(value) {
        return Ok(());
    }
    Err(KernelError::InvalidSetting {
        name,
        expected,
        found: value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BlockSpec,
        testing::oracle::{noise, parameters},
    };

    /// Large enough that its first weight is cut into several pieces.
    fn spec() -> NetworkSpec {
        let block = |out_channels| BlockSpec {
            out_channels,
            pool: false,
        };
        NetworkSpec {
            height: 2,
            width: 2,
            in_channels: 40,
            blocks: vec![block(64), block(8)],
            classes: 3,
        }
    }

    #[test]
    fn pieces_tile_the_buffer_and_keep_to_one_kind() {
        let spec = spec();
        let pieces = pieces(&spec);
        let mut end = 0;
        for piece in &pieces {
            assert_eq!(piece.range.start, end);
            end = piece.range.end;
            for slot in spec.parameters() {
                let overlaps =
                    slot.range.start < piece.range.end && piece.range.start < slot.range.end;
                assert!(
                    !overlaps || slot.role.is_decayed() == piece.decayed,
                    "{}",
                    slot.name
                );
            }
        }
        assert_eq!(end, spec.parameter_count());
        assert!(pieces.len() > 4);
    }

    /// Follows the papers' formulas in f64 for several steps.
    #[test]
    fn adamw_follows_the_formula() {
        let spec = spec();
        let config = AdamWConfig {
            weight_decay: 0.1,
            ..AdamWConfig::default()
        };
        let rate = 0.01;
        let mut found = parameters(&spec, 1);
        let mut truth: Vec<f64> = found.iter().map(|&v| f64::from(v)).collect();
        let (mut first, mut second) = (vec![0.0f64; truth.len()], vec![0.0f64; truth.len()]);
        let mut optimizer = AdamW::new(&spec, config).unwrap();
        let threads = Threads::new(2).unwrap();
        for step in 1..=5 {
            let gradients = noise(found.len(), step);
            optimizer
                .step(&mut found, &gradients, rate, &threads)
                .unwrap();
            for slot in spec.parameters() {
                let decay = if slot.role.is_decayed() {
                    0.1 * f64::from(rate)
                } else {
                    0.0
                };
                for i in slot.range {
                    let g = f64::from(gradients[i]);
                    first[i] = 0.9 * first[i] + 0.1 * g;
                    second[i] = 0.999 * second[i] + 0.001 * g * g;
                    let m = first[i] / (1.0 - 0.9f64.powf(step as f64));
                    let v = second[i] / (1.0 - 0.999f64.powf(step as f64));
                    truth[i] = truth[i] * (1.0 - decay) - f64::from(rate) * m / (v.sqrt() + 1e-8);
                }
            }
        }
        assert!(crate::testing::oracle::relative_error(&found, &truth) < 1e-5);
    }

    #[test]
    fn sgd_follows_the_formula() {
        let spec = spec();
        let rate = 0.01;
        let mut found = parameters(&spec, 1);
        let mut truth: Vec<f64> = found.iter().map(|&v| f64::from(v)).collect();
        let mut velocity = vec![0.0f64; truth.len()];
        let mut optimizer = Sgd::new(
            &spec,
            SgdConfig {
                momentum: 0.8,
                weight_decay: 0.1,
            },
        )
        .unwrap();
        let threads = Threads::new(2).unwrap();
        for step in 1..=5 {
            let gradients = noise(found.len(), step);
            optimizer
                .step(&mut found, &gradients, rate, &threads)
                .unwrap();
            for slot in spec.parameters() {
                let decay = if slot.role.is_decayed() { 0.1 } else { 0.0 };
                for i in slot.range {
                    let g = f64::from(gradients[i]) + decay * truth[i];
                    velocity[i] = 0.8 * velocity[i] + g;
                    truth[i] -= f64::from(rate) * (g + 0.8 * velocity[i]);
                }
            }
        }
        assert!(crate::testing::oracle::relative_error(&found, &truth) < 1e-5);
    }

    #[test]
    fn restored_optimizers_go_on_with_the_same_bytes_on_any_number_of_threads() {
        let spec = spec();
        let run = |threads: usize, restored: bool| {
            let threads = Threads::new(threads).unwrap();
            let mut values = parameters(&spec, 1);
            let mut adamw = AdamW::new(&spec, AdamWConfig::default()).unwrap();
            let mut sgd = Sgd::new(&spec, SgdConfig::default()).unwrap();
            for step in 0..4 {
                if restored && step == 2 {
                    let mut fresh = AdamW::new(&spec, AdamWConfig::default()).unwrap();
                    fresh.restore(adamw.state()).unwrap();
                    adamw = fresh;
                    let mut fresh = Sgd::new(&spec, SgdConfig::default()).unwrap();
                    fresh.restore(sgd.velocity()).unwrap();
                    sgd = fresh;
                }
                adamw
                    .step(
                        &mut values,
                        &noise(spec.parameter_count(), step),
                        0.01,
                        &threads,
                    )
                    .unwrap();
                sgd.step(
                    &mut values,
                    &noise(spec.parameter_count(), step + 9),
                    0.01,
                    &threads,
                )
                .unwrap();
            }
            values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let expected = run(1, false);
        for threads in [1, 2, 3, 8] {
            assert!(run(threads, true) == expected, "{threads} threads");
        }
    }

    #[test]
    fn wrong_lengths_and_settings_are_errors() {
        let spec = spec();
        let threads = Threads::new(1).unwrap();
        let mut values = parameters(&spec, 1);
        let gradients = vec![0.0; values.len() - 1];
        let mut optimizer = AdamW::new(&spec, AdamWConfig::default()).unwrap();
        assert!(
            optimizer
                .step(&mut values, &gradients, 0.1, &threads)
                .is_err()
        );
        assert_eq!(optimizer.state().steps, 0);
        assert!(
            AdamW::new(
                &spec,
                AdamWConfig {
                    beta1: 1.0,
                    ..AdamWConfig::default()
                }
            )
            .is_err()
        );
        assert!(
            AdamW::new(
                &spec,
                AdamWConfig {
                    epsilon: f32::NAN,
                    ..AdamWConfig::default()
                }
            )
            .is_err()
        );
        assert!(
            Sgd::new(
                &spec,
                SgdConfig {
                    momentum: -0.1,
                    ..SgdConfig::default()
                }
            )
            .is_err()
        );
    }
}
