//! The page of shares.

use fer_core::Emotion;

use super::{Grid, Origin, Parts, panels, render};
use crate::Result;
use crate::document::{Document, Estimator};
use crate::shares::{Estimate, GroupShares, Shares};
use crate::words::{hundred, name, p_value};

/// The papers of the method.
pub(super) const METHOD: [&str; 3] = [
    "Shares: a mixture of strata of labeled faces over 16 bins of the model's answer, by data augmentation (Tanner and Wong \
     1987; Ziegler and Czyz 2023), the labeled faces at half weight (Ibrahim and Chen 2000).",
    "People, not images, are the units: effective faces by the design effect (Kish 1965) with the correction for few people \
     of Korn and Graubard (1998).",
    "Fit: likelihood ratio on effective faces (Rao and Scott 1981). It is a sign, not a result.",
];

/// The papers of shares by labels of one's own.
const BY_LABELS: &str = "Shares: labels of some of these faces within the model's answers to all of them (double sampling, \
                         Tenenbein 1972), by draws from Dirichlet distributions.";

impl Document<Shares> {
    /// Renders the page of the shares: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let parts = Parts {
            kind: "Shares of expressions",
            headline: self.result.headline(),
            sections: vec![panels::shares(&self.result)],
            table: Some(grid(&self.result)),
            method: match self.statement.estimator {
                Estimator::Reference => METHOD.to_vec(),
                Estimator::Labels => vec![BY_LABELS, METHOD[1]],
            },
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}

/// Returns the table of all groups: people, faces, corrected and counted shares, and the signs.
pub(super) fn grid(shares: &Shares) -> Grid {
    let mut header = vec![if shares.columns.is_empty() {
        "group".into()
    } else {
        shares.columns.join(", ")
    }];
    header.extend(["people", "faces", "effective"].map(String::from));
    header.extend(Emotion::ALL.map(|emotion| emotion.label().into()));
    header.extend(["unclear", "fit p"].map(String::from));
    let total = (shares.groups.len() > 1).then_some(("total".to_owned(), &shares.total));
    let named = shares.groups.iter().map(|group| {
        let name = name(&group.by);
        (if name.is_empty() { "all".into() } else { name }, group)
    });
    Grid {
        header,
        rows: named.chain(total).map(|(name, group)| row(name, group)).collect(),
        note: "Corrected share [interval], and after the bar the counted one. Effective: independent faces of the same \
               information. Unclear: faces without a majority for one of the four."
            .into(),
    }
}

fn row(name: String, group: &GroupShares) -> Vec<String> {
    let Some(counts) = &group.counts else {
        return [name, "suppressed".into()]
            .into_iter()
            .chain(vec![String::new(); 8])
            .collect();
    };
    let figures = group.estimates.as_ref();
    let mut row = vec![
        name,
        counts.people.to_string(),
        counts.faces.to_string(),
        format!("{:.0}", counts.effective_faces),
    ];
    for emotion in Emotion::ALL {
        let corrected = figures.map_or("–".into(), |figures| span(&figures.shares[emotion]));
        row.push(format!(
            "{corrected} | {}",
            hundred(counts.counted[emotion])
        ));
    }
    let unclear = figures.and_then(|figures| figures.unclear.as_ref());
    row.push(unclear.map_or("–".into(), span));
    row.push(group.fit.map_or("–".into(), |fit| p_value(fit.p)));
    row
}

fn span(figure: &Estimate) -> String {
    let [low, high] = [figure.low, figure.high].map(hundred);
    format!("{} [{low}, {high}]", hundred(figure.estimate))
}
