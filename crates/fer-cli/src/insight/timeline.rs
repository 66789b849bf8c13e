//! `fer insight timeline`.

use fer_core::{Emotion, PerEmotion};
use fer_insight::{Document, Estimate, Reaction, TimelineOptions, Timelines};

use super::args::TimelineArgs;
use super::markers;
use super::study::{open, print, study};
use super::tables::{Listing, points, print_words};
use crate::terminal::{self, print_table, printable};
use crate::{Result, Status, files};

pub(super) fn run(args: &TimelineArgs, quiet: bool) -> Result<Status> {
    let study = study(&args.study, Vec::new())?;
    let markers = args.markers.as_deref().map(markers::read).transpose()?;
    let options = TimelineOptions {
        class_mix: fer_kit::insight::class_mix(args.study.model.as_deref())?,
        markers: markers.unwrap_or_default(),
    };
    let document = study.timeline(open(&args.study.table)?, &options)?;
    if let Some(file) = &args.episodes {
        files::write_text(file, &document.result.flat().to_csv()?)?;
    }
    print(
        &args.study,
        quiet,
        &document,
        print_timelines,
        Timelines::flat,
        Document::<Timelines>::page,
    )?;
    Ok(Status::Success)
}

/// Prints each conversation: its thirds, its change, its episodes of other than neutral faces, its markers.
fn print_timelines(timelines: &Timelines) -> Result<()> {
    let mut listing = Listing::new(["video", "person", "part"]);
    for conversation in &timelines.conversations {
        for (part, group) in [
            ("whole", &conversation.shares),
            ("first third", &conversation.first_third),
            ("last third", &conversation.last_third),
        ] {
            let names = [&*conversation.path, &*conversation.person, part];
            listing.add(names.map(printable), group);
        }
    }
    if !timelines.conversations.is_empty() {
        listing.print()?;
        terminal::print("")?;
    }
    let mut episodes = terminal::table(&["video", "person", "episode", "seconds", "probability"]);
    let mut markers = terminal::table(&["marker", "at", "happy", "p", "net", "p"]);
    for conversation in &timelines.conversations {
        for episode in &conversation.episodes {
            if episode.emotion == Emotion::Neutral {
                continue;
            }
            episodes.add_row([
                printable(&conversation.path),
                printable(&conversation.person),
                episode.emotion.to_string(),
                format!("{:.1} to {:.1}", episode.start, episode.end),
                format!("{:.2}", episode.probability),
            ]);
        }
        for marker in &conversation.markers {
            let happy = marker.reactions.map(|PerEmotion([happy, ..])| happy);
            let mut row = vec![printable(&marker.label), format!("{:.1}", marker.time)];
            row.extend(reaction(happy));
            row.extend(reaction(marker.net));
            markers.add_row(row);
        }
    }
    for table in [&episodes, &markers] {
        if !table.is_empty() {
            print_table(table)?;
            terminal::print("")?;
        }
    }
    for conversation in &timelines.conversations {
        if let Some(change) = &conversation.change {
            print_words(&format!(
                "{}, person {}: net changed by {} from the first to the last third.",
                printable(&conversation.path),
                printable(&conversation.person),
                span(&change.net)
            ))?;
        }
    }
    print_words(&timelines.headline())
}

fn reaction(reaction: Option<Reaction>) -> [String; 2] {
    match reaction {
        None => ["-".into(), "-".into()],
        Some(reaction) => [points(reaction.estimate, 0), format!("{:.3}", reaction.p)],
    }
}

fn span(change: &Estimate) -> String {
    let [estimate, low, high] = [change.estimate, change.low, change.high].map(|x| points(x, 0));
    format!("{estimate} points [{low}, {high}]")
}
