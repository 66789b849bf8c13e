//! The settings of a run. Every default of training lives here and nowhere else.

mod augmentation;
mod choices;
mod ranges;
mod sections;
mod start;

use std::path::{Path, PathBuf};

use fer_core::{ModelConfig, Normalization, Preprocessing, ResizeFilter};
use fer_kernels::NetworkSpec;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::read::{read_file, text_of};
use crate::schedule::Schedule;
use crate::votes::Ballot;

pub use augmentation::AugmentationConfig;
pub use choices::{ClassWeights, Monitor, Optimizer};
use ranges::{share, strength, within};
pub use sections::{
    DistillationConfig, ExtraConfig, ModelSection, TeacherViews, TooFewVotes, VotesConfig,
};
pub use start::StartConfig;

/// The longest configuration file that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// A step of this many images takes about 16 GB.
const MAX_BATCH_SIZE: usize = 4096;

/// The settings of a training run; `config.toml` in its run directory.
///
/// Every field has a default, so a configuration file names only what it changes:
///
/// ```
/// let config = fer_train::TrainConfig::from_toml("epochs = 3\n[model]\nchannels = [16, 32]\n")?;
/// assert_eq!(config.epochs, 3);
/// assert_eq!(config.model.channels, [16, 32]);
/// assert!(fer_train::TrainConfig::from_toml("epoch = 3").is_err(), "unknown names are refused");
/// # Ok::<(), fer_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Passes over the training images; 0 leaves a training that starts from a model to choose them by the number of images.
    pub epochs: usize,
    /// The most images per step, or 0 as for `epochs`; an epoch is cut into steps of nearly equal size.
    pub batch_size: usize,
    /// The peak of the learning rate, or 0 as for `epochs`.
    pub learning_rate: f64,
    /// Decoupled decay of convolution and head weights.
    pub weight_decay: f32,
    /// The update rule.
    pub optimizer: Optimizer,
    /// Momentum of [`Optimizer::Sgd`], in [0, 1).
    pub momentum: f32,
    /// The shape of the learning rate over the run.
    pub schedule: Schedule,
    /// The share of the steps in which the learning rate rises, in [0, 1).
    pub warmup: f64,
    /// The share of every target spread evenly over the classes (Szegedy et al. 2016), in [0, 1).
    pub label_smoothing: f32,
    /// Weights of the classes in the loss.
    pub class_weights: ClassWeights,
    /// The share of the pooled features set to zero (Srivastava et al. 2014), in [0, 1).
    pub dropout: f32,
    /// Decay per step of the moving average of the weights that is validated and saved, in [0, 1); 0 is none.
    pub ema_decay: f32,
    /// Weight of one batch in the running statistics of batch norm, in (0, 1].
    pub batch_norm_momentum: f32,
    /// Epochs without improvement after which the run ends; 0 never ends it early.
    pub early_stopping: usize,
    /// The validation figure that names the best epoch.
    pub monitor: Monitor,
    /// Removes from `train` what has a copy in `validation` or `test`.
    pub remove_copies: bool,
    /// Fixes every random draw of the run.
    pub seed: u64,
    /// Conversion of bytes to the network's input.
    pub normalization: Normalization,
    /// Filter with which images are resized to the input size.
    pub filter: ResizeFilter,
    /// The network.
    pub model: ModelSection,
    /// Random changes of the training images.
    pub augmentation: AugmentationConfig,
    /// Soft targets from crowd votes.
    pub votes: VotesConfig,
    /// Images beside the dataset, whose targets are their votes.
    pub extra: ExtraConfig,
    /// The model that the training starts from.
    pub start: StartConfig,
    /// Soft targets from trained models.
    pub distillation: DistillationConfig,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 40,
            batch_size: 128,
            learning_rate: 3e-3,
            weight_decay: 0.03,
            optimizer: Optimizer::AdamW,
            momentum: 0.9,
            schedule: Schedule::OneCycle,
            warmup: 0.2,
            label_smoothing: 0.1,
            class_weights: ClassWeights::None,
            dropout: 0.3,
            ema_decay: 0.998,
            batch_norm_momentum: 0.1,
            early_stopping: 0,
            monitor: Monitor::Accuracy,
            remove_copies: true,
            seed: 0,
            normalization: Preprocessing::default().normalization,
            filter: Preprocessing::default().filter,
            model: ModelSection::default(),
            augmentation: AugmentationConfig::default(),
            votes: VotesConfig::default(),
            extra: ExtraConfig::default(),
            start: StartConfig::default(),
            distillation: DistillationConfig::default(),
        }
    }
}

