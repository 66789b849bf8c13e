//! Results with all that a reader needs to judge them.

use serde::{Serialize, Serializer};

use crate::effective::Weight;
use crate::kinds::{Analysis, Basis, Purpose};
use crate::labels::LabelFacts;
use crate::named::pairs;
use crate::posterior::REFERENCE_WEIGHT;
use crate::reference::Reference;
use crate::row::{Columns, Rows};
use crate::shares::ShareOptions;

/// A result with the facts that it rests on; as JSON one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document<T> {
    /// The facts.
    #[serde(flatten)]
    pub statement: Statement,
    /// The figures.
    #[serde(flatten)]
    pub result: T,
    /// Signs that the figures may be off.
    pub warnings: Vec<Warning>,
}

/// The facts that hold for every figure of an analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    /// The analysis.
    pub analysis: Analysis,
    /// The declared purpose.
    pub purpose: Purpose,
    /// The declared ground.
    pub basis: Option<Basis>,
    /// The source of the correction.
    pub estimator: Estimator,
    /// The model whose answers the table holds.
    pub model: String,
    /// The faces of known votes, if they correct the shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceFacts>,
    /// The labels of one's own, if they correct the shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelUse>,
    /// The settings.
    pub settings: Settings,
    /// The rows of the table.
    pub rows: Rows,
}

/// The source of the correction of shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// A [`Reference`].
    Reference,
    /// Labels of one's own.
    Labels,
}

/// The labels that correct shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LabelUse {
    /// The labels by what became of them.
    #[serde(flatten)]
    pub facts: LabelFacts,
    /// `true` if the labels of all groups are read together: some have too few of their own.
    pub pooled: bool,
}

/// The size of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReferenceFacts {
    /// Images.
    pub images: u64,
    /// Strata: 5 with unclear faces, 4 without.
    pub strata: usize,
    /// Weight of each image.
    pub weight: f64,
}

impl From<&Reference> for ReferenceFacts {
    fn from(reference: &Reference) -> Self {
        Self {
            images: reference.images(),
            strata: reference.strata().len(),
            weight: REFERENCE_WEIGHT,
        }
    }
}

/// The settings of an analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Columns whose values make the groups.
    pub by: Vec<String>,
    /// Column of the unit that repeats; `path, person` for the people of a table of videos.
    pub cluster: Option<String>,
    /// Column of consent.
    pub consent: Option<String>,
    /// Columns and the value that a row must have in each.
    #[serde(rename = "where", serialize_with = "pairs")]
    pub only: Vec<(String, String)>,
    /// Units that weigh equally.
    pub weight: Weight,
    /// Draws of the posterior.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Level of the intervals.
    pub level: f64,
    /// The smallest number of people of a cell.
    pub min_people: u64,
}

impl Settings {
    pub(crate) fn new(
        columns: &Columns,
        options: &ShareOptions,
        min_people: u64,
        clustered: bool,
    ) -> Self {
        let track = || clustered.then(|| "path, person".to_owned());
        Self {
            by: columns.by.clone(),
            cluster: columns.cluster.clone().or_else(track),
            consent: columns.consent.clone(),
            only: columns.only.clone(),
            weight: options.weight,
            draws: options.draws,
            seed: options.seed,
            level: options.level,
            min_people,
        }
    }
}

/// A sign that some figures may be off, with the group concerned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// The stable name of the sign.
    pub kind: WarningKind,
    /// Columns and values of the group; none for the whole table.
    #[serde(serialize_with = "group")]
    pub group: Vec<(String, String)>,
    /// The sign in words.
    pub message: String,
}

/// The stable name of a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Each face counted as a person.
    NoCluster,
    /// Too few people for an estimate.
    FewPeople,
    /// More unclear faces than in the reference.
    UnclearFaces,
    /// Answers that no mix of the reference gives.
    PoorFit,
    /// More faces than the reference, a sample itself, has a say on.
    LargeField,
    /// Many faces narrower than 24 pixels.
    SmallFaces,
    /// Few labels of one's own.
    FewLabels,
    /// Many faces that the rater could not tell.
    CannotTell,
    /// Labels of all groups read together.
    PooledLabels,
    /// Draws that have not settled.
    FewDraws,
    /// Groups with this sign beyond those named.
    More,
}

fn group<S: Serializer>(group: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    if group.is_empty() {
        return serializer.serialize_none();
    }
    pairs(group, serializer)
}
