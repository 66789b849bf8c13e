//! The analyses on simulated tables whose truth is known (tools/simulate_tables.py).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "analyses/outputs.rs"]
mod outputs;

use std::fs::File;
use std::path::Path;

use fer_core::{Emotion, PerEmotion};
use fer_insight::{
    BaselineOptions, Basis, Columns, CompareOptions, Csv, Declaration, Every, Marker, Measure,
    Purpose, Reference, RelateOptions, ShareOptions, Shares, Study, TimelineOptions, TrendOptions,
};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/insight");

fn table(name: &str) -> Csv<File> {
    Csv(File::open(Path::new(FOLDER).join(name)).unwrap())
}

fn truth(table: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(FOLDER).join("truth.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[table].clone()
}

fn study(by: &[&str], cluster: &str) -> Study {
    Study {
        columns: Columns {
            by: by.iter().map(|&name| name.into()).collect(),
            cluster: (!cluster.is_empty()).then(|| cluster.into()),
            ..Columns::default()
        },
        declaration: Declaration::default(),
        model: "crowd".into(),
        reference: Reference::named("crowd").unwrap(),
        options: ShareOptions {
            draws: 1000,
            ..ShareOptions::default()
        },
    }
}

/// The shares whose interval holds the truth, and all.
fn held(shares: &Shares, truth: &Value) -> (usize, usize) {
    let mut held = (0, 0);
    for group in &shares.groups {
        let Some(figures) = &group.estimates else {
            continue;
        };
        for (emotion, share) in figures.shares.iter() {
            let truth = truth[&group.by[0]][emotion.label()].as_f64().unwrap();
            held.0 += usize::from(share.low <= truth && truth <= share.high);
            held.1 += 1;
        }
    }
    held
}

#[test]
fn intervals_hold_the_truth_of_sites_and_campaigns() {
    for (file, by, cluster) in [
        ("satisfaction", "site", "visit"),
        ("campaign", "campaign", "customer_id"),
    ] {
        let shares = study(&[by], cluster)
            .shares(table(&format!("{file}.csv")))
            .unwrap();
        let (held, all) = held(&shares.result, &truth(file));
        assert!(all == 12 && held >= 11, "{file}: {held} of {all}");
        assert!(shares.result.headline().contains("of 100 people would say"));
    }
}

#[test]
fn work_needs_a_basis_and_hides_the_team_of_nine_with_another() {
    let mut study = study(&["site"], "badge");
    study.declaration.purpose = Purpose::Workplace;
    let refused = study
        .shares(table("town_hall.csv"))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("Art. 5(1)(f)"), "{refused}");
    study.declaration.basis = Some(Basis::OutsideEu);
    study.columns.consent = Some("agreed".into());
    let shares = study.shares(table("town_hall.csv")).unwrap();
    assert!(shares.statement.rows.no_consent > 0);
    let hidden: Vec<&str> = shares
        .result
        .groups
        .iter()
        .filter(|group| group.suppressed)
        .map(|group| &*group.by[0])
        .collect();
    assert_eq!(hidden, ["lab", "porto"]);
    let mut options = TrendOptions {
        time: "date".into(),
        every: Every::Day,
    };
    assert!(study.trend(table("town_hall.csv"), &options).is_err());
    options.every = Every::Month;
    let trend = study.trend(table("town_hall.csv"), &options).unwrap();
    let lisbon = &trend.result.series[1];
    assert_eq!((&*lisbon.by[0], lisbon.periods.len()), ("lisbon", 9));
    let slopes = lisbon.slopes.unwrap();
    assert!(slopes.net.low < 0.0 && slopes.net.high > 0.0, "{slopes:?}");
    assert_eq!(
        trend.result.series[0].slopes, None,
        "a team of nine has no figure"
    );
    assert_eq!(lisbon.periods[0].start, "2026-01");
}

#[test]
fn a_campaign_differs_from_its_control_and_the_other_does_not() {
    let study = study(&["campaign"], "customer_id");
    let options = CompareOptions {
        versus: Some("control".into()),
        permutations: 1999,
        ..CompareOptions::default()
    };
    let compared = study.compare(table("campaign.csv"), &options).unwrap();
    let [a, b] = &compared.result.pairs[..] else {
        panic!("{:?}", compared.result.pairs);
    };
    let happy = |pair: &fer_insight::Pair| pair.differences.unwrap()[Emotion::Happy];
    assert!(happy(a).p_adjusted < 0.05, "{a:?}");
    assert!(happy(b).p_adjusted > 0.05, "{b:?}");
    assert!(compared.result.headline().contains("film A"));
}

#[test]
fn seconds_of_a_recording_have_a_trace_and_no_slope() {
    let mut study = study(&[], "");
    study.declaration.min_people = Some(5);
    let mut text = String::from("path,time,person,happy,sad,neutral,surprise\n");
    for person in 0..8 {
        for frame in 0..40 {
            let p = if frame < 20 {
                "0.02,0.01,0.96,0.01"
            } else {
                "0.96,0.01,0.02,0.01"
            };
            text += &format!("ad.mp4,{},{person},{p}\n", f64::from(frame) / 4.0);
        }
    }
    let options = TrendOptions {
        time: "time".into(),
        every: Every::Seconds(1),
    };
    let trend = study.trend(Csv(text.as_bytes()), &options).unwrap().result;
    let periods = &trend.series[0].periods;
    assert!(trend.media && periods.len() == 10 && trend.series[0].slopes.is_none());
    let happy = |index: usize| {
        periods[index].group.estimates.as_ref().unwrap().shares[Emotion::Happy].estimate
    };
    assert!(happy(1) < 0.2 && happy(8) > 0.7);
    assert_eq!(periods[9].start, "9");
}

