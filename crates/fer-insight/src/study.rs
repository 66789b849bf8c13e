//! From a table to a result that may be shown: the policy first, suppression last.

use crate::compare::{CompareOptions, Comparison, compare, compare_by_labels};
use crate::counting::tally;
use crate::document::{Document, Estimator, LabelUse, Settings, Statement};
use crate::kinds::{Analysis, Purpose};
use crate::labels::{Labels, tally_labeled};
use crate::policy::Declaration;
use crate::reference::Reference;
use crate::row::{Columns, Rows};
use crate::shares::{ShareOptions, Shares, shares};
use crate::sheet::Sheet;
use crate::table::FaceTable;
use crate::tally::Tally;
use crate::warnings::of_shares;
use crate::within_answers::shares_by_labels;
use crate::{Error, Result};

/// The terms on which tables of faces are analyzed.
///
/// ```
/// use fer_insight::{Columns, Csv, Declaration, Reference, ShareOptions, Study};
///
/// let mut table = String::from("happy,sad,neutral,surprise,site,visitor\n");
/// for i in 0..120 {
///     let site = if i % 2 == 0 { "north" } else { "south" };
///     let p = if i % 5 < 3 { "0.96,0.01,0.02,0.01" } else { "0.02,0.01,0.96,0.01" };
///     table += &format!("{p},{site},{}\n", i % 40);
/// }
/// let columns = Columns { by: vec!["site".into()], cluster: Some("visitor".into()), ..Default::default() };
/// let study = Study {
///     columns,
///     declaration: Declaration::default(),
///     model: "crowd".into(),
///     reference: Reference::named("crowd")?,
///     options: ShareOptions { draws: 500, ..Default::default() },
/// };
/// let shares = study.shares(Csv(table.as_bytes()))?;
/// assert_eq!(shares.result.groups[0].people(), 20);
/// assert_eq!(shares.statement.rows.used, 120);
/// # Ok::<(), fer_insight::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Study {
    /// The columns that matter.
    pub columns: Columns,
    /// The purpose. Whether there are clusters and consent is taken from the columns.
    pub declaration: Declaration,
    /// The name of the model whose answers the tables hold.
    pub model: String,
    /// The reference of that model.
    pub reference: Reference,
    /// The settings of the shares.
    pub options: ShareOptions,
}

impl Study {
    /// Estimates the shares of each group of a table; those of too few people are suppressed.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, and those of the table and of [`shares()`].
    pub fn shares(&self, table: impl FaceTable) -> Result<Document<Shares>> {
        let min_people = self.check_with(Analysis::Shares, |_| {})?;
        let (tally, rows) = tally(table, &self.columns, self.options.threads)?;
        self.shares_of(&tally, rows, min_people)
    }

    /// Estimates the shares of faces that were counted.
    pub(crate) fn shares_of(
        &self,
        tally: &Tally,
        rows: Rows,
        min_people: u64,
    ) -> Result<Document<Shares>> {
        let statement = self.statement(Analysis::Shares, min_people, tally.is_clustered(), rows)?;
        let mut result = shares(tally, &self.reference, &self.options)?;
        result.suppress(min_people);
        let warnings = of_shares(&result, &statement, &self.reference);
        Ok(Document {
            statement,
            result,
            warnings,
        })
    }

    /// Estimates the shares of each group of a table by labels of some of its faces (see [`shares_by_labels`]), without the
    /// reference; those of too few people are suppressed.
    ///
    /// # Errors
    /// Those of [`Self::shares`], of [`tally_labeled`] and of [`shares_by_labels`]; [`Error::Refused`] for
    /// [`Purpose::Clinical`] if a group has too few labels of its own.
    pub fn shares_by_labels(
        &self,
        table: impl FaceTable,
        sheet: &Sheet,
    ) -> Result<Document<Shares>> {
        let min_people = self.check_with(Analysis::Shares, |declared| declared.labels = true)?;
        let (tally, rows, labels) = tally_labeled(table, &self.columns, sheet)?;
        let statement = self.labeled(Analysis::Shares, min_people, &tally, rows, &labels)?;
        let mut result = shares_by_labels(&tally, &labels, &self.options)?;
        result.suppress(min_people);
        let warnings = of_shares(&result, &statement, &self.reference);
        Ok(Document {
            statement,
            result,
            warnings,
        })
    }

