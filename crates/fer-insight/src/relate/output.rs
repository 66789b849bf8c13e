//! Relations as a flat table and in words.

use super::{Association, Measure, Relation};
use crate::flat::{Cell, FlatTable, estimate, text};
use crate::words::p_value;

impl Relation {
    /// Returns one row for each association: `figure`, `estimate`, `low`, `high`, `p`.
    pub fn flat(&self) -> FlatTable {
        let mut table =
            FlatTable::new(["figure", "estimate", "low", "high", "p"].map(String::from));
        table.rows = self
            .figures()
            .map(|(name, association)| {
                let mut row = vec![text(name)];
                row.extend(estimate(Some(&association.estimate)));
                row.push(Cell::Number(association.p));
                row
            })
            .collect();
        table
    }

    /// Returns the associations with their names.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, &Association)> {
        let shares = self
            .shares
            .iter()
            .map(|(emotion, of)| (emotion.label(), of));
        shares.chain([("net", &self.net), ("expressive", &self.expressive)])
    }

    /// Returns the result in one sentence.
    pub fn headline(&self) -> String {
        let net = &self.net;
        let figure = &net.estimate;
        let measure = match self.measure {
            Measure::Spearman => "rank correlation",
            Measure::Auc => "AUC",
        };
        let figures = format!(
            "{measure} {:.2}, {:.2} to {:.2}, p {}",
            figure.estimate,
            figure.low,
            figure.high,
            p_value(net.p)
        );
        if net.p > 0.05 {
            format!(
                "Net, happy minus sad, tells nothing about the outcome that chance does not ({figures}; {} people).",
                self.people
            )
        } else {
            format!(
                "Net, happy minus sad, goes with the outcome ({figures}; {} people).",
                self.people
            )
        }
    }
}
