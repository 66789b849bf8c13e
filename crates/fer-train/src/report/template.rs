//! The templates and what they may call.

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::error::Result;

/// Every template by the name that the others include it under.
const TEMPLATES: [(&str, &str); 7] = [
    ("page.html", include_str!("templates/page.html")),
    ("style.css", include_str!("templates/style.css")),
    ("charts.html", include_str!("templates/charts.html")),
    ("scores.html", include_str!("templates/scores.html")),
    ("training.html", include_str!("templates/training.html")),
    ("evaluation.html", include_str!("templates/evaluation.html")),
    ("audit.html", include_str!("templates/audit.html")),
];

/// Renders a template. Text is escaped, for file names are anybody's.
pub(super) fn render(name: &str, context: impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    environment.add_filter("percent", percent);
    environment.add_filter("fixed", fixed);
    environment.add_filter("total", total);
    Ok(environment.get_template(name)?.render(Serde(context))?)
}

/// A share as a percentage with one digit after the point, or a dash where there is none.
fn percent(share: &Value, digits: Option<usize>) -> String {
    let digits = digits.unwrap_or(1);
    f64::try_from(share.clone()).map_or_else(
        |_| "\u{2013}".to_owned(),
        |share| format!("{:.digits$}\u{a0}%", 100.0 * share),
    )
}

/// A number with a fixed count of digits after the point, or a dash where there is none.
fn fixed(number: &Value, digits: usize) -> String {
    f64::try_from(number.clone()).map_or_else(
        |_| "\u{2013}".to_owned(),
        |number| format!("{number:.digits$}"),
    )
}

/// The sum of a list of counts, or of the values of a map of counts.
fn total(counts: &Value) -> Result<i64, minijinja::Error> {
    let count = |item: Value| match counts.kind() {
        ValueKind::Map => counts.get_item(&item).and_then(i64::try_from),
        _ => i64::try_from(item),
    };
    counts.try_iter()?.map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_fixed_digits_and_missing_ones_a_dash() {
        assert_eq!(percent(&Value::from(0.8346), None), "83.5\u{a0}%");
        assert_eq!(percent(&Value::from(1), Some(0)), "100\u{a0}%");
        assert_eq!(percent(&Value::from(()), None), "\u{2013}");
        assert_eq!(fixed(&Value::from(0.12349), 3), "0.123");
    }

    #[test]
    fn totals_are_of_lists_and_of_the_values_of_maps() {
        assert_eq!(total(&Value::from(vec![1, 2, 3])).unwrap(), 6);
        assert_eq!(
            total(&Value::from(Serde(fer_core::PerEmotion([1, 2, 3, 4])))).unwrap(),
            10
        );
        assert!(total(&Value::from("text")).is_err());
    }
}
