//! The network that looks at a face and answers where the training data's square around it lies.

use fer_kernels::{BlockSpec, InferencePlan, InstructionSet, NetworkSpec, Threads};
use safetensors::SafeTensors;

use super::{Framing, FramingChange, GrayPatch};
use crate::model::storage::{read_error, read_weights, write_weights};
use crate::{Result, WeightStorage, Weights};

/// Side of the network's input in pixels.
const INPUT_SIDE: usize = 32;
/// Gray levels, and the column and row of each, from -1 to 1: position reaches the mean at the network's end (Liu et al., "An
/// Intriguing Failing of Convolutional Neural Networks and the CoordConv Solution", 2018).
const CHANNELS: usize = 3;
/// Diameter of the disc that the network sees, in sides of the square: little of it lies outside a training crop when that is
/// shifted, scaled and turned at random.
const DISC: f32 = 0.78;
/// Added to the standard deviation that gray levels are divided by, so that a blank face is not blown up to noise.
const LEAST_CONTRAST: f32 = 4.0;

/// Output channels of each block, and whether it ends in a pool.
const BLOCKS: [(usize, bool); 6] = [
    (16, true),
    (32, false),
    (32, true),
    (64, false),
    (64, true),
    (96, false),
];

/// Says where the square of the training data around a face lies.
///
/// It sees the gray levels of a disc inside a square and answers the [`FramingChange`] from that square to the training data's. It
/// answers for the face and for its mirror image, and the mean of both counts.
#[derive(Debug)]
pub struct FramingNet {
    plan: InferencePlan,
}

impl FramingNet {
    /// Numbers that the network answers with; see [`outputs`](Self::outputs).
    pub const OUTPUTS: usize = 4;
    /// Values of the network's input: `[side, side, channels]`.
    pub const INPUT_LEN: usize = INPUT_SIDE * INPUT_SIDE * CHANNELS;

    /// The change that an output of 1 stands for: outputs are of like size, and so are their errors.
    const UNIT: FramingChange = FramingChange {
        right: 0.1,
        down: 0.1,
        growth: 0.1,
        turn: 0.2,
    };

    /// The shape of the network.
    pub fn spec() -> NetworkSpec {
        NetworkSpec {
            height: INPUT_SIDE,
            width: INPUT_SIDE,
            in_channels: CHANNELS,
            blocks: BLOCKS
                .map(|(out_channels, pool)| BlockSpec { out_channels, pool })
                .to_vec(),
            classes: Self::OUTPUTS,
        }
    }

    /// Makes the network ready to run.
    ///
    /// # Errors
    /// [`Error::InvalidLength`](crate::Error::InvalidLength) if `weights` are not those of [`spec`](Self::spec).
    pub fn new(weights: &Weights) -> Result<Self> {
        let spec = Self::spec();
        weights.check(&spec)?;
        let Weights {
            parameters,
            statistics,
        } = weights;
        Ok(Self {
            plan: InferencePlan::new(&spec, parameters, statistics, InstructionSet::best())?,
        })
    }

