//! Labels of one's own: agreement and shares against Python's, and what they promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "labels/agreement.rs"]
mod agreement;
mod simulation;

use std::fmt::Write;

use fer_core::Emotion;
use fer_insight::{
    Columns, Csv, Estimates, Label, Labels, Rows, ShareOptions, Shares, Sheet, Tally,
    shares_by_labels, tally_labeled,
};
use serde_json::Value;
use simulation::{MIXES, World, answer};

fn golden(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/labels.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap().iter();
    items.map(|x| x.as_f64().unwrap()).collect()
}

fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} against {expected}"
    );
}

/// Rows of a table of faces: answers by number, with the cells of further columns.
#[derive(Default)]
struct Table(String);

impl Table {
    fn new(columns: &str) -> Self {
        Self(format!("path,face,happy,sad,neutral,surprise{columns}\n"))
    }

    fn add(&mut self, path: &str, bin: usize, cells: &str) {
        let [a, b, c, d] = answer(bin);
        writeln!(self.0, "{path},0,{a},{b},{c},{d}{cells}").unwrap();
    }

    fn read(&self, columns: &Columns, sheet: &Sheet) -> fer_insight::Result<(Tally, Rows, Labels)> {
        tally_labeled(Csv(self.0.as_bytes()), columns, sheet)
    }

    fn shares(&self, columns: &Columns, sheet: &Sheet, options: &ShareOptions) -> Shares {
        let (tally, _, labels) = self.read(columns, sheet).unwrap();
        shares_by_labels(&tally, &labels, options).unwrap()
    }
}

/// Labels to be filled in by path.
fn labeled(labels: &[(String, &str)]) -> Sheet {
    let rows = labels
        .iter()
        .map(|(path, label)| format!("{path},0,{label}\n"));
    let text = format!("path,face,label\n{}", rows.collect::<String>());
    Sheet::read(text.as_bytes()).unwrap()
}

fn figures(shares: &Shares) -> &Estimates {
    shares.total.estimates.as_ref().unwrap()
}

#[test]
fn shares_within_answers_are_those_of_numpy() {
    for case in golden("within_answers") {
        let (mut table, mut labels) = (Table::new(""), Vec::new());
        for (a, (count, row)) in numbers(&case["answers"])
            .into_iter()
            .zip(case["labels"].as_array().unwrap())
            .enumerate()
        {
            let mut names = numbers(row)
                .into_iter()
                .zip(Label::ALL)
                .flat_map(|(n, label)| std::iter::repeat_n(label.name(), n as usize));
            for i in 0..count as usize {
                let path = format!("{a}-{i}.jpg");
                table.add(&path, 4 * a + i % 4, "");
                labels.extend(names.next().map(|name| (path, name)));
            }
            assert!(names.next().is_none());
        }
        let options = ShareOptions {
            draws: 20_000,
            ..Default::default()
        };
        let result = table.shares(&Columns::default(), &labeled(&labels), &options);
        let found = figures(&result);
        let (mean, low, high) = (&case["mean"], &case["low"], &case["high"]);
        let of_others = found.other.map(|other| (4, other));
        assert_eq!(of_others.is_some(), numbers(mean)[4] > 0.0);
        let shares = found.shares.0.into_iter().enumerate();
        for (index, share) in shares.chain(of_others).chain([(5, found.net)]) {
            assert_near(share.estimate, numbers(mean)[index], 0.002);
            assert_near(share.low, numbers(low)[index], 0.004);
            assert_near(share.high, numbers(high)[index], 0.004);
        }
    }
}

/// Faces of a field of bad images, and one vote for each: a third of the answers are those to another face.
fn field(world: &mut World, strata: &[f64; 5], faces: usize) -> Vec<(usize, usize)> {
    let face = |_| {
        let stratum = world.pick(strata);
        let misread = world.uniform() < 0.35;
        let seen = if misread {
            world.pick(&[0.2, 0.3, 0.3, 0.1, 0.1])
        } else {
            stratum
        };
        (world.bin(seen), world.vote(stratum))
    };
    (0..faces).map(face).collect()
}

