//! The page of a relation.

use fer_report::intervals::{Figure, IntervalChart};

use super::{Grid, Origin, Panel, Parts, Section, render};
use crate::Result;
use crate::document::Document;
use crate::relate::{Measure, Relation};
use crate::words::{hundred, p_value};

const METHOD: [&str; 3] = [
    "The value of a person is the expected vote of each face given the model's answer, under the shares of all people together.",
    "Intervals by resampling people; p by exchanging their outcomes (Phipson and Smyth 2010). Shares by thirds: Wilson (1927).",
    "Misreading of faces makes every association look weaker than it is.",
];

impl Document<Relation> {
    /// Renders the page of the relation: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let relation = &self.result;
        let parts = Parts {
            kind: "Faces and an outcome",
            headline: relation.headline(),
            sections: vec![section(relation)],
            table: Some(grid(relation)),
            method: METHOD.to_vec(),
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}

fn section(relation: &Relation) -> Section {
    let figures: Vec<(String, Figure)> = relation
        .figures()
        .map(|(name, association)| {
            let figure = &association.estimate;
            (
                name.to_owned(),
                Figure::Interval {
                    estimate: 100.0 * figure.estimate,
                    interval: (100.0 * figure.low, 100.0 * figure.high),
                    counted: None,
                    text: Some(format!("{:.2}", figure.estimate)),
                },
            )
        })
        .collect();
    let (title, note) = match relation.measure {
        Measure::Spearman => ("rank correlation", "In hundredths; 0 is no association."),
        Measure::Auc => ("AUC", "In hundredths; 50 is no association."),
    };
    Section {
        title: "Association with the outcome".into(),
        charts: vec![Panel {
            chart: IntervalChart::new(title, &figures, None),
            color: "plain",
        }],
        note: note.into(),
        strip: None,
    }
}

fn grid(relation: &Relation) -> Grid {
    let share = relation.values.is_some();
    let outcome = match &relation.values {
        Some([_, counted]) => format!("share of “{counted}”"),
        None => "mean outcome".into(),
    };
    let digits = |value: f64| {
        if share {
            hundred(value).to_string()
        } else {
            format!("{value:.2}")
        }
    };
    let thirds = ["lowest", "middle", "highest"].iter().zip(&relation.thirds);
    let rows = thirds.map(|(name, third)| {
        let figure = &third.outcome;
        vec![
            (*name).to_owned(),
            format!("{} to {}", hundred(third.net[0]), hundred(third.net[1])),
            third.people.to_string(),
            format!(
                "{} [{}, {}]",
                digits(figure.estimate),
                digits(figure.low),
                digits(figure.high)
            ),
        ]
    });
    Grid {
        header: vec![
            "third by net".into(),
            "net".into(),
            "people".into(),
            outcome,
        ],
        rows: rows.collect(),
        note: format!(
            "{} people with an outcome, {} without one. Net: p {}.",
            relation.people,
            relation.without_outcome,
            p_value(relation.net.p)
        ),
    }
}
