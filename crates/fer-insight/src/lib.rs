//! From faces to answers: how many, how sure, compared with what.
//!
//! A model names faces and errs; counting its answers gives shares that are wrong by more than their intervals say. This
//! crate corrects them by a [`Reference`] — faces of known votes, counted by what the model answered for them — and
//! takes people, not frames, as its units.
//!
//! 1. **Reference.** [`Reference`] is built from rows of probabilities and votes, or read from its JSON file.
//! 2. **Tally.** [`Tally`] counts a field of faces by group and cluster in one pass; [`read_csv`] fills it from a table.
//! 3. **Shares.** [`shares()`] estimates the share of each emotion in every group, with intervals that hold.
//! 4. **Compare.** [`compare()`] gives the differences between groups, tested by exchanging people.
//! 5. **Study.** [`Study`] does all of it, from a table to a [`Document`] that may be shown.
//! 6. **Policy.** [`Declaration::check`] says whether a purpose allows an analysis, and [`Shares::suppress`] and
//!    [`Comparison::suppress`] remove the figures of groups that are too small to show.
//!
//! The share of an emotion is the answer to one question: if each face were shown to one person, how many would call it
//! that? It says what faces look like, never what people feel.
//!
//! ```
//! use fer_core::Emotion;
//! use fer_insight::{Face, Reference, ShareOptions, Tally, shares};
//!
//! // A model that answers `label` with probability 0.94 and errs in one of ten faces.
//! let answer = |label: usize| {
//!     let mut probabilities = [0.02; 4];
//!     probabilities[label] = 0.94;
//!     probabilities
//! };
//! let labeled = (0..800).map(|i| {
//!     let answered = if i % 10 == 0 { (i / 10) % 4 } else { i % 4 };
//!     (answer(answered), Emotion::ALL[i % 4])
//! });
//! let reference = Reference::from_labels(labeled)?;
//!
//! let mut tally = Tally::new(&["site"], true);
//! for i in 0..600 {
//!     let person = format!("person {}", i % 30);
//!     let face = Face {
//!         probabilities: answer(if i % 5 < 3 { 0 } else { 2 }),
//!         group: &[if i % 2 == 0 { "north" } else { "south" }],
//!         cluster: Some(&person),
//!     };
//!     tally.add(&face)?;
//! }
//! let result = shares(&tally, &reference, &ShareOptions { draws: 500, ..Default::default() })?;
//! let north = &result.groups[0];
//! assert_eq!((north.by[0].as_str(), north.people()), ("north", 15));
//! let happy = north.estimates.as_ref().map(|figures| figures.shares[Emotion::Happy]);
//! assert!(happy.is_some_and(|happy| happy.low < 0.62 && happy.high > 0.62));
//! # Ok::<(), fer_insight::Error>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod adjust;
mod agreement;
mod answer;
#[cfg(feature = "arrow")]
mod arrow_cells;
#[cfg(feature = "arrow")]
mod arrow_table;
mod association;
mod baseline;
mod blocks;
mod builtin;
mod clusters;
mod column_table;
mod compare;
mod conversation;
mod counting;
mod covariance;
mod csv_number;
mod csv_rows;
mod csv_table;
mod document;
mod effective;
mod either;
mod error;
mod evaluation;
mod face_key;
mod fit;
mod flat;
mod group_key;
mod group_tally;
mod hmm;
mod join;
mod json;
mod keys;
mod kinds;
mod label;
mod label_page;
mod labels;
mod named;
mod names;
mod page;
mod parallel;
mod parquet_rows;
mod parquet_table;
mod parts;
mod period;
mod permute;
mod phases;
mod policy;
mod posterior;
mod quantile;
mod random;
mod reference;
mod relate;
mod row;
mod sample;
mod selection;
mod shares;
mod sheet;
mod simulate;
mod slope;
mod study;
mod suppress;
mod table;
mod table_file;
mod tally;
#[cfg(test)]
mod testing;
mod timeline;
mod trend;
mod units;
mod warnings;
mod within_answers;
mod words;

pub use adjust::{benjamini_hochberg, holm};
pub use agreement::{Agreement, AgreementOptions, Confusion, Rater, RaterPair, agreement};
pub use answer::{BINS, bin};
#[cfg(feature = "arrow")]
pub use arrow_table::ArrowTable;
pub use baseline::{
    BaselineOptions, Baselines, MIN_BASELINE, MIN_LATER, Overlap, Session, Subject,
};
pub use column_table::{Column, ColumnTable};
pub use compare::{
    Adjust, CompareOptions, Comparison, Difference, Pair, compare, compare_by_labels,
};
pub use conversation::{Course, Episode, MarkerReaction, Reaction};
pub use counting::tally;
pub use csv_table::{Csv, read_csv};
pub use document::{
    Document, Estimator, LabelUse, ReferenceFacts, Settings, Statement, Warning, WarningKind,
};
pub use effective::Weight;
pub use either::EitherTable;
pub use error::{Error, Result};
pub use face_key::FaceKey;
pub use fit::Fit;
pub use flat::{Cell, FlatTable};
pub use group_tally::GroupTally;
pub use join::{JoinColumns, Joined, Lookup, PerhapsJoined};
pub use kinds::{Analysis, Basis, Purpose};
pub use label::{Label, NotALabel};
pub use label_page::label_page;
pub use labels::{
    LabelFacts, Labels, MIN_LABELS, MIN_LABELS_OF_A_GROUP, model_answers, tally_labeled,
};
pub use page::Origin;
pub use parquet_table::Parquet;
pub use period::{Every, time_text};
pub use policy::Declaration;
pub use reference::{Reference, ReferenceRow, Stratum};
pub use relate::{Association, Measure, RelateOptions, Relation, Third};
pub use row::{Columns, Record, Row, RowVisitor, Rows};
pub use sample::{MAX_SAMPLE, Sample, SampleOptions, sample};
pub use shares::{
    Estimate, Estimates, GroupCounts, GroupShares, MIN_PEOPLE_TO_ESTIMATE, ShareOptions, Shares,
    shares,
};
pub use sheet::{Sheet, SheetFace};
pub use simulate::{SimulateOptions, SimulatedFace, Simulation, simulate};
pub use slope::Slope;
pub use study::Study;
pub use suppress::{Suppressed, suppress};
pub use table::FaceTable;
pub use table_file::TableFile;
pub use tally::{Face, MAX_GROUPS, Tally};
pub use timeline::{Change, Conversation, Marker, Reach, TimelineOptions, Timelines};
pub use trend::{MIN_PERIODS, PeriodShares, Series, Slopes, Trend, TrendOptions};
pub use units::{Unit, Units};
pub use within_answers::shares_by_labels;
