//! Signs that the figures of an analysis may be off.

use crate::document::{Estimator, LabelUse, Statement, Warning, WarningKind};
use crate::labels::{LabelFacts, MIN_LABELS_OF_A_GROUP};
use crate::named::by_name;
use crate::posterior::REFERENCE_WEIGHT;
use crate::reference::Reference;
use crate::shares::{GroupShares, MIN_PEOPLE_TO_ESTIMATE, Shares};

/// The p-value of the fit below which a group's answers are no mix of the reference's.
const POOR_FIT: f64 = 0.001;

/// The R-hat above which the draws are too few.
const FEW_DRAWS: f64 = 1.05;

/// The share of faces narrower than 24 pixels from which they matter.
const MANY_SMALL: f64 = 0.1;

/// The number of labels below which a warning says that they are few.
const FEW_LABELS: usize = 100;

/// The share of faces that could not be told from which it matters.
const MANY_CANNOT_TELL: f64 = 0.1;

/// The most groups that warnings of one kind name.
const MAX_NAMED: usize = 20;

const REMEDY: &str = "labels of your own faces would tell";

/// Collects the signs in the groups that are shown.
pub(crate) fn of_shares(
    shares: &Shares,
    statement: &Statement,
    reference: &Reference,
) -> Vec<Warning> {
    let mut warnings = of_table(statement);
    let images = reference.images() as f64;
    let limits = Limits {
        usual: reference
            .unclear()
            .map(|unclear| unclear.images() as f64 / images),
        faces: (statement.estimator == Estimator::Reference).then_some(REFERENCE_WEIGHT * images),
    };
    for kind in [
        WarningKind::FewPeople,
        WarningKind::UnclearFaces,
        WarningKind::PoorFit,
        WarningKind::LargeField,
        WarningKind::FewDraws,
    ] {
        let found = shares
            .groups
            .iter()
            .filter_map(|group| Some((group, sign(kind, group, &limits)?)));
        let found: Vec<_> = found.collect();
        for (of, message) in found.iter().take(MAX_NAMED) {
            let named = by_name(&shares.columns, &of.by);
            warnings.push(Warning {
                kind,
                group: named.map(|(n, v)| (n.into(), v.into())).collect(),
                message: message.clone(),
            });
        }
        if found.len() > MAX_NAMED {
            warnings.push(Warning {
                kind: WarningKind::More,
                group: Vec::new(),
                message: format!("the same in {} more groups", found.len() - MAX_NAMED),
            });
        }
    }
    warnings
}

/// Limits beyond which a group gets a warning.
struct Limits {
    /// The share of unclear faces in the reference, if it has such.
    usual: Option<f64>,
    /// The images of the reference at their weight, if it corrects the shares.
    faces: Option<f64>,
}

/// Returns the message of a sign if the group shows it.
fn sign(kind: WarningKind, group: &GroupShares, limits: &Limits) -> Option<String> {
    match kind {
        WarningKind::FewPeople => {
            let counts = group.counts.filter(|_| group.estimates.is_none())?;
            Some(format!(
                "{} people are too few for an interval: {MIN_PEOPLE_TO_ESTIMATE} are needed",
                counts.people
            ))
        }
        WarningKind::UnclearFaces => {
            let (unclear, usual) = (group.estimates.as_ref()?.unclear?, limits.usual?);
            (unclear.low > usual).then(|| {
                format!(
                    "{:.0} % of the faces are unclear, against {:.0} % in the reference: the images are worse or the \
                     expressions others, and the shares may be off; {REMEDY}",
                    100.0 * unclear.estimate,
                    100.0 * usual
                )
            })
        }
        WarningKind::PoorFit => {
            let fit = group.fit.filter(|fit| fit.p < POOR_FIT)?;
            Some(format!(
                "the model's answers are no mix of those in the reference (p {}): other images or other faces; {REMEDY}",
                if fit.p < 1e-4 {
                    "< 0.0001".to_owned()
                } else {
                    format!("= {:.4}", fit.p)
                }
            ))
        }
        WarningKind::LargeField => {
            let counts = group.counts.filter(|_| group.estimates.is_some())?;
            let limit = limits
                .faces
                .filter(|limit| counts.effective_faces > *limit)?;
            Some(format!(
                "{:.0} effective faces tell more than the reference, one sample of images that counts as {limit:.0}: its \
                 error is the same however many faces there are, and the interval may miss the truth more often than it \
                 says; {REMEDY}",
                counts.effective_faces
            ))
        }
        WarningKind::FewDraws => group
            .r_hat
            .filter(|r| *r > FEW_DRAWS)
            .map(|r| format!("the draws have not settled (R-hat {r:.2}): take more")),
        _ => None,
    }
}

/// Collects the signs in the table as a whole.
pub(crate) fn of_table(statement: &Statement) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message: String| {
        warnings.push(Warning {
            kind,
            group: Vec::new(),
            message,
        });
    };
    if statement.settings.cluster.is_none() {
        warn(
            WarningKind::NoCluster,
            "each face counts as a person of its own: name the column of people, or the intervals are too narrow where \
             faces repeat"
                .into(),
        );
    }
    if let Some(labels) = &statement.labels {
        of_labels(labels, !statement.settings.by.is_empty(), &mut warn);
    }
    let rows = &statement.rows;
    let many_small = rows.small_faces as f64 > MANY_SMALL * rows.used as f64;
    if statement.labels.is_none() && many_small {
        warn(
            WarningKind::SmallFaces,
            format!(
                "{} of {} faces are narrower than 24 pixels, on which the model errs more often than the reference \
                 tells; {REMEDY}",
                rows.small_faces, rows.used
            ),
        );
    }
    warnings
}

/// Collects the signs in labels of one's own.
fn of_labels(labels: &LabelUse, grouped: bool, warn: &mut impl FnMut(WarningKind, String)) {
    let LabelFacts {
        used, cannot_tell, ..
    } = labels.facts;
    if used < FEW_LABELS {
        warn(
            WarningKind::FewLabels,
            format!("{used} labels give wide intervals: {FEW_LABELS} are fair, 200 are good"),
        );
    }
    let asked = used + cannot_tell;
    if cannot_tell as f64 > MANY_CANNOT_TELL * asked as f64 {
        warn(
            WarningKind::CannotTell,
            format!(
                "{cannot_tell} of {asked} faces could not be told: the shares are those of the faces that people can read"
            ),
        );
    }
    if labels.pooled && grouped {
        warn(
            WarningKind::PooledLabels,
            format!(
                "the labels of all groups are read together, as if light and people were alike: a group needs \
                 {MIN_LABELS_OF_A_GROUP} labels to be read by its own"
            ),
        );
    }
}
