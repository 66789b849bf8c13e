//! Times of rows, and the periods that they fall into.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime};

use crate::{Error, Result};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// A number of seconds, of media time or of the clock.
    Seconds(u32),
    /// A calendar day.
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Every {
    /// Returns the shortest length of a period in days.
    pub fn days(self) -> f64 {
        match self {
            Self::Seconds(seconds) => f64::from(seconds) / 86_400.0,
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 28.0,
        }
    }
}

impl FromStr for Every {
    type Err = Error;

    /// Reads `day`, `week`, `month`, or a whole number of seconds (`10s`), minutes (`5min`) or hours (`1h`).
    fn from_str(text: &str) -> Result<Self> {
        let unit = |suffix: &str, seconds: u32| {
            let count: u32 = text.strip_suffix(suffix)?.trim().parse().ok()?;
            count.checked_mul(seconds).filter(|total| *total > 0)
        };
        let every = match text {
            "day" | "1day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            _ => unit("s", 1)
                .or_else(|| unit("min", 60))
                .or_else(|| unit("h", 3600))
                .map(Self::Seconds),
        };
        every.ok_or_else(|| Error::InvalidArgument {
            name: "every",
            expected: "1s, 10s, 1min, 1h, day, week or month".into(),
            found: format!("{text:?}"),
        })
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
            Self::Day => f.write_str("day"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
        }
    }
}

/// A time of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// Seconds of a recording.
    Media(f64),
    /// Date and time as written.
    Calendar(NaiveDateTime),
}

/// A period: its number, and its start in words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period {
    pub(crate) index: i64,
    pub(crate) start: String,
}

/// Reads times that must all be of one kind: seconds, or dates without or with one offset from UTC.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    kind: Option<Kind>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Seconds,
    Dates { offset: String },
}

impl Clock {
    /// Reads the time of a row.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for text that is no time, and for a time of another kind than those before.
    pub(crate) fn read(&mut self, text: &str, row: u64) -> Result<Moment> {
        let invalid = |what: String| Error::InvalidRow {
            row,
            what,
            found: format!("{text:?}"),
        };
        let (moment, kind) = parse(text.trim()).ok_or_else(|| {
            invalid(
                "expected a time: seconds, or a date such as 2026-03-01 or 2026-03-01T09:30:00"
                    .into(),
            )
        })?;
        match &self.kind {
            None => self.kind = Some(kind),
            Some(before) if *before == kind => {}
            Some(before) => {
                return Err(invalid(match (before, kind) {
                    (Kind::Dates { offset: a }, Kind::Dates { offset: b }) => format!(
                        "times must have one time zone, but {} follows {}: convert them to one",
                        offset_name(&b),
                        offset_name(a)
                    ),
                    _ => "times must be either all seconds or all dates".into(),
                }));
            }
        }
        Ok(moment)
    }
}

/// Returns a time, in units of a second since 1970, as the analyses read it: a date, or for `Some` date and time, those of
/// UTC (`true`) or as a clock showed them.
pub fn time_text(value: i64, units_per_second: i64, utc: Option<bool>) -> Option<String> {
    let rest = value.rem_euclid(units_per_second) * (1_000_000_000 / units_per_second);
    let time = DateTime::from_timestamp(value.div_euclid(units_per_second), rest as u32)?;
    let text = match utc {
        None => time.format("%Y-%m-%d"),
        Some(false) => time.format("%Y-%m-%dT%H:%M:%S%.f"),
        Some(true) => time.format("%Y-%m-%dT%H:%M:%S%.fZ"),
    };
    Some(text.to_string())
}

fn offset_name(offset: &str) -> String {
    if offset.is_empty() {
        "no offset".into()
    } else {
        format!("offset {offset}")
    }
}

fn parse(text: &str) -> Option<(Moment, Kind)> {
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds
            .is_finite()
            .then_some((Moment::Media(seconds), Kind::Seconds));
    }
    let (local, offset) = split_offset(text);
    let moment = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(local, format).ok())
    .or_else(|| {
        let date = NaiveDate::parse_from_str(local, "%Y-%m-%d").ok()?;
        date.and_hms_opt(0, 0, 0)
    })?;
    let offset = offset.to_owned();
    Some((Moment::Calendar(moment), Kind::Dates { offset }))
}

/// Splits `Z` or `+01:00` off a time of the day.
fn split_offset(text: &str) -> (&str, &str) {
    let Some(time) = text.find(['T', ' ']) else {
        return (text, "");
    };
    match text[time..].find(['Z', '+', '-']) {
        Some(at) => text.split_at(time + at),
        None => (text, ""),
    }
}

