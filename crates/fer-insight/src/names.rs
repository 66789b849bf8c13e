//! Names of purposes, grounds and settings, as commands and Python take them.

use std::str::FromStr;

use crate::compare::Adjust;
use crate::effective::Weight;
use crate::kinds::{Basis, Purpose};
use crate::{Error, Result};

impl FromStr for Purpose {
    type Err = Error;

    /// Reads the name of a purpose; `education` is `workplace`.
    fn from_str(text: &str) -> Result<Self> {
        named(
            "purpose",
            text,
            &[
                ("audience", Self::Audience),
                ("customers", Self::Customers),
                ("campaign", Self::Campaign),
                ("workplace", Self::Workplace),
                ("clinical", Self::Clinical),
                ("education", Self::Workplace),
            ],
        )
    }
}

impl FromStr for Basis {
    type Err = Error;

    /// Reads `outside-eu`, `safety` or `medical`.
    fn from_str(text: &str) -> Result<Self> {
        named(
            "basis",
            text,
            &[
                ("outside-eu", Self::OutsideEu),
                ("safety", Self::Safety),
                ("medical", Self::Medical),
            ],
        )
    }
}

impl FromStr for Weight {
    type Err = Error;

    /// Reads `cluster` or `faces`.
    fn from_str(text: &str) -> Result<Self> {
        let values = [("cluster", Self::Cluster), ("faces", Self::Faces)];
        named("weight", text, &values)
    }
}

impl FromStr for Adjust {
    type Err = Error;

    /// Reads `holm` or `bh`.
    fn from_str(text: &str) -> Result<Self> {
        let values = [("holm", Self::Holm), ("bh", Self::BenjaminiHochberg)];
        named("adjust", text, &values)
    }
}

/// Returns the value that `text` names.
///
/// # Errors
/// [`Error::InvalidArgument`] with all names.
fn named<T: Copy>(argument: &'static str, text: &str, values: &[(&str, T)]) -> Result<T> {
    let found = values.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        Error::InvalidArgument {
            name: argument,
            expected: names.join(", "),
            found: format!("{text:?}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_refused_with_all_of_them() {
        assert_eq!("education".parse::<Purpose>().unwrap(), Purpose::Workplace);
        assert_eq!("outside-eu".parse::<Basis>().unwrap(), Basis::OutsideEu);
        assert_eq!("faces".parse::<Weight>().unwrap(), Weight::Faces);
        assert_eq!("bh".parse::<Adjust>().unwrap(), Adjust::BenjaminiHochberg);
        let error = "fun".parse::<Purpose>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("purpose is \"fun\": expected audience, customers")
        );
    }
}
