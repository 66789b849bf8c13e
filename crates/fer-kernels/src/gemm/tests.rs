use super::*;
use crate::InstructionSet;
use crate::cpu::{Cpu, Kernel};

/// Values in [-1, 1] without a pattern that a wrong index could hide behind.
fn values(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn assert_close(found: &[f32], expected: &[f64], context: &str) {
    let scale = expected
        .iter()
        .fold(0.0f64, |scale, value| scale.max(value.abs()));
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(found) - expected).abs() / scale;
        assert!(
            error < 1e-5,
            "{context}: {found} at {index}, not {expected}"
        );
    }
}

/// Multiplies all panels; `b` holds panels one after the other.
struct Multiply<'a> {
    rows: usize,
    depth: usize,
    columns: usize,
    a: &'a [f32],
    b: &'a [f32],
}

impl Kernel for Multiply<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) -> Vec<f32> {
        let mut c = vec![f32::NAN; self.rows * self.columns];
        for first in (0..self.columns).step_by(S::PANEL) {
            let vectors = (self.columns - first).min(S::PANEL) / LANES;
            let product = PanelProduct {
                rows: self.rows,
                depth: self.depth,
                block_stride: self.rows * LANES,
                a: self.a.as_ptr(),
                b: self.b[first * self.depth..].as_ptr(),
                c: c[first * self.rows..].as_mut_ptr(),
            };
            // SAFETY: the operands have `rows`, `depth` and `columns` as the product says.
            unsafe { simd.multiply(vectors, product) };
        }
        c
    }
}

/// Accumulates all panels on top of `c`.
struct Accumulate<'a> {
    rows: usize,
    depth: usize,
    columns: usize,
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
}

impl Kernel for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        for first in (0..self.columns).step_by(S::PANEL) {
            let vectors = (self.columns - first).min(S::PANEL) / LANES;
            let product = PanelAccumulation {
                rows: self.rows,
                depth: self.depth,
                block_stride: self.rows * LANES,
                a: self.a.as_ptr(),
                b: self.b[first * self.rows..].as_ptr(),
                c: self.c[first * self.depth..].as_mut_ptr(),
            };
            // SAFETY: the operands have `rows`, `depth` and `columns` as the product says.
            unsafe { simd.accumulate(vectors, product) };
        }
    }
}

/// The panel width of a set.
struct Panel;

impl Kernel for Panel {
    type Output = usize;

    #[inline(always)]
    fn run<S: MicroKernel>(self, _: S) -> usize {
        S::PANEL
    }
}

fn blocked(row: usize, channel: usize, rows: usize) -> usize {
    (channel / LANES * rows + row) * LANES + channel % LANES
}

fn panelled(row: usize, column: usize, rows: usize, columns: usize, panel: usize) -> usize {
    let first = column / panel * panel;
    let width = (columns - first).min(panel);
    first * rows + row * width + column - first
}

#[test]
fn products_equal_the_definition() {
    for set in InstructionSet::available() {
        let cpu = Cpu::new(set).unwrap();
        let panel = cpu.run(Panel);
        for (rows, depth, columns) in [(1, 16, 16), (12, 16, 32), (23, 32, 48), (40, 64, 64)] {
            let a = values(rows * depth, 1);
            let b = values(depth * columns, 2);
            let mut expected = vec![0.0; rows * columns];
            for row in 0..rows {
                for column in 0..columns {
                    expected[blocked(row, column, rows)] = (0..depth)
                        .map(|k| {
                            f64::from(a[blocked(row, k, rows)])
                                * f64::from(b[panelled(k, column, depth, columns, panel)])
                        })
                        .sum();
                }
            }
            let (a, b) = (&a, &b);
            let found = cpu.run(Multiply {
                rows,
                depth,
                columns,
                a,
                b,
            });
            assert_close(
                &found,
                &expected,
                &format!("{set} {rows}x{depth}x{columns}"),
            );
        }
    }
}

#[test]
fn accumulations_equal_the_definition() {
    for set in InstructionSet::available() {
        let cpu = Cpu::new(set).unwrap();
        let panel = cpu.run(Panel);
        for (rows, depth, columns) in [(1, 16, 16), (12, 16, 32), (23, 32, 48), (40, 64, 64)] {
            let a = values(rows * depth, 1);
            let b = values(rows * columns, 2);
            let mut c = values(depth * columns, 3);
            let mut expected = vec![0.0; depth * columns];
            for k in 0..depth {
                for column in 0..columns {
                    let index = panelled(k, column, depth, columns, panel);
                    expected[index] = f64::from(c[index]);
                    for row in 0..rows {
                        expected[index] += f64::from(a[blocked(row, k, rows)])
                            * f64::from(b[blocked(row, column, rows)]);
                    }
                }
            }
            let (a, b) = (&a, &b);
            cpu.run(Accumulate {
                rows,
                depth,
                columns,
                a,
                b,
                c: &mut c,
            });
            assert_close(&c, &expected, &format!("{set} {rows}x{depth}x{columns}"));
        }
    }
}

#[test]
fn rows_do_not_depend_on_their_neighbors() {
    for set in InstructionSet::available() {
        let cpu = Cpu::new(set).unwrap();
        let (depth, columns) = (32, 48);
        let (a, b) = (values(40 * depth, 1), values(depth * columns, 2));
        let all = cpu.run(Multiply {
            rows: 40,
            depth,
            columns,
            a: &a,
            b: &b,
        });
        for row in 0..40 {
            let one: Vec<f32> = (0..depth).map(|k| a[blocked(row, k, 40)]).collect();
            let found = cpu.run(Multiply {
                rows: 1,
                depth,
                columns,
                a: &one,
                b: &b,
            });
            for (column, found) in found.into_iter().enumerate() {
                assert_eq!(
                    found.to_bits(),
                    all[blocked(row, column, 40)].to_bits(),
                    "{set}"
                );
            }
        }
    }
}
