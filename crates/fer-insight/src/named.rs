//! Values by the names of their columns, as JSON objects.

use serde::{Serialize, Serializer};

/// Pairs of name and value that serialize as one object.
#[derive(Debug, Clone)]
pub(crate) struct Named<I>(pub(crate) I);

impl<'a, I: Iterator<Item = (&'a str, &'a str)> + Clone> Serialize for Named<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

/// Pairs columns with values.
pub(crate) fn by_name<'a>(
    columns: &'a [String],
    values: &'a [String],
) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
    let columns = columns.iter().map(String::as_str);
    columns.zip(values.iter().map(String::as_str))
}

/// Serializes pairs of name and value as one object.
pub(crate) fn pairs<S: Serializer>(
    pairs: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
