//! Timelines as JSON, as a flat table of episodes, and in words.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Conversation, Timelines};
use crate::flat::{Cell, FlatTable, text};
use crate::json::Group;
use crate::shares::Estimate;
use crate::words::hundred;

impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("person", &self.person)?;
        map.serialize_entry("duration", &self.duration)?;
        map.serialize_entry("seen", &self.seen)?;
        map.serialize_entry("shares", &Group(&self.shares))?;
        map.serialize_entry("first_third", &Group(&self.first_third))?;
        map.serialize_entry("last_third", &Group(&self.last_third))?;
        map.serialize_entry("change", &self.change)?;
        map.serialize_entry("episodes", &self.episodes)?;
        map.serialize_entry("markers", &self.markers)?;
        map.end()
    }
}

impl Timelines {
    /// Returns one row for each episode: `path`, `person`, `start`, `end`, `emotion`, `probability`.
    pub fn flat(&self) -> FlatTable {
        let names = ["path", "person", "start", "end", "emotion", "probability"];
        let mut table = FlatTable::new(names.map(String::from));
        for conversation in &self.conversations {
            for episode in &conversation.episodes {
                table.rows.push(vec![
                    text(&conversation.path),
                    text(&conversation.person),
                    Cell::Number(milliseconds(episode.start)),
                    Cell::Number(milliseconds(episode.end)),
                    text(episode.emotion.label()),
                    Cell::Number(episode.probability),
                ]);
            }
        }
        table
    }

    /// Returns the result in one sentence: the change inside a single conversation, or the reach of a smile over several.
    pub fn headline(&self) -> String {
        let [conversation] = &self.conversations[..] else {
            let smiles = self.reach[fer_core::Emotion::Happy];
            return format!(
                "{} of {} people smiled for half a second or longer at least once.",
                smiles.people, smiles.of
            );
        };
        let smiling: f64 = conversation
            .episodes
            .iter()
            .filter(|episode| episode.emotion == fer_core::Emotion::Happy)
            .map(|episode| episode.end - episode.start)
            .sum();
        let seen = format!(
            "Smiling for {:.0} of {:.0} seconds seen",
            // The sum of no number is minus zero.
            smiling + 0.0,
            conversation.seen
        );
        match &conversation.change {
            None => format!("{seen}; too short to compare its end with its start."),
            Some(change) if change.net.low <= 0.0 && change.net.high >= 0.0 => {
                format!(
                    "{seen}; net at the end is not clearly other than at the start ({}).",
                    span(&change.net)
                )
            }
            Some(change) => {
                let verb = if change.net.estimate < 0.0 {
                    "lower"
                } else {
                    "higher"
                };
                format!(
                    "{seen}; net, happy minus sad, is {} points {verb} in the last third than in the first ({}).",
                    hundred(change.net.estimate.abs()),
                    span(&change.net)
                )
            }
        }
    }
}

/// Rounds seconds to milliseconds, below which steps of a fifth of a second say nothing.
fn milliseconds(seconds: f64) -> f64 {
    (1000.0 * seconds).round() / 1000.0
}

fn span(change: &Estimate) -> String {
    format!("{} to {}", hundred(change.low), hundred(change.high))
}
