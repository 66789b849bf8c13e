//! The page of baselines.

use super::shares_page::METHOD;
use super::{Grid, Origin, Parts, panels, render};
use crate::Result;
use crate::baseline::Baselines;
use crate::document::Document;
use crate::words::p_value;

const PHASES: &str = "Sessions: nonoverlap of all pairs (Parker and Vannest 2009) with its exact test over all splits of the \
                      sessions; z by the median absolute deviation of the baseline; its trend by Sen (1968).";

impl Document<Baselines> {
    /// Renders the page of the baselines: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let sections = self.result.subjects.iter().map(|subject| {
            let sessions = subject.sessions.iter();
            let groups: Vec<_> = sessions
                .map(|session| {
                    (
                        format!("{} · {}", session.session, session.phase),
                        &session.group,
                    )
                })
                .collect();
            panels::of_groups(subject.subject.clone(), &groups)
        });
        let parts = Parts {
            kind: "Sessions against a baseline",
            headline: self.result.headline(),
            sections: sections.collect(),
            table: Some(grid(&self.result)),
            method: METHOD.into_iter().chain([PHASES]).collect(),
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}

fn grid(baselines: &Baselines) -> Grid {
    let rows = baselines.subjects.iter().map(|subject| {
        let figures = match &subject.overlap {
            None => ["too few sessions"].map(String::from).to_vec(),
            Some(overlap) => vec![
                format!("{:.2}", overlap.nap),
                format!("{:.2}", overlap.tau),
                p_value(overlap.p),
                overlap.z.map_or("–".into(), |z| format!("{z:.1}")),
                if overlap.baseline_trends() {
                    "has a trend"
                } else {
                    "steady"
                }
                .into(),
            ],
        };
        let mut row = vec![subject.subject.clone()];
        row.extend(figures);
        row.resize(6, String::new());
        row
    });
    Grid {
        header: ["person", "NAP", "tau", "p", "z", "baseline"].map(String::from).to_vec(),
        rows: rows.collect(),
        note: "NAP: share of pairs in which the later session has the higher net. z: robust standard deviations of the last \
               session above the baseline's median. A baseline with a trend would have gone on without any change."
            .into(),
    }
}
