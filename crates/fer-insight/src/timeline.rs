//! Conversations over time: who showed what, when, and whether it changed.

mod output;

use std::collections::{BTreeMap, BTreeSet};

use fer_core::PerEmotion;
use serde::Serialize;

use crate::answer::{BINS, EMOTIONS, bin};
use crate::conversation::{Course, Episode, Look, MarkerReaction};
use crate::document::Document;
use crate::kinds::Analysis;
use crate::posterior::{expected_rows, most_likely_mix};
use crate::random::{Purpose, Random};
use crate::reference::{Reference, STRATA};
use crate::row::{Columns, Record, Rows};
use crate::shares::{Estimate, GroupShares, ShareOptions, net, shares};
use crate::study::Study;
use crate::table::FaceTable;
use crate::tally::{Face, Tally};
use crate::warnings::of_table;
use crate::{Error, Result};

/// Seconds of a block: the unit that repeats inside a conversation.
const BLOCK: f64 = 10.0;

/// The most looks that timelines are made of.
const MAX_LOOKS: usize = 20_000_000;

/// A moment of interest.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// The video; every video without it.
    pub path: Option<String>,
    /// Time in seconds.
    pub time: f64,
    /// Kind of the event.
    pub label: String,
}

/// The settings of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineOptions {
    /// The class mix that the model was trained on.
    pub class_mix: PerEmotion<f64>,
    /// Moments at which reactions are computed.
    pub markers: Vec<Marker>,
}

/// Differences between the last and the first third, with intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Of each share.
    pub shares: PerEmotion<Estimate>,
    /// Of happy minus sad.
    pub net: Estimate,
}

/// One person in one video.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The video.
    pub path: String,
    /// The person in it.
    pub person: String,
    /// Seconds from the first look to the last.
    pub duration: f64,
    /// Seconds with a look within half a second.
    pub seen: f64,
    /// Shares of the whole, its blocks of 10 seconds as clusters.
    pub shares: GroupShares,
    /// Shares of the first third.
    pub first_third: GroupShares,
    /// Shares of the last third.
    pub last_third: GroupShares,
    /// Last third minus first; absent below five blocks in each.
    pub change: Option<Change>,
    /// Stretches of one expression.
    pub episodes: Vec<Episode>,
    /// Reactions at markers.
    pub markers: Vec<MarkerReaction>,
    /// Probabilities at each step.
    pub course: Course,
}

/// People who showed an expression at least once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// People with an episode.
    pub people: u64,
    /// All people.
    pub of: u64,
}

/// The result of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timelines {
    /// Conversations in the order of videos and people; none where the purpose shows no single person.
    pub conversations: Vec<Conversation>,
    /// People with at least one episode of each expression.
    pub reach: PerEmotion<Reach>,
}

impl Study {
    /// Computes the course, the episodes and the changes of each person in each video of a table with the columns `person`
    /// and `time`, and `path` unless it is of one video. Where the purpose shows no single person, only the reach over all people is left.
    ///
    /// # Errors
    /// [`Error::Refused`], also for more people in a video than the purpose allows; those of the table and of [`shares()`].
    pub fn timeline(
        &self,
        table: impl FaceTable,
        options: &TimelineOptions,
    ) -> Result<Document<Timelines>> {
        // Refuses what no table could allow before anything is read.
        self.check_with(Analysis::Timeline, |declared| {
            declared.people_per_timeline = Some(1);
        })?;
        let (looks, rows) = Looks::read(table, &self.columns)?;
        let min_people = self.check_with(Analysis::Timeline, |declared| {
            declared.people_per_timeline = Some(looks.most_people_per_video());
        })?;
        let statement = self.statement(Analysis::Timeline, min_people, true, rows)?;
        if looks.people() < min_people {
            return Err(Error::Empty {
                what: format!(
                    "{} people are in the table: the purpose {} shows no fewer than {min_people}; the purpose \
                     customers shows the conversation of one customer",
                    looks.people(),
                    self.declaration.purpose
                ),
            });
        }
        let mut result = timelines(&looks, &self.reference, &self.options, options)?;
        if min_people > 1 {
            result.conversations.clear();
        }
        Ok(Document {
            warnings: of_table(&statement),
            statement,
            result,
        })
    }
}

/// Looks by video and person.
#[derive(Debug, Default)]
struct Looks(BTreeMap<(String, String), Vec<Look>>);

