//! Errors of rendering a page.

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A page that cannot be rendered: a fault of its template, never of the figures.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the page `{template}`")]
pub struct Error {
    template: String,
    source: minijinja::Error,
}

impl Error {
    pub(crate) fn new(template: &str, source: minijinja::Error) -> Self {
        Self {
            template: template.to_owned(),
            source,
        }
    }

    /// Returns a stable name of the kind of error, in snake case.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        "report"
    }
}
