//! Products at each frequency: of inputs and filters, and of inputs and gradients.

use std::ops::Range;

use super::Planes;
use crate::cpu::Kernel;
use crate::gemm::{MicroKernel, PanelAccumulation, PanelProduct};
use crate::simd::LANES;

/// Counts the panels that a number of columns makes.
pub(super) struct PanelCount(pub(super) usize);

impl Kernel for PanelCount {
    type Output = usize;

    #[inline(always)]
    fn run<S: MicroKernel>(self, _: S) -> usize {
        self.0.div_ceil(S::PANEL)
    }
}

/// Products of transformed inputs and filters; part `i` is panel `i % panels` of frequency `i / panels`.
pub(super) struct Multiply<'a> {
    inputs: Planes<'a>,
    /// A matrix of panels for every frequency: `inputs.channels()` rows, `products.channels()` columns.
    filters: &'a [f32],
    products: Planes<'a>,
    parts: Range<usize>,
}

impl<'a> Multiply<'a> {
    /// # Safety
    /// - `inputs` and `products` have the same frequencies and tiles and do not overlap.
    /// - `filters` holds a matrix of `inputs.channels()` rows and `products.channels()` columns for every frequency.
    /// - `parts` are less than frequencies times panels; no thread writes to `inputs`, and no other one computes these parts.
    pub(super) unsafe fn new(
        inputs: Planes<'a>,
        filters: &'a [f32],
        products: Planes<'a>,
        parts: Range<usize>,
    ) -> Self {
        Self {
            inputs,
            filters,
            products,
            parts,
        }
    }
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let Self {
            inputs, products, ..
        } = self;
        let (depth, columns) = (inputs.channels(), products.channels());
        let panels = columns.div_ceil(S::PANEL);
        for part in self.parts {
            let (frequency, column) = (part / panels, part % panels * S::PANEL);
            let filter = (frequency * columns + column) * depth;
            // SAFETY: filters and planes have `depth` and `columns` channels at every frequency; each part writes to a place of its own.
            unsafe {
                let product = PanelProduct {
                    rows: inputs.tiles(),
                    depth,
                    block_stride: inputs.block_stride(),
                    a: inputs.at(frequency, 0, 0),
                    b: self.filters.as_ptr().add(filter),
                    c: products.at(frequency, column, 0),
                };
                simd.multiply((columns - column).min(S::PANEL) / LANES, product);
            }
        }
    }
}

/// Adds products of transformed inputs and output gradients to an accumulator.
pub(super) struct AddProducts<'a> {
    inputs: Planes<'a>,
    gradients: Planes<'a>,
    /// Laid out as transformed filters.
    accumulator: &'a mut [f32],
}

impl<'a> AddProducts<'a> {
    /// # Safety
    /// - `inputs` and `gradients` have the same frequencies and tiles, and no thread writes to them meanwhile.
    /// - `accumulator` holds a matrix of `inputs.channels()` rows and `gradients.channels()` columns for every frequency.
    pub(super) unsafe fn new(
        inputs: Planes<'a>,
        gradients: Planes<'a>,
        accumulator: &'a mut [f32],
    ) -> Self {
        Self {
            inputs,
            gradients,
            accumulator,
        }
    }
}

impl Kernel for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let Self {
            inputs, gradients, ..
        } = self;
        let (depth, columns) = (inputs.channels(), gradients.channels());
        for frequency in 0..inputs.frequencies() {
            for column in (0..columns).step_by(S::PANEL) {
                let filter = (frequency * columns + column) * depth;
                // SAFETY: accumulator and planes have `depth` and `columns` channels at every frequency.
                unsafe {
                    let product = PanelAccumulation {
                        rows: inputs.tiles(),
                        depth,
                        block_stride: inputs.block_stride(),
                        a: inputs.at(frequency, 0, 0),
                        b: gradients.at(frequency, column, 0),
                        c: self.accumulator.as_mut_ptr().add(filter),
                    };
                    simd.accumulate((columns - column).min(S::PANEL) / LANES, product);
                }
            }
        }
    }
}
