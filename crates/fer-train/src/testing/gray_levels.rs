//! A classifier made by hand, for tests: it tells four gray levels apart.

use std::fs;
use std::path::Path;

use fer_core::{
    Calibration, Classifier, Emotion, Model, ModelConfig, Normalization, PerEmotion, Preprocessing,
    Provenance, ResizeFilter, Weights,
};
use fer_kernels::Role;
use image::{GrayImage, Luma};

/// The gray level that stands for each emotion, in the order of [`Emotion::ALL`].
pub(crate) const LEVELS: [u8; Emotion::COUNT] = [40, 100, 160, 220];

/// Larger is surer.
const SHARPNESS: f32 = 60.0;

/// Writes an image of the level of an emotion, and the folders that it lies in.
pub(crate) fn save(folder: &Path, path: &str, looks_like: Emotion) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(20, 20, Luma([LEVELS[looks_like.index()]]))
        .save(path)
        .unwrap();
}

/// A classifier that answers with the emotion whose level is nearest to the image's mean, all the surer the nearer it is.
///
/// With `x` the mean level, `-(x - level)^2` differs between classes as `2 level x - level^2` does, which is linear in `x`.
pub(crate) fn gray_levels() -> Classifier {
    let config = ModelConfig {
        input_size: 8,
        channels: vec![16],
        blocks_per_stage: 1,
    };
    let preprocessing = Preprocessing {
        input_size: 8,
        filter: ResizeFilter::Box,
        normalization: Normalization::Fixed {
            mean: 0.0,
            std: 255.0,
        },
    };
    let spec = config.network_spec().unwrap();
    let mut parameters = vec![0.0; spec.parameter_count()];
    for slot in spec.parameters() {
        let values = &mut parameters[slot.range];
        match slot.role {
            // The center of the kernel, into channel 0.
            Role::ConvWeight => values[4 * 16] = 1.0,
            Role::Gamma => values[0] = 1.0,
            Role::HeadWeight => {
                for (row, level) in values.chunks_exact_mut(16).zip(LEVELS) {
                    row[0] = SHARPNESS * 2.0 * f32::from(level) / 255.0;
                }
            }
            Role::HeadBias => {
                for (bias, level) in values.iter_mut().zip(LEVELS) {
                    *bias = -SHARPNESS * (f32::from(level) / 255.0).powi(2);
                }
            }
            _ => {}
        }
    }
    let statistics = vec![0.0; spec.statistics_count()];
    let mut weights = Weights {
        parameters,
        statistics,
    };
    for slot in spec
        .statistics()
        .into_iter()
        .filter(|slot| slot.role == Role::RunningVar)
    {
        weights.statistics[slot.range].fill(1.0);
    }
    let model = Model {
        config,
        preprocessing,
        weights,
        calibration: Calibration::new(
            1.0,
            PerEmotion::from_fn(|_| (0..99).map(|i| i as f32 / 100.0).collect()),
        )
        .unwrap(),
        other: None,
        class_mix: PerEmotion([0.25; Emotion::COUNT]),
        provenance: Provenance::default(),
    };
    Classifier::from_model(model).unwrap()
}
