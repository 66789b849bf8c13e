//! `fer insight simulate`.

use fer_core::Emotion;
use fer_insight::{SimulateOptions, simulate};
use serde_json::json;

use super::args::SimulateArgs;
use crate::terminal::{self, print};
use crate::{Error, Result, Status, files};

pub(super) fn run(args: &SimulateArgs) -> Result<Status> {
    let (_, reference) =
        fer_kit::insight::reference(args.model.as_deref(), args.reference.as_deref())?;
    let options = SimulateOptions {
        shares: args.shares,
        unclear: args.unclear,
        people: args.people,
        faces_per_person: args.faces_per_person,
        seed: args.seed,
    };
    let simulation = simulate(&reference, &options)?;
    files::write_new_text(&args.out, &simulation.to_csv())?;
    if args.json {
        let facts = json!({
            "people": args.people,
            "faces": simulation.faces.len(),
            "truth": simulation.truth,
        });
        let json = serde_json::to_string_pretty(&facts);
        print(json.map_err(|error| Error::Format(error.into()))?)?;
    } else {
        let mut table = terminal::table(&["expression", "true share"]);
        for emotion in Emotion::ALL {
            let share = format!("{:.1} %", 100.0 * simulation.truth[emotion]);
            table.add_row([emotion.label().to_owned(), share]);
        }
        terminal::print_table(&table)?;
    }
    Ok(Status::Success)
}
