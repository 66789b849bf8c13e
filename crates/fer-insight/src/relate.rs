//! Association of the faces of people with an outcome of theirs.

mod output;

use std::collections::BTreeMap;

use fer_core::{Emotion, PerEmotion};
use serde::Serialize;

use crate::answer::{BINS, EMOTIONS, bin};
use crate::association::{auc, spearman};
use crate::document::Document;
use crate::kinds::Analysis;
use crate::quantile::student_t;
use crate::random::{Purpose, Random};
use crate::reference::Reference;
use crate::row::{Columns, Record, Rows};
use crate::shares::{Estimate, ShareOptions, net};
use crate::study::Study;
use crate::table::FaceTable;
use crate::units::{expected_votes, mean_votes};
use crate::warnings::of_table;
use crate::{Error, Result};

/// Bootstrap samples of an interval, and permutations of a test.
const SAMPLES: usize = 1999;

/// The most units.
const MAX_UNITS: usize = 10_000_000;

/// The settings of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelateOptions {
    /// Column of the outcome: one value for each unit, a number or yes and no; empty for units without one.
    pub outcome: String,
}

/// The measure of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Spearman's rank correlation, for outcomes of more than two values.
    Spearman,
    /// The probability that a unit with the outcome has the higher value, for outcomes of two values.
    Auc,
}

/// An association with its interval over units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Association {
    /// The measure.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Probability of one as far from none if outcomes were exchanged at random.
    pub p: f64,
}

/// The outcome of the third of units with the lowest, middle or highest net.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Third {
    /// Units.
    pub people: u64,
    /// Range of net in it.
    pub net: [f64; 2],
    /// Mean outcome, or share with the outcome (Wilson 1927).
    pub outcome: Estimate,
}

/// The result of a relation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// Units with a face and an outcome.
    pub people: u64,
    /// Units with a face and no outcome.
    pub without_outcome: u64,
    /// The measure.
    pub measure: Measure,
    /// The two values of the outcome, the one counted last; none for other outcomes.
    pub values: Option<[String; 2]>,
    /// Association of each share.
    pub shares: PerEmotion<Association>,
    /// Association of happy minus sad.
    pub net: Association,
    /// Association of 1 minus neutral.
    pub expressive: Association,
    /// The outcome by thirds of net, from the lowest.
    pub thirds: Vec<Third>,
}

impl Study {
    /// Relates the faces of each unit, the study's cluster, to its outcome.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, those of the table, [`Error::InvalidArgument`] without a cluster or for
    /// outcomes of more than two values that are no numbers, and [`Error::Empty`] for too few units with an outcome.
    pub fn relate(
        &self,
        table: impl FaceTable,
        options: &RelateOptions,
    ) -> Result<Document<Relation>> {
        let min_people = self.check_with(Analysis::Relate, |_| {})?;
        let (units, rows) = Units::read(table, &self.columns, options)?;
        let statement = self.statement(Analysis::Relate, min_people, true, rows)?;
        let result = relate(&units, &self.reference, &self.options, min_people)?;
        Ok(Document {
            warnings: of_table(&statement),
            statement,
            result,
        })
    }
}

/// Faces by unit, and the outcome of each.
#[derive(Debug)]
struct Units {
    units: BTreeMap<String, Unit>,
}

#[derive(Debug)]
struct Unit {
    counts: [u32; BINS],
    outcome: String,
}

impl Units {
    /// Reads the units of a table; `columns` must name the cluster.
    fn read(
        table: impl FaceTable,
        columns: &Columns,
        options: &RelateOptions,
    ) -> Result<(Self, Rows)> {
        if columns.cluster.is_none() {
            return Err(Error::InvalidArgument {
                name: "cluster",
                expected: "the column of the units that have an outcome".into(),
                found: "none".into(),
            });
        }
        let mut columns = columns.clone();
        columns.values = vec![options.outcome.clone()];
        let mut units: BTreeMap<String, Unit> = BTreeMap::new();
        let rows = table.read(&columns, &mut |record: &Record<'_>| {
            let name = record.cluster.as_deref().unwrap_or_default();
            let outcome = record.values[0].trim();
            let invalid = |what: String, found: &str| Error::InvalidRow {
                row: record.row,
                what,
                found: format!("{found:?}"),
            };
            if name.is_empty() {
                return Err(invalid("expected the cluster of the face".into(), name));
            }
            if units.len() == MAX_UNITS && !units.contains_key(name) {
                return Err(Error::TooMany {
                    what: "units",
                    limit: MAX_UNITS,
                });
            }
            let unit = units.entry(name.to_owned()).or_insert_with(|| Unit {
                counts: [0; BINS],
                outcome: outcome.to_owned(),
            });
            if unit.outcome != outcome {
                return Err(invalid(
                    format!("{name:?} has the outcome {:?} already", unit.outcome),
                    outcome,
                ));
            }
            let count = &mut unit.counts[bin(&record.probabilities)];
            *count = count.saturating_add(1);
            Ok(())
        })?;
        Ok((Self { units }, rows))
    }
}

