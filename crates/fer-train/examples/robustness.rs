//! The robustness table of docs/model.md: the built-in models, or others of their kinds, on corrupted validation faces, each against
//! its own kind of label.
//!
//! ```text
//! cargo run --release --package fer-train --example robustness -- DATA/fer2013 [CROWD FOLDER]
//! ```

use std::error::Error;
use std::path::PathBuf;

use fer_core::{Classifier, Model};
use fer_train::robustness::{Corruption, RobustnessRow, robustness};
use fer_train::{ClassFolders, ScanOptions, Votes};

fn main() -> Result<(), Box<dyn Error>> {
    let data: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("expected a dataset folder with validation and ferplus_votes.csv")?
        .into();
    let folder = ClassFolders::scan(data.join("validation"), ScanOptions::default())?;
    let votes = Votes::load(&data.join("ferplus_votes.csv"))?;
    let rows = |model: &str, votes| {
        let classifier = Classifier::from_model(Model::find(model)?)?;
        robustness(
            &classifier,
            &folder,
            votes,
            &Corruption::TABLE,
            0,
            |corruption| {
                eprintln!("{model}: {corruption}");
            },
        )
    };
    let model = |place, default: &str| std::env::args().nth(place).unwrap_or(default.into());
    let crowd = rows(&model(2, "crowd"), Some(&votes))?;
    let by_folder = rows(&model(3, "folder"), None)?;
    if let (Some(crowd), Some(by_folder)) = (crowd.first(), by_folder.first()) {
        println!(
            "`crowd`: consensus-4 labels, n = {}; `folder`: folder labels, n = {}\n",
            crowd.n, by_folder.n
        );
    }
    println!(
        "| faces | `crowd` accuracy [95 %] | balanced | `folder` accuracy [95 %] | balanced |"
    );
    println!("|---|---|---:|---|---:|");
    for (crowd, folder) in crowd.iter().zip(&by_folder) {
        println!(
            "| {} | {} | {} |",
            crowd.corruption,
            cells(crowd),
            cells(folder)
        );
    }
    Ok(())
}

fn cells(row: &RobustnessRow) -> String {
    let [low, high] = row.accuracy_ci95;
    format!(
        "{:.3} [{low:.3}, {high:.3}] | {:.3}",
        row.accuracy, row.balanced_accuracy
    )
}
