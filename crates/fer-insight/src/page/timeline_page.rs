//! The page of timelines.

use fer_core::Emotion;

use super::shares_page::METHOD;
use super::{Grid, Origin, Parts, Strip, StripPart, panels, render};
use crate::Result;
use crate::document::Document;
use crate::timeline::{Conversation, Timelines};

const CHAIN: &str = "Course: hidden Markov model, forward and backward (Rabiner 1989), at 2.5 independent looks a second and a mean \
                     stay of 2 s. First against last third: blocks of 10 s as units. Markers: 999 circular shifts.";

/// The most conversations that a page draws.
const MAX_STRIPS: usize = 12;

const WIDTH: f64 = 1000.0;

impl Document<Timelines> {
    /// Renders the page of the timelines: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let drawn = self.result.conversations.iter().take(MAX_STRIPS);
        let mut sections = Vec::new();
        for conversation in drawn {
            let groups = [
                ("whole".to_owned(), &conversation.shares),
                ("first third".to_owned(), &conversation.first_third),
                ("last third".to_owned(), &conversation.last_third),
            ];
            let title = format!("{}, person {}", conversation.path, conversation.person);
            let mut section = panels::of_groups(title, &groups);
            section.strip = Some(strip(conversation));
            sections.push(section);
        }
        let parts = Parts {
            kind: "Expressions in a conversation",
            headline: self.result.headline(),
            sections,
            table: Some(grid(&self.result)),
            method: METHOD.into_iter().chain([CHAIN]).collect(),
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}

/// Places the episodes and the markers of a conversation on a line of time.
fn strip(conversation: &Conversation) -> Strip {
    let start = conversation.course.start;
    let x = |time: f64| {
        let share = (time - start) / conversation.duration.max(1e-9);
        (WIDTH * share.clamp(0.0, 1.0) * 10.0).round() / 10.0
    };
    let parts = conversation.episodes.iter().map(|episode| StripPart {
        x: x(episode.start),
        width: x(episode.end) - x(episode.start),
        color: panels::COLORS[episode.emotion.index()],
        row: episode.emotion.index(),
        text: format!(
            "{} {:.1}–{:.1} s",
            episode.emotion, episode.start, episode.end
        ),
    });
    let markers = conversation
        .markers
        .iter()
        .map(|marker| (x(marker.time), marker.label.clone()));
    Strip {
        parts: parts.collect(),
        markers: markers.collect(),
        rows: Emotion::ALL.map(Emotion::label).to_vec(),
        start: format!("{start:.0} s"),
        end: format!("{:.0} s", start + conversation.duration),
    }
}

fn grid(timelines: &Timelines) -> Grid {
    let header = ["expression", "people", "of"].map(String::from).to_vec();
    let rows = timelines.reach.iter().map(|(emotion, reach)| {
        vec![
            emotion.to_string(),
            reach.people.to_string(),
            reach.of.to_string(),
        ]
    });
    Grid {
        header,
        rows: rows.collect(),
        note: "People with at least one episode of half a second.".into(),
    }
}
