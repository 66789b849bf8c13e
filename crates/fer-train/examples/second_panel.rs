//! Agreement of people: what one panel of ten voters says of a photograph against the consensus of another panel. Nobody voted twice on
//! one image, but the dataset holds photographs twice, treated differently, and each copy was voted on by a panel of its own.
//!
//! The agreement is weighted to the classes, and to the shares of the votes, of the test images on which models are scored.
//!
//! ```text
//! fer audit DATA/fer2013 --json audit.json
//! cargo run --release --package fer-train --example second_panel -- DATA/fer2013 audit.json
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use fer_core::Emotion;
use fer_train::audit::{Audit, Duplicate};
use fer_train::{Ballot, Votes};

/// A class, and how many tenths of the voters chose it.
type Cell = (Emotion, u32);

/// Answers of one panel to images of a [`Cell`].
#[derive(Clone, Copy, Default)]
struct Tally {
    answers: f64,
    right: f64,
}

/// A weighted share and the variance of its estimate.
struct Share {
    value: f64,
    variance: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, audit] = &arguments[..] else {
        return Err("expected the folder fer2013 and the JSON of `fer audit`".into());
    };
    let votes = Votes::load(&Path::new(data).join("ferplus_votes.csv"))?;
    let audit: Audit = serde_json::from_slice(&fs::read(audit)?)?;
    let weights = scored_cells(Path::new(data), &audit, &votes)?;
    println!(
        "| near copies | answers | accuracy [95 %] | balanced [95 %] | happy | sad | neutral | surprise |\n\
         |---|---:|---|---|---:|---:|---:|---:|"
    );
    for (title, with_equal) in [
        ("all", true),
        ("without those of exactly the same votes", false),
    ] {
        let tallies = tally(&audit.near, &votes, with_equal);
        let answers: f64 = tallies.values().map(|tally| tally.answers).sum();
        let accuracy = share(&weights, &tallies, |_| true);
        let recalls = Emotion::ALL.map(|class| share(&weights, &tallies, |cell| cell.0 == class));
        let count = recalls.len() as f64;
        let balanced = Share {
            value: recalls.iter().map(|recall| recall.value).sum::<f64>() / count,
            variance: recalls.iter().map(|recall| recall.variance).sum::<f64>() / count.powi(2),
        };
        let recalls = recalls.map(|recall| format!("{:.3}", recall.value));
        println!(
            "| {title} | {answers} | {} | {} | {} |",
            with_interval(&accuracy),
            with_interval(&balanced),
            recalls.join(" | ")
        );
    }
    Ok(())
}

/// The number of images per cell among the test images without a copy in train or validation.
fn scored_cells(
    data: &Path,
    audit: &Audit,
    votes: &Votes,
) -> Result<BTreeMap<Cell, f64>, Box<dyn Error>> {
    let mut cells = BTreeMap::new();
    for class in Emotion::ALL {
        for file in fs::read_dir(data.join("test").join(class.label()))? {
            let image = format!(
                "test/{class}/{}",
                file?.file_name().to_string_lossy(),
                class = class.label()
            );
            let ballot = votes.of(Path::new(&image));
            if let Some(cell) = ballot.as_ref().and_then(cell)
                && !audit.leaked.test.contains(&image)
            {
                *cells.entry(cell).or_default() += 1.0;
            }
        }
    }
    Ok(cells)
}

/// The class that more than half of the voters chose, and by how many tenths of them.
fn cell(ballot: &Ballot) -> Option<Cell> {
    let class = ballot.consensus()?;
    let chosen = u32::from(ballot.emotions[class.index()]);
    Some((class, (10 * chosen).div_ceil(ballot.total())))
}

/// Lets the panel of each copy answer for the other copy.
fn tally(near: &[Duplicate], votes: &Votes, with_equal: bool) -> BTreeMap<Cell, Tally> {
    let mut tallies: BTreeMap<Cell, Tally> = BTreeMap::new();
    for pair in near {
        let (Some(a), Some(b)) = (votes.of(Path::new(&pair.a)), votes.of(Path::new(&pair.b)))
        else {
            continue;
        };
        if a == b && !with_equal {
            continue;
        }
        for (panel, truth) in [(&a, &b), (&b, &a)] {
            if let Some(cell) = cell(truth) {
                let tally = tallies.entry(cell).or_default();
                tally.answers += 1.0;
                tally.right += f64::from(u8::from(panel.plurality() == cell.0));
            }
        }
    }
    tallies
}

/// The share of right answers in the cells that `belongs`, weighted by `weights`; cells that no panel answered for do not count.
fn share(
    weights: &BTreeMap<Cell, f64>,
    tallies: &BTreeMap<Cell, Tally>,
    belongs: impl Fn(&Cell) -> bool,
) -> Share {
    let cells: Vec<(f64, Tally)> = weights
        .iter()
        .filter(|(cell, _)| belongs(cell))
        .filter_map(|(cell, &weight)| Some((weight, *tallies.get(cell)?)))
        .collect();
    let total: f64 = cells.iter().map(|(weight, _)| weight).sum();
    let mut share = Share {
        value: 0.0,
        variance: 0.0,
    };
    for (weight, tally) in cells {
        let (weight, right) = (weight / total, tally.right / tally.answers);
        share.value += weight * right;
        share.variance += weight.powi(2) * right * (1.0 - right) / tally.answers;
    }
    share
}

fn with_interval(share: &Share) -> String {
    let margin = 1.96 * share.variance.sqrt();
    let (low, high) = (share.value - margin, share.value + margin);
    format!("{:.3} [{low:.3}, {high:.3}]", share.value)
}