fn table_of(field: &[(usize, usize)], labels: usize) -> (Table, Sheet) {
    let (mut table, mut sheet) = (Table::new(""), Vec::new());
    for (index, (bin, vote)) in field.iter().enumerate() {
        let path = format!("{index}.jpg");
        table.add(&path, *bin, "");
        if index < labels {
            sheet.push((path, Label::ALL[*vote].name()));
        }
    }
    (table, labeled(&sheet))
}

#[test]
fn intervals_hold_on_images_that_the_reference_knows_nothing_of() {
    const REPETITIONS: usize = 60;
    let mut world = World::new(5);
    let options = ShareOptions {
        draws: 400,
        ..Default::default()
    };
    let (mut held, mut width, mut cells) = (0.0, 0.0, 0.0);
    for mix in [MIXES[0], MIXES[2], MIXES[4]] {
        let (strata, truth) = world.strata(&mix, 0.14);
        for _ in 0..REPETITIONS {
            let (table, sheet) = table_of(&field(&mut world, &strata, 2000), 200);
            let result = table.shares(&Columns::default(), &sheet, &options);
            for (share, truth) in figures(&result).shares.0.iter().zip(truth) {
                held += f64::from(u8::from(share.low <= truth && truth <= share.high));
                width += share.high - share.low;
                cells += 1.0;
            }
        }
    }
    // 720 intervals: the standard error of the coverage is .008, somewhat more as four share their labels.
    let (coverage, width) = (held / cells, width / cells);
    assert!((0.92..=0.975).contains(&coverage), "{coverage}");
    assert!(width < 0.12, "{width}");
}

#[test]
fn every_group_with_labels_enough_is_read_by_its_own() {
    // The model says neutral to all; in the north people see happy faces, in the south sad ones.
    let columns = Columns {
        by: vec!["site".into()],
        ..Default::default()
    };
    let labels = |each: usize| {
        let site = |site: &str, label| {
            (0..each)
                .map(move |i| (format!("{site}{i}.jpg"), label))
                .collect::<Vec<_>>()
        };
        labeled(
            &[site("north", "happy"), site("south", "sad")]
                .concat()
                .iter()
                .map(|(path, label)| (path.clone(), *label))
                .collect::<Vec<_>>(),
        )
    };
    let mut table = Table::new(",site");
    for i in 0..300 {
        for site in ["north", "south"] {
            table.add(&format!("{site}{i}.jpg"), 8, &format!(",{site}"));
        }
    }
    let happy = |shares: &Shares, group: usize| {
        shares.groups[group].estimates.as_ref().unwrap().shares[Emotion::Happy].estimate
    };
    let options = ShareOptions::default();
    let own = table.shares(&columns, &labels(60), &options);
    assert!(happy(&own, 0) > 0.97 && happy(&own, 1) < 0.03);
    let pooled = table.shares(&columns, &labels(40), &options);
    assert!((happy(&pooled, 0) - 0.5).abs() < 0.02 && (happy(&pooled, 1) - 0.5).abs() < 0.02);
    // One reading for both groups: the draws are paired.
    let differences = pooled.groups[0].draws.iter().zip(&pooled.groups[1].draws);
    let differences: Vec<f64> = differences.map(|(a, b)| (a[0] - b[0]).abs()).collect();
    assert!(
        differences.iter().all(|d| *d < 1e-9),
        "all faces have one answer"
    );
}

#[test]
fn many_labels_of_few_people_count_as_fewer() {
    let columns = Columns {
        cluster: Some("badge".into()),
        ..Default::default()
    };
    let width = |people: usize| {
        let (mut table, mut sheet) = (Table::new(",badge"), Vec::new());
        for i in 0..1000 {
            let badge = i % people;
            let path = format!("{i}.jpg");
            table.add(&path, 8, &format!(",p{badge}"));
            if i < 200 {
                // Each person always looks the same.
                sheet.push((
                    path,
                    if badge.is_multiple_of(2) {
                        "happy"
                    } else {
                        "neutral"
                    },
                ));
            }
        }
        let result = table.shares(&columns, &labeled(&sheet), &ShareOptions::default());
        let happy = figures(&result).shares[Emotion::Happy];
        happy.high - happy.low
    };
    // 20 people are worth 20 labels, 200 people 200: a width of sqrt(10) times.
    let ratio = width(20) / width(200);
    assert!((2.4..4.0).contains(&ratio), "{ratio}");
}

