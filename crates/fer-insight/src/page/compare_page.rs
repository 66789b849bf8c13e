//! The page of a comparison.

use super::shares_page::{METHOD, grid};
use super::{Origin, Parts, panels, render};
use crate::Result;
use crate::compare::Comparison;
use crate::document::Document;

const TESTS: &str = "Tests: permutation of people, the largest of the four statistics in each pair (Westfall and Young 1993; \
                     Phipson and Smyth 2010), Holm (1979) or Benjamini and Hochberg (1995) over pairs.";

impl Document<Comparison> {
    /// Renders the page of the comparison: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let shares = &self.result.shares;
        let parts = Parts {
            kind: "Comparison of expressions",
            headline: self.result.headline(),
            sections: vec![panels::differences(&self.result), panels::shares(shares)],
            table: Some(grid(shares)),
            method: METHOD.into_iter().chain([TESTS]).collect(),
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}
