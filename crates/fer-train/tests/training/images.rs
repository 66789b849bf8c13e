//! Small datasets, drawn, and short trainings on them.

use std::fs;
use std::path::Path;

use fer_core::Emotion;
use fer_train::{
    AugmentationConfig, ModelSection, Observer, Result, RunDirectory, StepProgress, TrainConfig,
    TrainOptions, TrainingRun, train,
};
use tempfile::TempDir;

/// Side of the images.
const SIZE: u32 = 16;

/// Steps in an epoch of [`config`] on [`dataset`].
pub(crate) const STEPS_AN_EPOCH: usize = 6;

/// A dataset of noisy images whose class is the corner that is bright: 96, 32 and 16 of them.
pub(crate) fn dataset() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (split, count) in [("train", 24), ("validation", 8), ("test", 4)] {
        for emotion in Emotion::ALL {
            let folder = root.path().join(split).join(emotion.label());
            fs::create_dir_all(&folder).unwrap();
            for number in 0..count {
                let seed = number + 100 * split.len() as u32;
                image(emotion, seed)
                    .save(folder.join(format!("{number:02}.png")))
                    .unwrap();
            }
        }
    }
    root
}

/// One image.
pub(crate) fn image(emotion: Emotion, seed: u32) -> image::GrayImage {
    let (right, bottom) = (emotion.index() % 2 == 1, emotion.index() >= 2);
    let mut state = seed * 4 + emotion.index() as u32;
    image::GrayImage::from_fn(SIZE, SIZE, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let bright = (x >= SIZE / 2) == right && (y >= SIZE / 2) == bottom;
        let noise = (state >> 24) as u8 / 4;
        image::Luma([if bright { 150 + noise } else { 40 + noise }])
    })
}

/// A training of four epochs that takes a fraction of a second.
pub(crate) fn config() -> TrainConfig {
    TrainConfig {
        epochs: 4,
        batch_size: 16,
        learning_rate: 0.01,
        model: ModelSection {
            input_size: SIZE as usize,
            channels: vec![16, 16],
            blocks_per_stage: 1,
            ..ModelSection::default()
        },
        augmentation: AugmentationConfig {
            flip: 0.0,
            ..AugmentationConfig::default()
        },
        ema_decay: 0.9,
        // The images of a class are near copies of one another.
        remove_copies: false,
        ..TrainConfig::default()
    }
}

/// One thread.
pub(crate) fn options() -> TrainOptions {
    TrainOptions::default().with_threads(1)
}

/// Trains with nobody watching.
pub(crate) fn train_into(
    data: &TempDir,
    run: &Path,
    config: TrainConfig,
    options: &TrainOptions,
) -> Result<TrainingRun> {
    train(data.path(), run, config, options, &mut ())
}

/// The bytes of `best.safetensors` and `last.safetensors`.
pub(crate) fn files(run: &Path) -> (Vec<u8>, Vec<u8>) {
    let run = RunDirectory::at(run);
    (fs::read(run.best()).unwrap(), fs::read(run.last()).unwrap())
}

/// Stops a run after a number of steps.
pub(crate) struct StopAfter(pub(crate) usize);

impl Observer for StopAfter {
    fn step(&mut self, _step: &StepProgress) {
        self.0 -= 1;
    }

    fn should_stop(&mut self) -> bool {
        self.0 == 0
    }
}
