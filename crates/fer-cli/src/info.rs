//! `fer info`: what a model says of itself.

use comfy_table::Table;
use fer_kit::{describe, load_classifier};
use serde_json::Value;

use crate::args::InfoArgs;
use crate::{Error, Result, Status, terminal};

pub(crate) fn run(args: &InfoArgs) -> Result<Status> {
    let classifier = load_classifier(args.model.as_deref(), None, 0)?;
    let info =
        serde_json::to_value(describe(&classifier)).map_err(|error| Error::Format(error.into()))?;
    let mut table = terminal::table(&["", ""]);
    add_rows(&mut table, "", &info);
    terminal::print_table(&table)?;
    Ok(Status::Success)
}

/// One row a value; names inside sections follow the section's.
fn add_rows(table: &mut Table, name: &str, value: &Value) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                add_rows(table, &name, value);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            table.add_row([name, &items.join(", ")]);
        }
        value => {
            table.add_row([name, &plain(value)]);
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