fn conversation(person: Option<&str>) -> Study {
    let mut study = study(&[], "");
    study.declaration.purpose = Purpose::Customers;
    study
        .columns
        .only
        .extend(person.map(|person| ("person".to_owned(), person.to_owned())));
    study
}

fn timeline_options() -> TimelineOptions {
    let marker = |time: f64, label: &str| Marker {
        path: None,
        time,
        label: label.into(),
    };
    TimelineOptions {
        class_mix: PerEmotion([0.392, 0.140, 0.350, 0.118]),
        markers: vec![marker(38.0, "greeting"), marker(170.0, "nothing")],
    }
}

#[test]
fn a_conversation_is_told_for_the_customer_alone() {
    let refused = conversation(None).timeline(table("conversation.csv"), &timeline_options());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("the clerk is an employee"), "{refused}");

    let told = conversation(Some("0")).timeline(table("conversation.csv"), &timeline_options());
    let told = told.unwrap().result;
    let [customer] = &told.conversations[..] else {
        panic!("{}", told.conversations.len());
    };
    assert!((customer.duration - 239.8).abs() < 0.01 && customer.seen > 239.0);
    // The state at each step against the truth.
    let truth = truth("conversation")["customer"].clone();
    let states = truth.as_array().unwrap();
    let state = |time: f64| {
        let mut past = states
            .iter()
            .filter(|state| state["start"].as_f64().unwrap() <= time + 0.05);
        past.next_back().unwrap()["emotion"]
            .as_str()
            .unwrap()
            .parse::<Emotion>()
            .unwrap()
    };
    let right = customer
        .course
        .probabilities
        .iter()
        .enumerate()
        .filter(|(step, p)| {
            let emotion = state(*step as f64 * 0.2);
            p.iter().all(|other| *other <= p[emotion.index()])
        });
    let share = right.count() as f64 / customer.course.probabilities.len() as f64;
    assert!(share > 0.95, "{share} of the steps are right");
    let smiles = customer
        .episodes
        .iter()
        .filter(|episode| episode.emotion == Emotion::Happy);
    assert!((3..=8).contains(&smiles.count()), "{:?}", customer.episodes);
    assert_eq!(told.reach[Emotion::Happy].people, 1);
    assert!(
        customer.markers[0].net.unwrap().p < 0.05,
        "{:?}",
        customer.markers
    );
    assert!(
        customer.markers[1].net.unwrap().p > 0.05,
        "{:?}",
        customer.markers
    );
    assert!(customer.change.is_some());
}

#[test]
fn an_audience_shows_no_single_conversation() {
    let mut study = study(&[], "");
    let few = study.timeline(table("conversation.csv"), &timeline_options());
    assert!(
        few.unwrap_err()
            .to_string()
            .contains("shows no fewer than 10")
    );
    study.declaration.min_people = Some(5);
    let mut text = String::from("path,time,person,happy,sad,neutral,surprise\n");
    for person in 0..6 {
        for frame in 0..30 {
            text += &format!(
                "v.mp4,{},{person},0.96,0.01,0.02,0.01\n",
                f64::from(frame) / 5.0
            );
        }
    }
    let told = study
        .timeline(Csv(text.as_bytes()), &timeline_options())
        .unwrap()
        .result;
    assert!(told.conversations.is_empty());
    assert_eq!(
        (
            told.reach[Emotion::Happy].people,
            told.reach[Emotion::Happy].of
        ),
        (6, 6)
    );
}

#[test]
fn one_patient_changes_against_the_baseline_and_two_do_not() {
    let mut study = study(&[], "");
    study.declaration.purpose = Purpose::Clinical;
    study.columns.consent = Some("agreed".into());
    let options = BaselineOptions {
        subject: "patient".into(),
        session: "visit".into(),
        phase: "phase".into(),
        baseline: "A".into(),
    };
    let document = study.baseline(table("sessions.csv"), &options).unwrap();
    assert_eq!(document.warnings, []);
    let result = document.result;
    let overlaps: Vec<_> = result.subjects.iter().map(|s| s.overlap.unwrap()).collect();
    assert!(
        overlaps[0].nap > 0.9 && overlaps[0].p < 0.01,
        "{overlaps:?}"
    );
    assert!(overlaps[1].p > 0.05 && overlaps[2].p > 0.05, "{overlaps:?}");
    let sessions: Vec<&str> = result.subjects[0]
        .sessions
        .iter()
        .map(|s| &*s.session)
        .collect();
    assert_eq!(sessions[..3], ["1", "2", "3"]);
    assert_eq!(sessions[9], "10", "numbers are ordered as numbers");
    let unknown = BaselineOptions {
        baseline: "C".into(),
        ..options
    };
    let error = study.baseline(table("sessions.csv"), &unknown).unwrap_err();
    assert!(error.to_string().contains("\"A\", \"B\""), "{error}");
}

#[test]
fn the_rating_of_a_visit_goes_with_its_faces() {
    let study = study(&[], "visit");
    let options = RelateOptions {
        outcome: "csat".into(),
    };
    let relation = study
        .relate(table("satisfaction.csv"), &options)
        .unwrap()
        .result;
    assert_eq!(relation.measure, Measure::Spearman);
    assert!(relation.without_outcome > 100 && relation.people > 100);
    assert!(
        relation.net.estimate.low > 0.0 && relation.net.p < 0.01,
        "{:?}",
        relation.net
    );
    let thirds: Vec<f64> = relation
        .thirds
        .iter()
        .map(|third| third.outcome.estimate)
        .collect();
    assert!(thirds[2] > thirds[0], "{thirds:?}");
    let site = RelateOptions {
        outcome: "site".into(),
    };
    let error = study.relate(table("satisfaction.csv"), &site).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("numbers, or two different values"),
        "{error}"
    );
}