impl Every {
    /// Returns the period of a moment; `None` for periods of days of a recording.
    pub(crate) fn period(self, moment: Moment) -> Option<Period> {
        Some(match (self, moment) {
            (Self::Seconds(length), Moment::Media(seconds)) => {
                let index = (seconds / f64::from(length)).floor() as i64;
                let start = (index * i64::from(length)).to_string();
                Period { index, start }
            }
            (Self::Seconds(length), Moment::Calendar(time)) => {
                let index = time.and_utc().timestamp().div_euclid(i64::from(length));
                let start = chrono::DateTime::from_timestamp(index * i64::from(length), 0)?;
                let start = start.naive_utc().format("%Y-%m-%dT%H:%M:%S").to_string();
                Period { index, start }
            }
            (Self::Day, Moment::Calendar(time)) => Period {
                index: i64::from(time.num_days_from_ce()),
                start: time.date().to_string(),
            },
            (Self::Week, Moment::Calendar(time)) => {
                let since = u64::from(time.weekday().num_days_from_monday());
                let monday = time.date().checked_sub_days(Days::new(since))?;
                Period {
                    index: i64::from(monday.num_days_from_ce()).div_euclid(7),
                    start: monday.to_string(),
                }
            }
            (Self::Month, Moment::Calendar(time)) => Period {
                index: i64::from(time.year()) * 12 + i64::from(time.month0()),
                start: time.format("%Y-%m").to_string(),
            },
            (Self::Day | Self::Week | Self::Month, Moment::Media(_)) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(every: &str, text: &str) -> Option<(i64, String)> {
        let moment = Clock::default().read(text, 1).unwrap();
        let period = every.parse::<Every>().unwrap().period(moment)?;
        Some((period.index, period.start))
    }

    #[test]
    fn times_fall_into_periods_of_seconds_days_weeks_and_months() {
        assert_eq!(period("10s", "25.4"), Some((2, "20".into())));
        assert_eq!(period("10s", "-1"), Some((-1, "-10".into())));
        assert_eq!(
            period("month", "2026-03-31"),
            Some((2026 * 12 + 2, "2026-03".into()))
        );
        assert_eq!(
            period("day", "2026-03-01T23:59:59Z").unwrap().1,
            "2026-03-01"
        );
        assert_eq!(
            period("1h", "2026-03-01 09:30").unwrap().1,
            "2026-03-01T09:00:00"
        );
        // 2026-03-01 is a Sunday.
        assert_eq!(period("week", "2026-03-01").unwrap().1, "2026-02-23");
        let next = period("week", "2026-03-02T08:00:00+01:00").unwrap();
        assert_eq!(next.1, "2026-03-02");
        assert_eq!(next.0, period("week", "2026-03-01").unwrap().0 + 1);
        assert_eq!(period("day", "12.5"), None);
    }

    #[test]
    fn stored_times_are_written_as_they_are_read() {
        let time = |value, units, utc| time_text(value, units, utc).unwrap();
        assert_eq!(time(20_513 * 86_400, 1, None), "2026-03-01");
        assert_eq!(time(-1, 1_000, Some(true)), "1969-12-31T23:59:59.999Z");
        let text = time(1_772_357_400_500_000, 1_000_000, Some(false));
        assert_eq!(text, "2026-03-01T09:30:00.500");
        Clock::default().read(&text, 1).unwrap();
        assert_eq!(time_text(i64::MAX, 1, None), None);
    }

    #[test]
    fn kinds_of_times_do_not_mix() {
        let mut clock = Clock::default();
        clock.read("2026-03-01T09:30:00+01:00", 1).unwrap();
        clock.read("2026-03-01T19:30:00.5+01:00", 2).unwrap();
        for (text, message) in [
            (
                "2026-03-01T09:30:00+02:00",
                "row 3: times must have one time zone, but offset +02:00 follows offset +01:00",
            ),
            (
                "2026-03-01T09:30:00",
                "row 3: times must have one time zone, but no offset follows offset +01:00",
            ),
            (
                "12.5",
                "row 3: times must be either all seconds or all dates",
            ),
            ("yesterday", "row 3: expected a time"),
            ("2026-02-30", "row 3: expected a time"),
            ("", "row 3: expected a time"),
            ("NaN", "row 3: expected a time"),
        ] {
            let error = clock.read(text, 3).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn lengths_are_read_and_written() {
        for (text, every) in [
            ("1s", Every::Seconds(1)),
            ("5min", Every::Seconds(300)),
            ("1h", Every::Seconds(3600)),
            ("week", Every::Week),
        ] {
            assert_eq!(text.parse::<Every>().unwrap(), every);
        }
        for text in ["0s", "fortnight", "s", "-1s", "9999999h"] {
            assert!(text.parse::<Every>().is_err(), "{text}");
        }
    }
}
