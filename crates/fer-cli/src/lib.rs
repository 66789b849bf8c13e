//! fer-cli
