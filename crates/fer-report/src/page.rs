//! The template engine: shared templates and the filters that templates may call.

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::error::{Error, Result};

/// Name and version of the software that wrote a page.
pub const SOFTWARE: &str = concat!("fer ", env!("CARGO_PKG_VERSION"));

/// Shared templates by the names under which others extend, import or include them.
const SHARED: [(&str, &str); 3] = [
    ("page.html", include_str!("templates/page.html")),
    ("style.css", include_str!("templates/style.css")),
    ("charts.html", include_str!("templates/charts.html")),
];

/// Renders the template `name`, one of `templates` (pairs of name and text), which may use each other and the shared
/// ones (`page.html`, `style.css`, `charts.html`) by name.
///
/// Text from `context` is escaped in templates whose name ends in `.html`. The filters are `percent` (of a share),
/// `fixed` (digits after the point) and `total` (of a list or map of counts).
///
/// # Errors
/// [`Error`] if a template is faulty or lacks a variable that it calls a filter on.
pub fn render(templates: &[(&str, &str)], name: &str, context: impl Serialize) -> Result<String> {
    rendered(templates, name, context).map_err(|source| Error::new(name, source))
}

fn rendered(
    templates: &[(&str, &str)],
    name: &str,
    context: impl Serialize,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    for &(name, source) in SHARED.iter().chain(templates) {
        environment.add_template(name, source)?;
    }
    environment.add_filter("percent", percent);
    environment.add_filter("fixed", fixed);
    environment.add_filter("total", total);
    environment.get_template(name)?.render(Serde(context))
}

/// Formats a share as a percentage with one digit after the point, or a dash if there is none.
fn percent(share: &Value, digits: Option<usize>) -> String {
    let digits = digits.unwrap_or(1);
    f64::try_from(share.clone()).map_or_else(
        |_| "\u{2013}".to_owned(),
        |share| format!("{:.digits$}\u{a0}%", 100.0 * share),
    )
}

/// Formats a number with a fixed count of digits after the point, or a dash if there is none.
fn fixed(number: &Value, digits: usize) -> String {
    f64::try_from(number.clone()).map_or_else(
        |_| "\u{2013}".to_owned(),
        |number| format!("{number:.digits$}"),
    )
}

/// Sums a list of counts, or the values of a map of counts.
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

    #[test]
    fn pages_escape_text_and_say_who_wrote_them() {
        let template = r#"{% extends "page.html" %}{% block content %}{{ text }}{% endblock %}"#;
        let context = [("text", "<b>"), ("title", "A & B"), ("software", SOFTWARE)];
        let context: std::collections::BTreeMap<_, _> = context.into();
        let html = render(&[("mine.html", template)], "mine.html", context).unwrap();
        assert!(
            html.contains("&lt;b&gt;") && html.contains("A &amp; B") && html.contains(SOFTWARE)
        );
    }

    #[test]
    fn a_faulty_template_is_named_and_its_fault_is_the_source() {
        let error = render(&[("mine.html", "{% if %}")], "mine.html", ()).unwrap_err();
        assert_eq!(error.to_string(), "cannot render the page `mine.html`");
        assert!(
            std::error::Error::source(&error)
                .unwrap()
                .to_string()
                .contains("syntax error")
        );
    }
}
