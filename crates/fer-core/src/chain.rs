//! Errors in one line for people, and as JSON.

use std::error::Error as StdError;

use serde::Serialize;

use crate::ErrorKind;

/// Writes an error and its causes in one line for people: "what: why: why".
///
/// A cause that the line ends with already is not repeated: some libraries put it into their own message.
///
/// ```
/// use fer_core::{Error, chain};
///
/// let error = Error::NotAnImage.at("face.jpg");
/// assert_eq!(error.to_string(), "face.jpg");
/// assert!(chain(&error).starts_with("face.jpg: not an image"));
/// ```
pub fn chain(error: &dyn StdError) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !line.ends_with(&message) {
            line.push_str(": ");
            line.push_str(&message);
        }
        next = cause.source();
    }
    line
}

/// An error as every crate writes it in JSON: its kind, and its [`chain`] as the message.
///
/// ```
/// use fer_core::{Error, ErrorJson};
///
/// let error = Error::NotAnImage;
/// let json = ErrorJson::new(error.kind(), &error);
/// assert_eq!(serde_json::to_value(json)?, serde_json::to_value(&error)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorJson {
    kind: ErrorKind,
    message: String,
}

impl ErrorJson {
    /// Describes an error of the given kind.
    pub fn new(kind: ErrorKind, error: &dyn StdError) -> Self {
        Self {
            kind,
            message: chain(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::Error;

    #[test]
    fn a_chain_holds_every_cause_once() {
        let reason = io::Error::other("no more paper");
        let broken = Error::CorruptImage {
            format: "PNG",
            source: reason.into(),
        };
        assert_eq!(
            chain(&broken.at("a.png")),
            "a.png: corrupt PNG image: no more paper"
        );
        // The decoder's own message ends with its cause.
        let error = image_error();
        assert_eq!(chain(&error), error.to_string());
    }

    fn image_error() -> impl StdError {
        #[derive(Debug, thiserror::Error)]
        #[error("format error: {0}")]
        struct Repeats(#[source] io::Error);
        Repeats(io::Error::other("bad marker"))
    }
}