impl Looks {
    /// Reads the looks of a table with the columns `person` and `time`, and `path` unless it is of one video.
    fn read(table: impl FaceTable, columns: &Columns) -> Result<(Self, Rows)> {
        let mut columns = columns.clone();
        columns.values = ["person", "time"].map(String::from).to_vec();
        columns.optional = vec!["path".into()];
        let mut looks: BTreeMap<(String, String), Vec<Look>> = BTreeMap::new();
        let mut count = 0;
        let rows = table.read(&columns, &mut |record: &Record<'_>| {
            let [person, time, path] = &record.values[..] else {
                return Ok(());
            };
            let invalid = |what: &str| Error::InvalidRow {
                row: record.row,
                what: what.into(),
                found: format!("{time:?}"),
            };
            let time: f64 = time
                .trim()
                .parse()
                .ok()
                .filter(|time: &f64| time.is_finite() && time.abs() < 1e7)
                .ok_or_else(|| invalid("expected the time in seconds"))?;
            count += 1;
            if count > MAX_LOOKS {
                return Err(Error::TooMany {
                    what: "looks",
                    limit: MAX_LOOKS,
                });
            }
            let key = (path.to_string(), person.to_string());
            looks.entry(key).or_default().push(Look {
                time,
                probabilities: record.probabilities,
            });
            Ok(())
        })?;
        for looks in looks.values_mut() {
            looks.sort_by(|a, b| a.time.total_cmp(&b.time));
        }
        Ok((Self(looks), rows))
    }

    /// Returns the largest number of people in one video.
    fn most_people_per_video(&self) -> u64 {
        let mut people: BTreeMap<&str, u64> = BTreeMap::new();
        for (path, _) in self.0.keys() {
            *people.entry(path).or_default() += 1;
        }
        people.values().copied().max().unwrap_or_default()
    }

    /// Returns the number of people in all videos.
    fn people(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Computes the course, the episodes and the changes of each conversation.
///
/// # Errors
/// Those of [`shares()`], and [`Error::InvalidArgument`] for a class mix without a class.
fn timelines(
    looks: &Looks,
    reference: &Reference,
    options: &ShareOptions,
    timeline: &TimelineOptions,
) -> Result<Timelines> {
    if !timeline.class_mix.0.iter().all(|share| *share > 0.0) {
        return Err(Error::InvalidArgument {
            name: "class_mix",
            expected: "four positive shares".into(),
            found: format!("{:?}", timeline.class_mix.0),
        });
    }
    let mut conversations = Vec::with_capacity(looks.0.len());
    let mut reached: PerEmotion<BTreeSet<&(String, String)>> =
        PerEmotion::from_fn(|_| BTreeSet::new());
    for (key, looks) in &looks.0 {
        let found = conversation(key, looks, reference, options, timeline)?;
        for episode in &found.episodes {
            reached[episode.emotion].insert(key);
        }
        conversations.push(found);
    }
    Ok(Timelines {
        reach: PerEmotion::from_fn(|emotion| Reach {
            people: reached[emotion].len() as u64,
            of: looks.0.len() as u64,
        }),
        conversations,
    })
}

fn conversation(
    (path, person): &(String, String),
    looks: &[Look],
    reference: &Reference,
    options: &ShareOptions,
    timeline: &TimelineOptions,
) -> Result<Conversation> {
    let start = looks.first().map_or(0.0, |look| look.time);
    let duration = looks.last().map_or(0.0, |look| look.time) - start;
    let course = Course::new(looks, &timeline.class_mix.0, &own_shares(looks, reference));
    let third = |look: &Look| ((3.0 * (look.time - start) / duration.max(1e-9)) as usize).min(2);
    let estimate = |part: &str, looks: &mut dyn Iterator<Item = &Look>| {
        let tally = blocks(looks, start, path, person, part)?;
        let mut group = shares(&tally, reference, options)?.groups.remove(0);
        group.by.clear();
        Ok::<_, Error>(group)
    };
    let whole = estimate("whole", &mut looks.iter())?;
    let of_third = |index: usize, name: &str| {
        let mut part = looks.iter().filter(|look| third(look) == index).peekable();
        if part.peek().is_none() {
            return Ok(whole.clone());
        }
        estimate(name, &mut part)
    };
    let (first_third, last_third) = (of_third(0, "first")?, of_third(2, "last")?);
    let mut random = Random::new(options.seed, Purpose::Permutation, 0);
    let markers = timeline
        .markers
        .iter()
        .filter(|marker| marker.path.as_ref().is_none_or(|of| of == path))
        .map(|marker| course.reaction(marker.time, &marker.label, &mut random))
        .collect();
    Ok(Conversation {
        path: path.clone(),
        person: person.clone(),
        duration,
        seen: course.seconds_seen(),
        change: change(&first_third, &last_third, options.level),
        shares: whole,
        first_third,
        last_third,
        episodes: course.episodes(),
        markers,
        course,
    })
}

/// Counts looks with their blocks of ten seconds as clusters.
fn blocks(
    looks: &mut dyn Iterator<Item = &Look>,
    start: f64,
    path: &str,
    person: &str,
    part: &str,
) -> Result<Tally> {
    let mut tally = Tally::new(&["path", "person", "part"], true);
    for look in looks {
        let block = ((look.time - start) / BLOCK) as u64;
        tally.add(&Face {
            probabilities: look.probabilities,
            group: &[path, person, part],
            cluster: Some(&block.to_string()),
        })?;
    }
    Ok(tally)
}

fn change(first: &GroupShares, last: &GroupShares, level: f64) -> Option<Change> {
    if first.draws.is_empty() || last.draws.is_empty() {
        return None;
    }
    let of = |value: &dyn Fn(&[f64; EMOTIONS]) -> f64| {
        let draws = last.draws.iter().zip(&first.draws);
        Estimate::from_draws(draws.map(|(a, b)| value(a) - value(b)).collect(), level)
    };
    Some(Change {
        shares: PerEmotion::from_fn(|emotion| of(&|shares| shares[emotion.index()])),
        net: of(&net),
    })
}

/// Returns the conversation's most likely shares of answers, which tell where an expression goes when it ends.
fn own_shares(looks: &[Look], reference: &Reference) -> [f64; EMOTIONS] {
    let mut counts = [0.0; BINS];
    for look in looks {
        counts[bin(&look.probabilities)] += 1.0;
    }
    let strata = reference.strata();
    let mix: [f64; STRATA] = most_likely_mix(&counts, &expected_rows(reference)[..strata.len()]);
    let mut shares = [0.0; EMOTIONS];
    for (weight, stratum) in mix.iter().zip(strata) {
        for (share, vote) in shares.iter_mut().zip(&stratum.votes) {
            *share += weight * vote;
        }
    }
    // A share of zero would forbid an expression however clear a face is.
    let floored = shares.map(|share| share.max(0.01));
    let sum: f64 = floored.iter().sum();
    floored.map(|share| share / sum)
}