    /// Reads the network from a safetensors file with one tensor per slot of its [`spec`](Self::spec).
    ///
    /// # Errors
    /// [`Error::NotAModel`](crate::Error::NotAModel), [`Error::CorruptModel`](crate::Error::CorruptModel) or
    /// [`Error::ModelTensor`](crate::Error::ModelTensor) if the file holds no such network.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes).map_err(read_error)?;
        Self::new(&read_weights(&tensors, &Self::spec())?)
    }

    /// The content of the file that [`from_bytes`](Self::from_bytes) reads, large weights in half precision.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn to_bytes(weights: &Weights) -> Result<Vec<u8>> {
        let spec = Self::spec();
        weights.check(&spec)?;
        let tensors = write_weights(weights, &spec, WeightStorage::F16)?;
        let views = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor));
        safetensors::serialize(views, None).map_err(read_error)
    }

    /// Writes what the network sees of a square, [`INPUT_LEN`](Self::INPUT_LEN) values, to `input`; the square's mirror image if
    /// `mirrored`.
    pub fn write_input(patch: &GrayPatch, framing: &Framing, mirrored: bool, input: &mut [f32]) {
        write_levels(sample_levels(patch, framing), mirrored, input);
    }

    /// The outputs that stand for a change.
    pub fn outputs(change: &FramingChange, mirrored: bool) -> [f32; Self::OUTPUTS] {
        let sign = if mirrored { -1.0 } else { 1.0 };
        let unit = Self::UNIT;
        [
            sign * change.right / unit.right,
            change.down / unit.down,
            change.growth / unit.growth,
            sign * change.turn / unit.turn,
        ]
    }

    /// The changes from each of `framings` to the training data's square, as the network sees it.
    ///
    /// # Errors
    /// [`Error::Kernel`](crate::Error::Kernel) if the kernels fail, which a correct build rules out.
    pub fn changes(
        &self,
        patch: &GrayPatch,
        framings: &[Framing],
        threads: &Threads,
    ) -> Result<Vec<FramingChange>> {
        let mut input = vec![0.0; 2 * framings.len() * Self::INPUT_LEN];
        for (framing, inputs) in framings.iter().zip(input.chunks_mut(2 * Self::INPUT_LEN)) {
            let levels = sample_levels(patch, framing);
            let (plain, mirrored) = inputs.split_at_mut(Self::INPUT_LEN);
            write_levels(levels, false, plain);
            write_levels(levels, true, mirrored);
        }
        let mut outputs = vec![[0.0; Self::OUTPUTS]; 2 * framings.len()];
        self.plan
            .logits(&input, outputs.as_flattened_mut(), threads)?;
        let (pairs, _) = outputs.as_chunks();
        Ok(pairs.iter().map(mean_change).collect())
    }
}

/// Gray levels of the network's input, row by row.
type Levels = [f32; INPUT_SIDE * INPUT_SIDE];

/// The gray levels of the part of a square that the network sees.
fn sample_levels(patch: &GrayPatch, framing: &Framing) -> Levels {
    let mut levels = [0.0; INPUT_SIDE * INPUT_SIDE];
    patch.sample(&framing.scaled(DISC), INPUT_SIDE, &mut levels);
    levels
}

/// Writes the network's input for these levels, or for their mirror image.
fn write_levels(mut levels: Levels, mirrored: bool, input: &mut [f32]) {
    if mirrored {
        levels
            .chunks_exact_mut(INPUT_SIDE)
            .for_each(<[f32]>::reverse);
    }
    let (mean, deviation) = mean_and_deviation(&levels);
    let (values, _) = input.as_chunks_mut::<CHANNELS>();
    for (index, (value, level)) in values.iter_mut().zip(levels).enumerate() {
        let [x, y] = place(index);
        *value = if is_seen(index) {
            [(level - mean) / (deviation + LEAST_CONTRAST), x, y]
        } else {
            [0.0; CHANNELS]
        };
    }
}

/// The mean change of the answers for a face and for its mirror image.
fn mean_change([plain, mirrored]: &[[f32; FramingNet::OUTPUTS]; 2]) -> FramingChange {
    let unit = FramingNet::UNIT;
    FramingChange {
        right: unit.right * (plain[0] - mirrored[0]) / 2.0,
        down: unit.down * (plain[1] + mirrored[1]) / 2.0,
        growth: unit.growth * (plain[2] + mirrored[2]) / 2.0,
        turn: unit.turn * (plain[3] - mirrored[3]) / 2.0,
    }
}

/// Column and row of a pixel of the input, from -1 to 1.
fn place(index: usize) -> [f32; 2] {
    [index % INPUT_SIDE, index / INPUT_SIDE]
        .map(|position| (2.0 * position as f32 + 1.0) / INPUT_SIDE as f32 - 1.0)
}

/// Returns `true` if a pixel of the input lies on the disc.
fn is_seen(index: usize) -> bool {
    let [x, y] = place(index);
    x * x + y * y <= 1.0
}

