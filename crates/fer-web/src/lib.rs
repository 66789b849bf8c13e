//! `fer` in the browser: the answers of the command and of the Python package, without a network and without an installation.
//!
//! The module is compiled to WebAssembly by `cargo xtask web`. It takes pixels, model files and settings from `js/`, which is the
//! interface that pages use, and answers in JSON of the shapes that `fer predict --format json` writes. Images are decoded by the
//! browser. Nothing here reads a file, starts a thread or asks for the time.
//!
//! - `exports`: the functions of the module.
//! - `session`: what they work on: a buffer for requests, a buffer for answers, the analyzers and streams alive.
//! - `options`: settings as JSON. `answer`: answers as JSON. `error`: what can go wrong.
//! - `image_file`: what is wrong with a file that the browser does not decode.

#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod error;
mod exports;
mod image_file;
mod options;
mod session;
