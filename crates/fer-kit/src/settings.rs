//! Training settings by name, as flags and keywords give them.

use fer_train::TrainConfig;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Returns `base` with `options` by name on top. A section in `options` changes only the settings that it names.
///
/// # Errors
/// [`Error::Settings`] for an unknown name or a value of the wrong type, with the names that exist; [`Error::Train`] for a value out
/// of range.
pub(crate) fn with_options(base: &TrainConfig, options: Map<String, Value>) -> Result<TrainConfig> {
    let mut settings = serde_json::to_value(base).map_err(settings_error)?;
    merge(&mut settings, Value::Object(options));
    let config: TrainConfig = serde_json::from_value(settings).map_err(settings_error)?;
    config.validate()?;
    Ok(config)
}

fn settings_error(error: serde_json::Error) -> Error {
    Error::Settings {
        reason: error.to_string(),
    }
}

/// Lays `changes` over `settings`: entry by entry in objects, as a whole elsewhere.
fn merge(settings: &mut Value, changes: Value) {
    match (settings, changes) {
        (Value::Object(settings), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(settings.entry(name).or_insert(Value::Null), change);
            }
        }
        (settings, change) => *settings = change,
    }
}

#[cfg(test)]
mod tests {
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
        let changed = config(json!({"epochs": 3, "augmentation": {"flip": 0.0}})).unwrap();
        let mut expected = TrainConfig {
            epochs: 3,
            ..TrainConfig::default()
        };
        expected.augmentation.flip = 0.0;
        assert_eq!(changed, expected);
    }

    #[test]
    fn unknown_names_and_wrong_types_are_refused_with_what_exists() {
        let error = config(json!({"epoch": 3})).unwrap_err();
        assert!(
            error.to_string().contains("`epoch`") && error.to_string().contains("`epochs`"),
            "{error}"
        );
        let error = config(json!({"epochs": "many"})).unwrap_err();
        assert!(error.to_string().contains("many"), "{error}");
        assert!(matches!(
            config(json!({"epochs": 0})).unwrap_err(),
            Error::Train(_)
        ));
    }
}
