//! Lists the sample images that `write_demo` carries.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Images per class of each split: all samples together stay under 600 kB.
const SPLITS: [(&str, usize); 3] = [("train", 24), ("validation", 8), ("test", 8)];
const CLASSES: [&str; 4] = ["happy", "neutral", "sad", "surprise"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut list = String::from("&[\n");
    // Outside the repository, as in a published crate, there are no samples.
    if let Ok(examples) = examples.canonicalize() {
        let mut folders = vec![("photos".to_owned(), usize::MAX)];
        for (split, count) in SPLITS {
            folders.extend(CLASSES.map(|class| (format!("faces/{split}/{class}"), count)));
        }
        for (folder, count) in folders {
            println!(
                "cargo::rerun-if-changed={}",
                examples.join(&folder).display()
            );
            for file in images(&examples.join(&folder))?.into_iter().take(count) {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                writeln!(
                    list,
                    "    ({:?}, include_bytes!({file:?})),",
                    format!("{folder}/{name}")
                )?;
            }
        }
    }
    list.push_str("]\n");
    std::fs::write(
        Path::new(&std::env::var("OUT_DIR")?).join("samples.rs"),
        list,
    )?;
    Ok(())
}

/// Returns the JPEG files of a folder by name.
fn images(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
