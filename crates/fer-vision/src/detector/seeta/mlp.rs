//! The small fully connected networks of the cascade.

use pulp::{Simd, WithSimd};

use super::vectorized::vectorized;

/// Outputs computed together, in sums that stay in registers and do not wait for one another.
const LANES: usize = 32;

/// A fully connected layer.
#[derive(Debug)]
pub(super) struct Layer {
    inputs: usize,
    outputs: usize,
    /// `[outputs / LANES, inputs, LANES]`, rounded up with zeros.
    weights: Vec<[f32; LANES]>,
    /// `[outputs / LANES, LANES]`, rounded up likewise.
    biases: Vec<[f32; LANES]>,
}

impl Layer {
    /// From weights `[outputs, inputs]`; `None` if the layer is empty or the lengths disagree.
    pub(super) fn new(inputs: usize, weights: &[f32], biases: &[f32]) -> Option<Self> {
        let outputs = biases.len();
        let sound = inputs > 0 && outputs > 0 && weights.len() == inputs * outputs;
        let rows: Vec<&[f32]> = weights.chunks_exact(inputs.max(1)).collect();
        let interleaved = |rows: &[&[f32]], input: usize| {
            std::array::from_fn(|lane| rows.get(lane).map_or(0.0, |row| row[input]))
        };
        let padded = |biases: &[f32]| {
            std::array::from_fn(|lane| biases.get(lane).copied().unwrap_or_default())
        };
        sound.then(|| Self {
            inputs,
            outputs,
            weights: rows
                .chunks(LANES)
                .flat_map(|rows| (0..inputs).map(move |input| interleaved(rows, input)))
                .collect(),
            biases: biases.chunks(LANES).map(padded).collect(),
        })
    }

    fn apply(&self, input: &[f32], output: &mut Vec<f32>, activation: impl Fn(f32) -> f32) {
        output.clear();
        vectorized(AddProducts {
            layer: self,
            input,
            output,
        });
        output.truncate(self.outputs);
        output
            .iter_mut()
            .for_each(|value| *value = activation(*value));
    }
}

/// Appends a layer's biases with the products of its weights and the input added, [`LANES`] at a time.
struct AddProducts<'a> {
    layer: &'a Layer,
    input: &'a [f32],
    output: &'a mut Vec<f32>,
}

impl WithSimd for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let blocks = self.layer.weights.chunks_exact(self.layer.inputs);
        for (weights, biases) in blocks.zip(&self.layer.biases) {
            let mut sums = *biases;
            for (weights, input) in weights.iter().zip(self.input) {
                for lane in 0..LANES {
                    sums[lane] += weights[lane] * input;
                }
            }
            self.output.extend_from_slice(&sums);
        }
    }
}

/// Layers with ReLU between them and a sigmoid at the end; the four outputs are a face score and the window's alignment.
#[derive(Debug)]
pub(super) struct Mlp {
    hidden: Vec<Layer>,
    output: Layer,
}

/// Activations that one evaluation leaves for the next.
#[derive(Debug, Default)]
pub(super) struct Activations {
    input: Vec<f32>,
    output: Vec<f32>,
}

/// A network's opinion of a window. All four lie in [0, 1]; 0.5 means "no shift".
#[derive(Debug, Clone, Copy)]
pub(super) struct Opinion {
    pub(super) score: f32,
    pub(super) shift_x: f32,
    pub(super) shift_y: f32,
    pub(super) growth: f32,
}

impl Mlp {
    /// `None` unless the layers chain up and end in four outputs.
    pub(super) fn new(mut layers: Vec<Layer>) -> Option<Self> {
        let chained = layers
            .windows(2)
            .all(|pair| pair[0].outputs == pair[1].inputs);
        let output = layers
            .pop()
            .filter(|output| chained && output.outputs == 4)?;
        Some(Self {
            hidden: layers,
            output,
        })
    }

    /// Evaluates the network on what `fill` writes into the input.
    pub(super) fn evaluate(
        &self,
        buffers: &mut Activations,
        fill: impl FnOnce(&mut Vec<f32>),
    ) -> Opinion {
        let Activations { input, output } = buffers;
        input.clear();
        fill(input);
        for layer in &self.hidden {
            layer.apply(input, output, |x| x.max(0.0));
            std::mem::swap(input, output);
        }
        self.output
            .apply(input, output, |x| 1.0 / (1.0 + (-x).exp()));
        Opinion {
            score: output[0],
            shift_x: output[1],
            shift_y: output[2],
            growth: output[3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_more_outputs_than_lanes_is_its_matrix() {
        let (inputs, outputs) = (3, LANES + 7);
        let weights: Vec<f32> = (0..inputs * outputs).map(|i| i as f32).collect();
        let biases: Vec<f32> = (0..outputs).map(|i| 0.5 * i as f32).collect();
        let layer = Layer::new(inputs, &weights, &biases).unwrap();
        let mut output = Vec::new();
        layer.apply(&[1.0, 10.0, 100.0], &mut output, |x| x);
        // Row i is [3 i, 3 i + 1, 3 i + 2].
        let expected = (0..outputs).map(|i| 333.0 * i as f32 + 210.0 + 0.5 * i as f32);
        assert_eq!(output, expected.collect::<Vec<f32>>());
    }

    #[test]
    fn a_two_layer_network_by_hand() {
        let hidden = Layer::new(2, &[1.0, -1.0, 2.0, 0.5], &[0.0, -1.0]);
        let output = Layer::new(2, &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0], &[0.0; 4]);
        let mlp = Mlp::new(vec![hidden.unwrap(), output.unwrap()]).unwrap();
        // Hidden: max(1 - 2, 0) = 0 and 2 + 1 - 1 = 2.
        let opinion = mlp.evaluate(&mut Activations::default(), |input| {
            input.extend([1.0, 2.0])
        });
        let high = 1.0 / (1.0 + (-2.0_f32).exp());
        assert_eq!((opinion.score, opinion.shift_x), (0.5, high));
        assert_eq!((opinion.shift_y, opinion.growth), (0.5, high));
    }

    #[test]
    fn layers_that_do_not_chain_are_refused() {
        let three = Layer::new(2, &[0.0; 6], &[0.0; 3]).unwrap();
        let four = Layer::new(2, &[0.0; 8], &[0.0; 4]).unwrap();
        assert!(Mlp::new(vec![three, four]).is_none());
        assert!(Mlp::new(Vec::new()).is_none());
        assert!(Layer::new(3, &[0.0; 5], &[0.0; 2]).is_none());
    }
}