/// Computes the association of the units' values with their outcomes.
///
/// # Errors
/// [`Error::Empty`] for fewer units with an outcome than `min_people`, and for outcomes or faces that are all equal;
/// [`Error::InvalidArgument`] for outcomes of more than two values that are no numbers.
fn relate(
    units: &Units,
    reference: &Reference,
    options: &ShareOptions,
    min_people: u64,
) -> Result<Relation> {
    let with: Vec<&Unit> = units
        .units
        .values()
        .filter(|unit| !unit.outcome.is_empty())
        .collect();
    let people = with.len() as u64;
    if people < min_people.max(5) {
        return Err(Error::Empty {
            what: format!(
                "{people} of {} units have an outcome: at least {} are needed",
                units.units.len(),
                min_people.max(5)
            ),
        });
    }
    let (outcomes, values) = outcomes(&with)?;
    let expected = expected_votes(units.units.values().map(|unit| unit.counts), reference);
    let shares = with.iter().map(|unit| mean_votes(&unit.counts, &expected));
    let shares: Vec<[f64; EMOTIONS]> = shares.collect();
    if shares.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(Error::Empty {
            what: format!(
                "the faces of all {people} units are read alike: there is nothing to relate"
            ),
        });
    }
    let measure = if values.is_some() {
        Measure::Auc
    } else {
        Measure::Spearman
    };
    let of = |place: u64, value: &dyn Fn(&[f64; EMOTIONS]) -> f64| {
        let x: Vec<f64> = shares.iter().map(value).collect();
        let mut random = Random::new(options.seed, Purpose::Permutation, place);
        associate(&x, &outcomes, measure, options.level, &mut random)
    };
    Ok(Relation {
        people,
        without_outcome: units.units.len() as u64 - people,
        measure,
        shares: PerEmotion::from_fn(|emotion| {
            of(emotion.index() as u64, &|shares| shares[emotion.index()])
        }),
        net: of(4, &net),
        expressive: of(5, &|shares| 1.0 - shares[Emotion::Neutral.index()]),
        thirds: thirds(&shares, &outcomes, values.is_some(), options.level),
        values,
    })
}

/// Returns the outcomes as numbers: 0 and 1 for two values, whose names are given, too.
fn outcomes(units: &[&Unit]) -> Result<(Vec<f64>, Option<[String; 2]>)> {
    let mut values: Vec<&str> = units.iter().map(|unit| unit.outcome.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    if let [one] = values[..] {
        return Err(Error::Empty {
            what: format!("all outcomes are {one:?}: there is nothing to relate to"),
        });
    }
    if let [a, b] = values[..] {
        let number = |text: &str| text.parse::<f64>().ok();
        let swapped = matches!((number(a), number(b)), (Some(x), Some(y)) if x > y);
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        let outcomes = units
            .iter()
            .map(|unit| f64::from(u8::from(unit.outcome == b)));
        return Ok((outcomes.collect(), Some([a.to_owned(), b.to_owned()])));
    }
    let parse = |unit: &&Unit| {
        let number = unit.outcome.parse::<f64>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| Error::InvalidArgument {
            name: "outcome",
            expected: "numbers, or two different values".into(),
            found: format!("{:?}", unit.outcome),
        })
    };
    Ok((units.iter().map(parse).collect::<Result<_>>()?, None))
}

/// Association of two lists of numbers, `None` where one of them is constant.
type Statistic = fn(&[f64], &[f64]) -> Option<f64>;

fn associate(
    x: &[f64],
    y: &[f64],
    measure: Measure,
    level: f64,
    random: &mut Random,
) -> Association {
    let (of, none): (Statistic, f64) = match measure {
        Measure::Spearman => (spearman, 0.0),
        Measure::Auc => (auc, 0.5),
    };
    let found = of(x, y).unwrap_or(none);
    let n = x.len();
    let mut draws = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let chosen: Vec<usize> = (0..n).map(|_| random.below(n)).collect();
        let pick = |values: &[f64]| chosen.iter().map(|&i| values[i]).collect::<Vec<f64>>();
        draws.extend(of(&pick(x), &pick(y)));
    }
    let mut shuffled = y.to_vec();
    let mut extreme = 1_usize;
    for _ in 0..SAMPLES {
        for i in (1..n).rev() {
            shuffled.swap(i, random.below(i + 1));
        }
        let other = of(x, &shuffled).unwrap_or(none);
        extreme += usize::from((other - none).abs() >= (found - none).abs() - 1e-12);
    }
    Association {
        estimate: Estimate {
            estimate: found,
            ..Estimate::from_draws(draws, level)
        },
        p: extreme as f64 / (SAMPLES + 1) as f64,
    }
}

fn thirds(
    shares: &[[f64; EMOTIONS]],
    outcomes: &[f64],
    two_valued: bool,
    level: f64,
) -> Vec<Third> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| net(&shares[a]).total_cmp(&net(&shares[b])));
    let n = order.len();
    let third = |index: usize| {
        let part = &order[index * n / 3..(index + 1) * n / 3];
        let (first, last) = (part.first()?, part.last()?);
        let count = part.len() as f64;
        let sum: f64 = part.iter().map(|&i| outcomes[i]).sum();
        let outcome = if two_valued {
            Estimate::of_share(sum, count, level)
        } else {
            let mean = sum / count;
            let squares: f64 = part.iter().map(|&i| (outcomes[i] - mean).powi(2)).sum();
            let reach = student_t(level, count - 1.0) * (squares / (count - 1.0) / count).sqrt();
            Estimate {
                estimate: mean,
                low: mean - reach,
                high: mean + reach,
                level,
            }
        };
        Some(Third {
            people: part.len() as u64,
            net: [net(&shares[*first]), net(&shares[*last])],
            outcome,
        })
    };
    (0..3).filter_map(third).collect()
}
