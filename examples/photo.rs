//! Finds the faces of a photo and prints them as the line of JSON that `fer predict --format json` prints.
//!
//!     cargo run --release --example photo -- examples/photos/group.jpg

use fer_core::Classifier;
use fer_vision::{Analyzer, AnalyzerOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: photo IMAGE")?;
    let analyzer = Analyzer::new(Classifier::pretrained()?, AnalyzerOptions::default())?;
    println!("{}", serde_json::to_string(&analyzer.path(path))?);
    Ok(())
}
