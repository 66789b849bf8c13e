//! Apparent emotion of a face — happy, sad, neutral or surprise — with honest probabilities, offline.
//!
//! The crate takes an image of one face and answers with a [`Prediction`]:
//!
//! 1. **Pixels.** [`ImageView`] borrows bytes in memory (gray, RGB, BGR, RGBA); [`Image`] owns them, and with the
//!    feature `decode` reads them from files of any common format.
//! 2. **Preprocessing.** [`Preprocessing`] turns any view into one gray square and that square into the network's
//!    input. Training and prediction share it, and a model file carries it.
//! 3. **Model.** [`Model`] is everything that a model file holds: configuration, weights, preprocessing, calibration
//!    and where they came from. Loading refuses what disagrees.
//! 4. **Prediction.** [`Classifier`] is a model made ready to run: `Send + Sync`, cheap to clone, fast on one core.
//!
//! Input is a crop of one face; finding faces in photographs is the work of `fer-vision`, training that of
//! `fer-train`. This crate scans no folders, draws no random numbers, prints nothing and reads no environment.
//!
//! What is predicted is an *apparent expression*, never a felt emotion (Barrett et al., "Emotional Expressions
//! Reconsidered", 2019).
//!
//! # Features
//! - `decode` (default): [`Image::open`] and [`Image::decode`].
//! - `pretrained` (default): the built-in models and `Classifier::pretrained`.
//! - `candle` (default): [`EmotionNet`], the network on Candle's autograd.
//! - `cuda`: the training network ([`EmotionNet`]) on CUDA devices.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod builtin;
mod calibration;
mod chain;
mod classifier;
mod config;
#[cfg(feature = "decode")]
mod decode;
mod emotion;
mod error;
mod error_kind;
mod explain;
#[cfg(all(test, feature = "walk"))]
#[path = "../../../tests/shared/folders.rs"]
mod folders;
pub mod framing;
mod image;
mod junk;
mod length;
mod limits;
mod model;
#[cfg(feature = "candle")]
mod network;
mod onnx;
mod other;
mod per_emotion;
mod prediction;
mod preprocess;
mod priors;
mod quiet;
mod read;
mod resize;
mod softmax;
#[cfg(feature = "decode")]
mod targets;
mod text;
#[cfg(feature = "walk")]
mod walk;
mod wilson;
mod write;

pub use calibration::{Calibration, ScoreKind};
pub use chain::{ErrorJson, chain};
pub use classifier::Classifier;
pub use fer_kernels::{BlockSpec, KernelError, NetworkSpec, Role, Slot, Threads};

pub use config::{ModelConfig, Weights};
pub use emotion::Emotion;
pub use error::{Error, Result};
pub use error_kind::ErrorKind;
pub use explain::Explanation;
pub use image::{Image, ImageView, PixelFormat};
pub use junk::is_junk;
pub use limits::{MAX_IMAGE_FILE_BYTES, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, check_image_size};
pub use model::{MAX_MODEL_BYTES, Model, Provenance, WeightStorage};
#[cfg(feature = "candle")]
pub use network::EmotionNet;
pub use other::{OtherCalibration, OtherOutputs, OtherShare, other_log_odds};
pub use per_emotion::PerEmotion;
pub use prediction::Prediction;
pub use preprocess::{Normalization, Preprocessing};
pub use priors::Priors;
pub use quiet::catch_panic;
pub use read::read_capped;
pub use resize::{GrayResizer, ResizeFilter};
pub use softmax::softmax;
#[cfg(feature = "decode")]
pub use targets::{check_image_target, check_targets};
pub use text::decode_text;
#[cfg(feature = "walk")]
pub use walk::{Unlisted, Walked, WalkedKind, files_in};
pub use wilson::wilson;
pub use write::{remove_abandoned, write_atomic, write_new, write_new_with, write_once};
