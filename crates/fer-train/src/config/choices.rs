//! Settings that choose one of a few names.

use serde::{Deserialize, Serialize};

/// The update rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    #[default]
    #[serde(rename = "adamw")]
    AdamW,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// Weights of the classes in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Every image counts the same.
    #[default]
    None,
    /// Every class counts the same: images weigh the inverse of their class's share of `train`.
    Balanced,
}

/// The validation figure that names the best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The share of images classified right; ties are broken by the loss.
    #[default]
    Accuracy,
    /// The mean recall of the classes; ties are broken by the loss.
    BalancedAccuracy,
    /// The mean negative log-likelihood.
    Loss,
}