#[test]
fn neither_the_order_of_rows_nor_of_labels_nor_threads_change_a_byte() {
    let mut world = World::new(9);
    let (strata, _) = world.strata(&MIXES[0], 0.14);
    let (table, sheet) = table_of(&field(&mut world, &strata, 500), 120);
    let run = |table: &Table, sheet: &Sheet, threads| {
        let options = ShareOptions {
            draws: 300,
            threads: std::num::NonZero::new(threads).unwrap(),
            ..Default::default()
        };
        serde_json::to_string(&table.shares(&Columns::default(), sheet, &options)).unwrap()
    };
    let turned = |text: &str| {
        let (head, body) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = body.lines().collect();
        rows.reverse();
        format!("{head}\n{}\n", rows.join("\n"))
    };
    let other = Table(turned(&table.0));
    let labels = Sheet::read(turned(&sheet.to_csv().unwrap()).as_bytes()).unwrap();
    assert_eq!(run(&table, &sheet, 1), run(&other, &labels, 7));
}

#[test]
fn labels_that_match_no_face_are_errors_with_their_row() {
    let mut table = Table::new(",site,agreed");
    for i in 0..100 {
        let agreed = if i < 90 { "yes" } else { "no" };
        table.add(
            &format!("{i}.jpg"),
            0,
            &format!(",{},{agreed}", ["n", "s"][i % 2]),
        );
    }
    let columns = Columns::default();
    let sheet = |last: &str| {
        let all = (0..40).map(|i| (format!("{i}.jpg"), "happy"));
        labeled(&all.chain([(last.to_owned(), "sad")]).collect::<Vec<_>>())
    };
    let error =
        |columns: &Columns, sheet: &Sheet| table.read(columns, sheet).unwrap_err().to_string();
    assert_eq!(
        error(&columns, &sheet("other.jpg")),
        "row 41 of the labels: the labeled face must be in the table; found other.jpg, face 0"
    );
    // Rows without consent are not read, so one absent label may be theirs; eleven cannot.
    let consent = Columns {
        consent: Some("agreed".into()),
        ..Default::default()
    };
    let (_, _, labels) = table.read(&consent, &sheet("95.jpg")).unwrap();
    assert_eq!((labels.facts().used, labels.facts().left_out), (40, 1));
    let strangers: Vec<_> = (0..11).map(|i| (format!("x{i}.jpg"), "sad")).collect();
    assert!(error(&consent, &labeled(&strangers)).starts_with("row 1 of the labels: "));
    // A filter leaves labels out too.
    let north = Columns {
        only: vec![("site".into(), "n".into())],
        ..Default::default()
    };
    let (_, _, labels) = table.read(&north, &sheet("41.jpg")).unwrap();
    assert_eq!((labels.facts().used, labels.facts().left_out), (20, 21));
    // Without the number of the face, a label may fit two.
    table.0 += "3.jpg,1,1,0,0,0,n,yes\n";
    let vague = Sheet::read("path,label\n3.jpg,sad\n".as_bytes()).unwrap();
    let error = table.read(&columns, &vague).unwrap_err().to_string();
    assert!(
        error.starts_with("row 1 of the labels: the labeled face must be in the table once"),
        "{error}"
    );
}

#[test]
fn too_few_labels_are_refused() {
    let mut table = Table::new("");
    for i in 0..60 {
        table.add(&format!("{i}.jpg"), 0, "");
    }
    let sheet = |count: usize, label| {
        labeled(
            &(0..60)
                .map(|i| (format!("{i}.jpg"), if i < count { label } else { "" }))
                .collect::<Vec<_>>(),
        )
    };
    let columns = Columns::default();
    let (tally, _, labels) = table.read(&columns, &sheet(29, "sad")).unwrap();
    let error = shares_by_labels(&tally, &labels, &ShareOptions::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("29 labels are too few"),
        "{error}"
    );
    let (tally, _, labels) = table.read(&columns, &sheet(30, "sad")).unwrap();
    assert_eq!(labels.facts().unlabeled, 30);
    shares_by_labels(&tally, &labels, &ShareOptions::default()).unwrap();
    let error = table.read(&columns, &sheet(0, "")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sheet has no label: label its faces first"
    );
    let (_, _, labels) = table.read(&columns, &sheet(60, "cannot tell")).unwrap();
    assert_eq!((labels.facts().used, labels.facts().cannot_tell), (0, 60));
}