/// Mean and standard deviation of the levels on the disc.
fn mean_and_deviation(levels: &[f32]) -> (f32, f32) {
    let seen = || {
        let levels = levels.iter().enumerate();
        levels
            .filter(|(index, _)| is_seen(*index))
            .map(|(_, level)| *level)
    };
    let count = seen().count() as f32;
    let mean = seen().sum::<f32>() / count;
    let variance = seen().map(|level| (level - mean).powi(2)).sum::<f32>() / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Image, PixelFormat};

    fn weights() -> Weights {
        let spec = FramingNet::spec();
        let wave = |count: usize| (0..count).map(|i| (i as f32 * 0.7).sin() * 0.1);
        Weights {
            parameters: wave(spec.parameter_count()).collect(),
            statistics: wave(spec.statistics_count()).map(|v| v + 0.5).collect(),
        }
    }

    fn spot() -> (GrayPatch, Framing) {
        let pixels = (0..60 * 60)
            .map(|i| if (i % 60) < 30 && i < 1500 { 200 } else { 20 })
            .collect();
        let image = Image::new(pixels, 60, 60, PixelFormat::Gray8).unwrap();
        let framing = Framing {
            x: 31.0,
            y: 29.0,
            side: 50.0,
            roll: 0.2,
        };
        (
            GrayPatch::around(&image.view(), &framing, 96).unwrap(),
            framing,
        )
    }

    #[test]
    fn a_file_is_read_as_it_was_written_up_to_half_precision() {
        let bytes = FramingNet::to_bytes(&weights()).unwrap();
        assert!(bytes.len() < 300_000, "{}", bytes.len());
        let (patch, framing) = spot();
        let threads = Threads::new(1).unwrap();
        let answer = |net: FramingNet| net.changes(&patch, &[framing], &threads).unwrap()[0];
        let written = answer(FramingNet::new(&weights()).unwrap());
        let read = answer(FramingNet::from_bytes(&bytes).unwrap());
        let difference = FramingNet::outputs(&written, false)
            .into_iter()
            .zip(FramingNet::outputs(&read, false))
            .map(|(a, b)| (a - b).abs());
        assert!(difference.fold(0.0, f32::max) < 0.02);
        assert!(FramingNet::from_bytes(&bytes[..1000]).is_err());
    }

    #[test]
    fn answers_do_not_depend_on_threads_or_company() {
        let net = FramingNet::new(&weights()).unwrap();
        let (patch, framing) = spot();
        let others = [framing, framing.scaled(1.2), framing.scaled(0.7)];
        let alone = net
            .changes(&patch, &[framing], &Threads::new(1).unwrap())
            .unwrap();
        let among = net
            .changes(&patch, &others, &Threads::new(3).unwrap())
            .unwrap();
        assert_eq!(alone[0], among[0]);
    }

    /// Half of the outputs change their sign with the image, half do not, whatever the weights.
    #[test]
    fn the_mirror_image_of_a_face_has_the_mirrored_answer() {
        let (patch, framing) = spot();
        let (mut plain, mut mirrored) = (
            vec![0.0; FramingNet::INPUT_LEN],
            vec![0.0; FramingNet::INPUT_LEN],
        );
        FramingNet::write_input(&patch, &framing, false, &mut plain);
        FramingNet::write_input(&patch, &framing, true, &mut mirrored);
        let row = |input: &[f32]| -> Vec<f32> {
            input[10 * INPUT_SIDE * CHANNELS..][..INPUT_SIDE * CHANNELS]
                .iter()
                .step_by(CHANNELS)
                .copied()
                .collect()
        };
        let mut reversed = row(&mirrored);
        reversed.reverse();
        // The mean of the patch is summed in another order.
        for (left, right) in row(&plain).iter().zip(&reversed) {
            assert!((left - right).abs() < 1e-5, "{left} {right}");
        }
        assert!(row(&plain) != row(&mirrored));
    }
}
