//! Pages of a training, an evaluation and an audit, composed from the parts of `fer-report`.

mod audit_page;
mod scores_page;

use serde::Serialize;

pub use audit_page::audit_html;
pub(crate) use scores_page::calibration_warnings;
pub use scores_page::{evaluation_html, training_html};

use crate::error::Result;

/// The templates of this crate; they extend and import those of `fer-report`.
const TEMPLATES: [(&str, &str); 4] = [
    ("scores.html", include_str!("report/templates/scores.html")),
    (
        "training.html",
        include_str!("report/templates/training.html"),
    ),
    (
        "evaluation.html",
        include_str!("report/templates/evaluation.html"),
    ),
    ("audit.html", include_str!("report/templates/audit.html")),
];

/// Renders the template `name` of this crate.
fn render(name: &str, context: impl Serialize) -> Result<String> {
    Ok(fer_report::render(&TEMPLATES, name, context)?)
}
