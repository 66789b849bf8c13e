//! One page for each analysis: the answer in words, charts, how far to trust it, and what it does not say.

mod baseline_page;
mod compare_page;
mod law;
mod panels;
mod relate_page;
mod shares_page;
mod timeline_page;
mod trend_page;

use fer_report::{SOFTWARE, intervals::IntervalChart};
use serde::Serialize;

use crate::Result;
use crate::document::{Statement, Warning};

const TEMPLATES: [(&str, &str); 1] = [("insight.html", include_str!("templates/insight.html"))];

/// The source of a result, as its page states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The table.
    pub table: String,
    /// The command or call that makes the result again.
    pub command: String,
}

/// The figures of a page that its template shows.
#[derive(Serialize)]
struct Page<'a> {
    software: &'a str,
    title: String,
    kind: &'static str,
    question: String,
    sections: Vec<Section>,
    trust: Vec<Fact>,
    table: Option<Grid>,
    warnings: Vec<Sign<'a>>,
    law: &'static str,
    limits: &'static [&'static str],
    method: Vec<&'static str>,
    table_name: &'a str,
    command: &'a str,
    seed: u64,
}

/// Charts that are read side by side.
#[derive(Serialize)]
struct Section {
    title: String,
    charts: Vec<Panel>,
    note: String,
    strip: Option<Strip>,
}

/// Episodes and markers on a line of time of 1000 units, one row for each expression.
#[derive(Serialize)]
struct Strip {
    parts: Vec<StripPart>,
    markers: Vec<(f64, String)>,
    rows: Vec<&'static str>,
    start: String,
    end: String,
}

#[derive(Serialize)]
struct StripPart {
    x: f64,
    width: f64,
    color: &'static str,
    row: usize,
    text: String,
}

/// A chart and the class of its color.
#[derive(Serialize)]
struct Panel {
    chart: IntervalChart,
    color: &'static str,
}

/// A fact that bears on the trust in the figures.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    text: String,
}

/// A table of figures.
#[derive(Serialize)]
struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    note: String,
}

#[derive(Serialize)]
struct Sign<'a> {
    group: String,
    message: &'a str,
}

/// The parts that differ between analyses.
struct Parts {
    kind: &'static str,
    headline: String,
    sections: Vec<Section>,
    table: Option<Grid>,
    method: Vec<&'static str>,
}

fn render(
    parts: Parts,
    statement: &Statement,
    warnings: &[Warning],
    origin: &Origin,
) -> Result<String> {
    let page = Page {
        software: SOFTWARE,
        title: parts.headline,
        kind: parts.kind,
        question: question(statement),
        sections: parts.sections,
        trust: trust(statement),
        table: parts.table,
        warnings: warnings
            .iter()
            .map(|warning| Sign {
                group: values(&warning.group),
                message: &warning.message,
            })
            .collect(),
        law: law::of(statement.purpose),
        limits: law::limits(statement.estimator),
        method: parts.method,
        table_name: &origin.table,
        command: &origin.command,
        seed: statement.settings.seed,
    };
    Ok(fer_report::render(&TEMPLATES, "insight.html", page)?)
}

fn values(group: &[(String, String)]) -> String {
    let values: Vec<String> = group.iter().map(|(_, value)| value.clone()).collect();
    crate::words::name(&values)
}

/// Returns the sentence that says what is counted.
fn question(statement: &Statement) -> String {
    let settings = &statement.settings;
    let unit = match &settings.cluster {
        Some(column) => format!("people are the values of “{column}” and weigh equally"),
        None => "each face counts as one person".to_owned(),
    };
    let by = if settings.by.is_empty() {
        String::new()
    } else {
        format!(" by {}", settings.by.join(", "))
    };
    format!("If each face were shown to one person, how many of 100 would say so{by}? {unit}.")
        .replace("? people", "? People")
        .replace("? each", "? Each")
}

fn trust(statement: &Statement) -> Vec<Fact> {
    let rows = &statement.rows;
    let left_out = [
        (rows.no_face, "without a face"),
        (rows.unreadable, "of unreadable images"),
        (rows.no_consent, "without consent"),
        (rows.filtered, "left out by a filter"),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{} {why}", thousands(*count)))
        .collect();
    let mut text = format!("{} of {} used", thousands(rows.used), thousands(rows.read));
    if !left_out.is_empty() {
        text += &format!("; {}", left_out.join(", "));
    }
    let mut facts = vec![
        Fact { name: "rows", text },
        Fact {
            name: "corrected by",
            text: corrected_by(statement),
        },
        Fact {
            name: "faces under 24 pixels",
            text: thousands(rows.small_faces),
        },
        Fact {
            name: "smallest cell",
            text: format!(
                "{} people; smaller ones are hatched, and so is one that would give them away",
                statement.settings.min_people
            ),
        },
    ];
    if let Some(basis) = statement.basis {
        facts.push(Fact {
            name: "declared basis",
            text: basis.to_string(),
        });
    }
    facts
}

/// Returns the source of the correction in words.
fn corrected_by(statement: &Statement) -> String {
    if let Some(labels) = &statement.labels {
        let used = thousands(labels.facts.used as u64);
        let pooled = if labels.pooled {
            "read together"
        } else {
            "each group by its own"
        };
        return format!("{used} labels of these very faces, {pooled}");
    }
    let Some(reference) = &statement.reference else {
        return "nothing".into();
    };
    let unclear = if reference.strata == 5 {
        "with crowd votes, unclear faces among them"
    } else {
        "with one label each: unclear faces are not modeled"
    };
    format!(
        "{} labeled faces {unclear}, as the model “{}” answers them: one sample, whose error is the same however many faces \
         there are",
        thousands(reference.images),
        statement.model
    )
}

/// Formats a count with a narrow space between thousands.
fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_spaces_between_thousands() {
        for (count, text) in [(7, "7"), (412, "412"), (16_902, "16\u{202f}902")] {
            assert_eq!(thousands(count), text);
        }
        assert_eq!(thousands(1_000_000), "1\u{202f}000\u{202f}000");
    }
}
