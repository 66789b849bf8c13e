//! Predicts the apparent emotion of one face.
//!
//!     cargo run --release --example predict -- examples/faces/test/happy/happy_000.jpg

use fer_core::{Classifier, Image};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: predict IMAGE")?;
    let classifier = Classifier::pretrained()?;
    let face = Image::open(path)?;
    let prediction = classifier.predict(&face.view())?;
    println!("{} {:.3}", prediction.emotion(), prediction.confidence());
    Ok(())
}
