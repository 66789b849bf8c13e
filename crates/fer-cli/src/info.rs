//! `fer info`: the facts about a model.

use comfy_table::Table;
use fer_kit::{describe, load_classifier};
use serde_json::Value;

use crate::args::InfoArgs;
use crate::{Error, Result, Status, terminal};

pub(crate) fn run(args: &InfoArgs) -> Result<Status> {
    let classifier = load_classifier(args.model.as_deref(), None, 0)?;
    let info =
        serde_json::to_value(describe(&classifier)).map_err(|error| Error::Format(error.into()))?;
    let mut table = terminal::table(&["property", "value"]);
    add_rows(&mut table, "", &info);
    terminal::print_table(&table)?;
    Ok(Status::Success)
}

/// Adds one row per value; names inside sections follow the section's.
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
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), rounded),
        value => value.to_string(),
    }
}

/// Writes whole numbers whole, and others with four significant digits.
fn rounded(number: f64) -> String {
    if number.fract() == 0.0 {
        return format!("{number:.0}");
    }
    let integer_digits = number.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from(4 - integer_digits).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded() {
        for (number, text) in [
            (44.0, "44"),
            (0.49803128838539124, "0.498"),
            (0.029999999329447746, "0.03"),
            (-1.23456, "-1.235"),
            (123_456.7, "123457"),
            (0.000123456, "0.0001235"),
            (0.0, "0"),
        ] {
            assert_eq!(rounded(number), text);
        }
    }
}