    /// Compares the groups of a table; those of too few people are suppressed. The shares are estimated as the study says.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, and those of the table and of [`compare()`].
    pub fn compare(
        &self,
        table: impl FaceTable,
        options: &CompareOptions,
    ) -> Result<Document<Comparison>> {
        let min_people = self.check_with(Analysis::Compare, |_| {})?;
        let (tally, rows) = tally(table, &self.columns, self.options.threads)?;
        let statement =
            self.statement(Analysis::Compare, min_people, tally.is_clustered(), rows)?;
        let options = CompareOptions {
            shares: self.options,
            ..options.clone()
        };
        let mut result = compare(&tally, &self.reference, &options)?;
        result.suppress(min_people);
        let warnings = of_shares(&result.shares, &statement, &self.reference);
        Ok(Document {
            statement,
            result,
            warnings,
        })
    }

    /// Compares the groups of a table by labels of some of its faces; those of too few people are suppressed.
    ///
    /// # Errors
    /// Those of [`Self::compare`] and of [`Self::shares_by_labels`].
    pub fn compare_by_labels(
        &self,
        table: impl FaceTable,
        sheet: &Sheet,
        options: &CompareOptions,
    ) -> Result<Document<Comparison>> {
        let min_people = self.check_with(Analysis::Compare, |declared| declared.labels = true)?;
        let (tally, rows, labels) = tally_labeled(table, &self.columns, sheet)?;
        let statement = self.labeled(Analysis::Compare, min_people, &tally, rows, &labels)?;
        let options = CompareOptions {
            shares: self.options,
            ..options.clone()
        };
        let mut result = compare_by_labels(&tally, &labels, &options)?;
        result.suppress(min_people);
        let warnings = of_shares(&result.shares, &statement, &self.reference);
        Ok(Document {
            statement,
            result,
            warnings,
        })
    }

    /// Checks that the purpose allows the analysis, whose own facts `declare` adds, and returns the smallest number of
    /// people of a cell.
    pub(crate) fn check_with(
        &self,
        analysis: Analysis,
        declare: impl FnOnce(&mut Declaration),
    ) -> Result<u64> {
        let mut declared = Declaration {
            clustered: self.columns.cluster.is_some(),
            consent: self.columns.consent.is_some(),
            ..self.declaration
        };
        declare(&mut declared);
        declared.check(analysis)
    }

    /// Returns the facts of a result that rests on labels.
    ///
    /// # Errors
    /// [`Error::Refused`] for [`Purpose::Clinical`] if a group has too few labels of its own, and those of
    /// [`Self::statement`].
    pub(crate) fn labeled(
        &self,
        analysis: Analysis,
        min_people: u64,
        tally: &Tally,
        rows: Rows,
        labels: &Labels,
    ) -> Result<Statement> {
        let own = labels.own_of_each(tally);
        if self.declaration.purpose == Purpose::Clinical && !own {
            // Labels of other people say nothing of these.
            self.check_with(analysis, |declared| declared.labels = false)?;
        }
        Ok(Statement {
            estimator: Estimator::Labels,
            reference: None,
            labels: Some(LabelUse {
                facts: labels.facts(),
                pooled: !own,
            }),
            ..self.statement(analysis, min_people, tally.is_clustered(), rows)?
        })
    }

    /// Returns the facts of a result.
    ///
    /// # Errors
    /// [`Error::Empty`] if the table has no row to use.
    pub(crate) fn statement(
        &self,
        analysis: Analysis,
        min_people: u64,
        clustered: bool,
        rows: Rows,
    ) -> Result<Statement> {
        if rows.used == 0 {
            return Err(nothing_left(&rows));
        }
        Ok(Statement {
            analysis,
            purpose: self.declaration.purpose,
            basis: self.declaration.basis,
            estimator: Estimator::Reference,
            model: self.model.clone(),
            reference: Some((&self.reference).into()),
            labels: None,
            settings: Settings::new(&self.columns, &self.options, min_people, clustered),
            rows,
        })
    }
}

/// Returns the error of a table whose rows are all left out.
fn nothing_left(rows: &Rows) -> Error {
    let reasons = [
        (rows.no_face, "without a face"),
        (rows.unreadable, "of images that could not be read"),
        (rows.no_consent, "without consent"),
        (rows.filtered, "left out by a filter"),
        (rows.unmatched, "without a match in the joined table"),
    ];
    let reasons: Vec<String> = reasons
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    Error::Empty {
        what: if rows.read == 0 {
            "the table has a header and no row".into()
        } else {
            format!(
                "no face is left of {} rows: {}",
                rows.read,
                reasons.join(", ")
            )
        },
    }
}
