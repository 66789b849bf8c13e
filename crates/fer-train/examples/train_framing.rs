//! Trains the network that frames faces, `crates/fer-vision/models/framing.safetensors`.
//!
//! ```text
//! cargo run --release -p fer-train --example train_framing -- DATA/fer2013 OUT.safetensors [EPOCHS]
//! ```
//!
//! The same data gives the same file, on any number of threads, on machines of the same instructions.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use fer_core::framing::FramingNet;
use fer_core::{Threads, write_atomic};
use fer_train::framing::{FramingConfig, FramingErrors, train_framing};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(data), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("expected DATA OUT.safetensors [EPOCHS]".into());
    };
    let mut config = FramingConfig::default();
    if let Some(epochs) = arguments.next() {
        config.epochs = epochs.to_string_lossy().parse()?;
    }
    if out.exists() {
        return Err(format!("{}: there is a file already", out.display()).into());
    }
    let threads = 1;
    println!("| epoch | loss | shift, sides | size, log | turn, degrees |\n|---|---|---|---|---|");
    let row = |name: &str, loss: f64, errors: &FramingErrors| {
        println!(
            "| {name} | {loss:.4} | {:.4} | {:.4} | {:.2} |",
            errors.shift, errors.growth, errors.turn
        );
    };
    let weights = train_framing(&data, &config, &Threads::new(threads)?, |epoch| {
        if epoch.epoch == 1 {
            row("unchanged", f64::NAN, &epoch.without);
        }
        row(&epoch.epoch.to_string(), epoch.loss, &epoch.errors);
    })?;
    write_atomic(&out, &FramingNet::to_bytes(&weights)?)?;
    Ok(())
}
