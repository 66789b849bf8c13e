//! Training settings by name, as flags and keywords give them.

use fer_train::TrainConfig;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Settings that are tables of settings. Any other object is one value, such as `{"fixed": {..}}` for `normalization`.
const SECTIONS: [&str; 6] = [
    "model",
    "augmentation",
    "votes",
    "extra",
    "start",
    "distillation",
];

/// Settings that are left out while they have no value.
const OPTIONAL: [&str; 4] = ["votes.file", "extra.folder", "extra.votes", "start.model"];

/// Names this similar (Jaro-Winkler) are taken for slips.
const SIMILAR: f64 = 0.8;

/// Returns `base` with `options` by name on top. A section in `options` changes only the settings that it names.
///
/// # Errors
/// [`Error::Settings`] for an unknown name or a value of the wrong type; [`Error::Train`] for a value out of range.
pub(crate) fn with_options(base: &TrainConfig, options: Map<String, Value>) -> Result<TrainConfig> {
    let mut settings = serde_json::to_value(base).map_err(|error| Error::Settings {
        reason: error.to_string(),
    })?;
    // One by one, so that an error names the setting.
    for (name, value) in options {
        match value {
            Value::Object(entries) if SECTIONS.contains(&name.as_str()) => {
                for (entry, value) in entries {
                    set(&mut settings, &[&name, &entry], value)?;
                }
            }
            value => set(&mut settings, &[&name], value)?,
        }
    }
    let config = parse(settings, "settings")?;
    config.validate()?;
    Ok(config)
}

/// Replaces the setting at `path`, the names from the outermost to its own.
fn set(settings: &mut Value, path: &[&str], value: Value) -> Result<()> {
    let full_name = path.join(".");
    let mut place = &mut *settings;
    for name in path {
        let Value::Object(entries) = place else {
            return Err(unknown(&full_name, &[]));
        };
        if !entries.contains_key(*name) && !OPTIONAL.contains(&full_name.as_str()) {
            let known: Vec<&str> = entries.keys().map(String::as_str).collect();
            return Err(unknown(&full_name, &known));
        }
        place = entries.entry(*name).or_insert(Value::Null);
    }
    *place = value;
    parse(settings.clone(), &full_name).map(drop)
}

fn parse(settings: Value, name: &str) -> Result<TrainConfig> {
    serde_json::from_value(settings).map_err(|error| Error::Settings {
        reason: format!("`{name}`: {}", plain_types(&error.to_string())),
    })
}

/// Names types as users know them.
fn plain_types(message: &str) -> String {
    message
        .replace("expected usize", "expected a whole number of at least 0")
        .replace("expected u64", "expected a whole number of at least 0")
        .replace("expected f32", "expected a number")
        .replace("expected f64", "expected a number")
}

/// Returns the error for a name that does not exist, with the one probably meant or all that exist beside it.
fn unknown(full_name: &str, known: &[&str]) -> Error {
    let name = full_name.rsplit('.').next().unwrap_or(full_name);
    let closest = known
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let advice = match closest {
        Some((similarity, closest)) if similarity >= SIMILAR => {
            format!("did you mean `{closest}`?")
        }
        _ => format!("the settings are {}", known.join(", ")),
    };
    Error::Settings {
        reason: format!("there is no `{full_name}`; {advice}"),
    }
}

#[cfg(test)]
mod tests {
    use fer_core::Normalization;
    use serde_json::json;

    use super::*;

    fn config(options: Value) -> Result<TrainConfig> {
        match options {
            Value::Object(options) => with_options(&TrainConfig::default(), options),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn no_options_are_the_base() {
        assert_eq!(config(json!({})).unwrap(), TrainConfig::default());
    }

    #[test]
    fn options_change_what_they_name_and_nothing_else() {
        let changed = config(json!({
            "epochs": 3,
            "augmentation": {"flip": 0.0},
            "votes": {"file": "v.csv"}
        }));
        let mut expected = TrainConfig {
            epochs: 3,
            ..TrainConfig::default()
        };
        expected.augmentation.flip = 0.0;
        expected.votes.file = Some("v.csv".into());
        assert_eq!(changed.unwrap(), expected);
    }

    #[test]
    fn every_section_and_no_other_setting_is_a_table_of_settings() {
        let settings = serde_json::to_value(TrainConfig::default()).unwrap();
        for section in SECTIONS {
            assert!(settings[section].is_object(), "{section}");
        }
        let toml: Vec<&str> = settings
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, value)| value.is_object() && !SECTIONS.contains(&name.as_str()))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(toml, ["normalization"], "an enum with data: one value");
    }

    #[test]
    fn a_choice_with_data_is_replaced_as_a_whole() {
        let changed = config(json!({"normalization": {"fixed": {"mean": 127.5, "std": 64.0}}}));
        assert_eq!(
            changed.unwrap().normalization,
            Normalization::Fixed {
                mean: 127.5,
                std: 64.0
            }
        );
    }

    #[test]
    fn a_misspelled_name_is_refused_with_the_one_meant() {
        for (options, name, meant) in [
            (json!({"epoch": 3}), "`epoch`", "did you mean `epochs`?"),
            (
                json!({"augmentation": {"flipp": 0.5}}),
                "`augmentation.flipp`",
                "did you mean `flip`?",
            ),
            (json!({"color": 1}), "`color`", "the settings are epochs,"),
        ] {
            let error = config(options).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(meant), "{error}");
        }
    }

    #[test]
    fn a_wrong_type_is_refused_with_the_name_of_the_setting() {
        let error = config(json!({"epochs": "many"})).unwrap_err().to_string();
        assert!(
            error.contains("`epochs`")
                && error.contains("many")
                && error.contains("a whole number of at least 0"),
            "{error}"
        );
        let error = config(json!({"votes": 3})).unwrap_err().to_string();
        assert!(error.contains("`votes`"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        assert!(matches!(
            config(json!({"epochs": 0})).unwrap_err(),
            Error::Train(_)
        ));
    }
}