impl TrainConfig {
    /// Reads and validates a TOML file. Relative paths in it (votes, teachers, ...) are relative to its folder.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::ConfigFile`] for what is no configuration, [`Error::Config`] for a value out of range.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = read_file(path, MAX_CONFIG_BYTES)?;
        let mut config = Self::parse(&text_of(&bytes, path)?, path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for path in config.paths_mut() {
            *path = folder.join(&path);
        }
        Ok(config)
    }

    /// The files and folders that the configuration names; not the name of a built-in model.
    fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let start = &mut self.start.model;
        let start = start.iter_mut().filter(|model| !start::is_built_in(model));
        let extra = self.extra.folder.iter_mut().chain(&mut self.extra.votes);
        let inputs = self.votes.file.iter_mut().chain(extra).chain(start);
        inputs.chain(&mut self.distillation.teachers)
    }

    /// Reads and validates TOML text.
    ///
    /// # Errors
    /// [`Error::ConfigFile`] for what is no configuration, [`Error::Config`] for a value out of its range.
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::parse(text, Path::new("<text>"))
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| Error::ConfigFile {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// The same configuration with absolute paths, so that it means the same from any working folder.
    ///
    /// # Errors
    /// [`Error::Io`] if the working folder is unknown.
    pub fn with_absolute_paths(mut self) -> Result<Self> {
        for path in self.paths_mut() {
            *path =
                std::path::absolute(&path).map_err(|source| Error::io("locate", &*path, source))?;
        }
        Ok(self)
    }

    /// The same configuration with file names for paths: what may leave this machine in a model file.
    #[must_use]
    pub fn with_bare_file_names(mut self) -> Self {
        for path in self.paths_mut() {
            *path = path.file_name().unwrap_or_default().into();
        }
        self
    }

    /// The configuration as TOML, every field spelled out.
    ///
    /// # Errors
    /// [`Error::ConfigFile`] for what TOML cannot hold, such as a path that is not Unicode.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(|error| Error::ConfigFile {
            path: PathBuf::from("config.toml"),
            reason: error.to_string(),
        })
    }

    /// The network.
    #[must_use]
    pub fn model_config(&self) -> ModelConfig {
        ModelConfig {
            input_size: self.model.input_size,
            channels: self.model.channels.clone(),
            blocks_per_stage: self.model.blocks_per_stage,
        }
    }

    /// The network in training: [`TrainConfig::model_config`]'s, with more outputs where other votes are learned too.
    pub(crate) fn training_spec(&self) -> Result<NetworkSpec> {
        let mut spec = self.model_config().network_spec()?;
        if self.votes.others && (self.votes.file.is_some() || self.extra.votes.is_some()) {
            spec.classes += Ballot::OTHERS.len();
        }
        Ok(spec)
    }

    /// Returns the preprocessing that makes the network's input of an image.
    #[must_use]
    pub fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            input_size: self.model.input_size,
            filter: self.filter,
            normalization: self.normalization,
        }
    }

    /// Checks every value's range.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, what was found and what is expected.
    pub fn validate(&self) -> Result<()> {
        let starts = self.start.model.is_some();
        let chosen = |is_zero: bool| starts && is_zero;
        within(
            "epochs",
            self.epochs,
            self.epochs > 0 || starts,
            "at least 1; 0 needs a model to start from",
        )?;
        // One image has no batch variance; buffers grow with the batch.
        let batch_size = self.batch_size;
        within(
            "batch_size",
            batch_size,
            (2..=MAX_BATCH_SIZE).contains(&batch_size) || chosen(batch_size == 0),
            "from 2 to 4096; 0 needs a model to start from",
        )?;
        let finite_positive = |value: f64| value > 0.0 && value.is_finite();
        within(
            "learning_rate",
            self.learning_rate,
            finite_positive(self.learning_rate) || chosen(self.learning_rate == 0.0),
            "a positive number; 0 needs a model to start from",
        )?;
        strength("weight_decay", self.weight_decay)?;
        share("momentum", self.momentum)?;
        within(
            "warmup",
            self.warmup,
            (0.0..1.0).contains(&self.warmup),
            "at least 0 and below 1",
        )?;
        share("label_smoothing", self.label_smoothing)?;
        share("dropout", self.dropout)?;
        share("ema_decay", self.ema_decay)?;
        let momentum = self.batch_norm_momentum;
        within(
            "batch_norm_momentum",
            momentum,
            momentum > 0.0 && momentum <= 1.0,
            "above 0 and at most 1",
        )?;
        self.model_config().validate()?;
        self.augmentation.validate()?;
        self.votes.validate()?;
        self.extra.validate()?;
        self.start.validate()?;
        self.distillation.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_survive_toml() {
        let config = TrainConfig::default();
        config.validate().unwrap();
        assert_eq!(TrainConfig::from_toml("").unwrap(), config);
        assert_eq!(
            TrainConfig::from_toml(&config.to_toml().unwrap()).unwrap(),
            config
        );
    }

    #[test]
    fn every_setting_survives_toml() {
        let mut config = TrainConfig {
            optimizer: Optimizer::Sgd,
            schedule: Schedule::Cosine,
            ..TrainConfig::default()
        };
        config.votes.file = Some("votes.csv".into());
        config.extra.folder = Some("more".into());
        config.extra.votes = Some("more.csv".into());
        config.start.model = Some("crowd".into());
        config.distillation.teachers = vec!["a.safetensors".into(), "b.safetensors".into()];
        config.class_weights = ClassWeights::Balanced;
        let text = config.to_toml().unwrap();
        assert!(text.contains("optimizer = \"sgd\""), "{text}");
        assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (text, field) in [
            ("epochs = 0", "epochs"),
            ("batch_size = 1", "batch_size"),
            ("learning_rate = 0.0", "learning_rate"),
            ("[extra]\nfolder = \"more\"", "extra.votes"),
            ("[extra]\nvotes = \"more.csv\"", "extra.folder"),
            ("[start]\nfreeze = 1", "start.freeze"),
            ("learning_rate = -1.0", "learning_rate"),
            ("learning_rate = nan", "learning_rate"),
            ("dropout = 1.0", "dropout"),
            ("warmup = 1.0", "warmup"),
            ("[augmentation]\nflip = 2.0", "augmentation.flip"),
            ("[augmentation]\nscale = 1.0", "augmentation.scale"),
            (
                "[augmentation]\njpeg_quality_min = 0",
                "augmentation.jpeg_quality_min",
            ),
            (
                "[augmentation]\njpeg_quality_min = 70",
                "augmentation.jpeg_quality_max",
            ),
            (
                "[augmentation]\ntone_curve_strength = -1.0",
                "augmentation.tone_curve_strength",
            ),
            ("[votes]\nsmoothing = -0.5", "votes.smoothing"),
            (
                "[distillation]\ntemperature = 0.0",
                "distillation.temperature",
            ),
        ] {
            match TrainConfig::from_toml(text).unwrap_err() {
                Error::Config { field: found, .. } => assert_eq!(found, field),
                other => panic!("{text}: {other}"),
            }
        }
        assert!(TrainConfig::from_toml("[model]\nchannels = []").is_err());
    }

    #[test]
    fn unknown_names_and_wrong_types_are_refused() {
        for text in [
            "epoch = 3",
            "[augmentation]\nrotate = 1.0",
            "epochs = \"three\"",
            "optimizer = \"adam\"",
        ] {
            let error = TrainConfig::from_toml(text).unwrap_err();
            assert_eq!(error.kind(), fer_core::ErrorKind::ConfigFile, "{error}");
        }
    }
}
