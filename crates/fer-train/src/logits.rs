//! Outputs of the network.

use fer_core::Emotion;

/// One number for each class, in the order of [`Emotion::ALL`].
pub(crate) type Logits = [f32; Emotion::COUNT];

/// The logits of the outputs beside the classes; empty in a network without any.
pub(crate) type Others = Vec<f32>;
