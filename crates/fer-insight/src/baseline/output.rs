//! Baselines as JSON, as a flat table of sessions, and in words.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Baselines, MIN_BASELINE, MIN_LATER, Session, Subject};
use crate::flat::{Cell, FlatTable, group_columns, group_row, text};
use crate::json::group_fields;
use crate::words::p_value;

impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("session", &self.session)?;
        map.serialize_entry("phase", &self.phase)?;
        map.serialize_entry("in_baseline", &self.in_baseline)?;
        group_fields(&mut map, &self.group)?;
        map.end()
    }
}

/// As JSON `{"subject", "sessions", "nap", "tau", "p", "z", "median", "baseline_trend"}`.
impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let overlap = self.overlap.as_ref();
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("sessions", &self.sessions)?;
        map.serialize_entry("nap", &overlap.map(|overlap| overlap.nap))?;
        map.serialize_entry("tau", &overlap.map(|overlap| overlap.tau))?;
        map.serialize_entry("p", &overlap.map(|overlap| overlap.p))?;
        map.serialize_entry("z", &overlap.and_then(|overlap| overlap.z))?;
        map.serialize_entry("median", &overlap.map(|overlap| overlap.median))?;
        map.serialize_entry(
            "baseline_trend",
            &overlap.map(|overlap| overlap.baseline_trend),
        )?;
        map.end()
    }
}

impl Baselines {
    /// Returns one row for each session.
    pub fn flat(&self) -> FlatTable {
        let names = ["subject", "session", "phase", "in_baseline"].map(String::from);
        let mut table = FlatTable::new(names.into_iter().chain(group_columns()));
        for subject in &self.subjects {
            for session in &subject.sessions {
                let mut row = vec![
                    text(&subject.subject),
                    text(&session.session),
                    text(&session.phase),
                    Cell::Flag(session.in_baseline),
                ];
                row.extend(group_row(&session.group));
                table.rows.push(row);
            }
        }
        table
    }

    /// Returns the result in one sentence.
    pub fn headline(&self) -> String {
        let compared = self
            .subjects
            .iter()
            .filter_map(|subject| Some((subject, subject.overlap.as_ref()?)));
        let compared: Vec<_> = compared.collect();
        match &compared[..] {
            [] => format!(
                "Too few sessions to compare: {MIN_BASELINE} of the baseline and {MIN_LATER} later ones are needed."
            ),
            [(subject, overlap)] => format!(
                "In {:.0} of 100 pairs the later session of {} has the higher net (NAP; p {}).",
                100.0 * overlap.nap,
                subject.subject,
                p_value(overlap.p)
            ),
            several => {
                let apart = several
                    .iter()
                    .filter(|(_, overlap)| overlap.p <= 0.05)
                    .count();
                let verb = if apart == 1 { "differs" } else { "differ" };
                format!(
                    "{apart} of {} people {verb} from their own baseline more than chance makes it (p of 0.05 each; \
                     one in twenty would without any change).",
                    several.len()
                )
            }
        }
    }
}
