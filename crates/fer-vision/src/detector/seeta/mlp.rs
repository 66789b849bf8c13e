//! The small fully connected networks of the cascade.

use pulp::{Simd, WithSimd};

use super::vectorized::vectorized;

/// A fully connected layer.
#[derive(Debug)]
pub(super) struct Layer {
    inputs: usize,
    /// `[outputs, inputs]`
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl Layer {
    /// `None` if the layer is empty or the lengths disagree.
    pub(super) fn new(inputs: usize, weights: Vec<f32>, biases: Vec<f32>) -> Option<Self> {
        let sound = inputs > 0 && !biases.is_empty() && weights.len() == inputs * biases.len();
        sound.then_some(Self {
            inputs,
            weights,
            biases,
        })
    }

    fn apply(&self, input: &[f32], output: &mut Vec<f32>, activation: impl Fn(f32) -> f32) {
        output.clear();
        output.extend(&self.biases);
        vectorized(AddProducts {
            weights: &self.weights,
            input,
            output,
        });
        output
            .iter_mut()
            .for_each(|value| *value = activation(*value));
    }
}

/// Adds to each output the product of its row of `weights` (`[outputs, inputs]`) with the input.
struct AddProducts<'a> {
    weights: &'a [f32],
    input: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.weights.chunks_exact(self.input.len());
        for (output, weights) in self.output.iter_mut().zip(rows) {
            *output += dot(self.input, weights);
        }
    }
}

/// Dot product in eight partial sums, which the compiler turns into vector code.
#[inline(always)]
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    let mut partial = [0.0_f32; 8];
    for (left, right) in left.iter().zip(right) {
        for i in 0..8 {
            partial[i] += left[i] * right[i];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(l, r)| l * r).sum();
    partial.iter().sum::<f32>() + rest
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
            .all(|pair| pair[0].biases.len() == pair[1].inputs);
        let output = layers
            .pop()
            .filter(|output| chained && output.biases.len() == 4)?;
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
    fn dot_product_covers_the_rest_after_whole_chunks() {
        let values: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        assert_eq!(dot(&values, &values), 2470.0);
    }

    #[test]
    fn a_two_layer_network_by_hand() {
        let hidden = Layer::new(2, vec![1.0, -1.0, 2.0, 0.5], vec![0.0, -1.0]);
        let output = Layer::new(
            2,
            vec![0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0],
            vec![0.0; 4],
        );
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
        let three = Layer::new(2, vec![0.0; 6], vec![0.0; 3]).unwrap();
        let four = Layer::new(2, vec![0.0; 8], vec![0.0; 4]).unwrap();
        assert!(Mlp::new(vec![three, four]).is_none());
        assert!(Mlp::new(Vec::new()).is_none());
        assert!(Layer::new(3, vec![0.0; 5], vec![0.0; 2]).is_none());
    }
}
