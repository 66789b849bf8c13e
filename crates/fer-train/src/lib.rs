//! fer-train
