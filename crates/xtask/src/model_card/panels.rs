//! Parts of the model card that examples of fer-train print: the agreement of people, and validation faces of all folders.

use std::path::Path;
use std::process::Command;

use super::MODELS;
use crate::Outcome;
use crate::fer_command::build_fer;
use crate::process::run_reading;

/// The folder beside the dataset with the other three folders of FER2013.
const OTHER_FOLDERS: &str = "../fer2013_other";

/// The part on validation faces, which is kept where the other folders are not at hand.
pub(super) const VALIDATION_FACES: &str = "validation-faces";

/// Returns the sections by the names of their marks; `audit` is the JSON of `fer audit` on `data`.
pub(super) fn sections(
    root: &Path,
    data: &Path,
    audit: &Path,
) -> Outcome<Vec<(&'static str, String)>> {
    let examples = build_fer(root)?.with_file_name("examples");
    let mut sections = vec![(
        "second-panel",
        output(
            Command::new(examples.join("second_panel"))
                .arg(data)
                .arg(audit),
        )?,
    )];
    let other_folders = data.join(OTHER_FOLDERS);
    if other_folders.is_dir() {
        let mut hard_faces = Command::new(examples.join("hard_faces"));
        hard_faces.arg(data).arg(other_folders).args(MODELS);
        // The comparison of the models, which follows the tables, is no part of the card: their labels differ.
        let printed = output(&mut hard_faces)?;
        let tables = printed.split("\n\n").take(2).collect::<Vec<_>>();
        sections.push((VALIDATION_FACES, format!("{}\n", tables.join("\n\n"))));
    }
    Ok(sections)
}

fn output(command: &mut Command) -> Outcome<String> {
    let mut printed = String::new();
    run_reading(command, |line| {
        printed.push_str(line);
        printed.push('\n');
    })?;
    Ok(printed)
}
