//! `fer insight`: Parquet, joins, rows for each person, simulated tables, and what is left after an error.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{Run, faces, fer, run};

pub(super) const SURE: &str = "0.95,0.01,0.03,0.01";

pub(super) fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

pub(super) fn insight(analysis: &str, table: &Path, arguments: &[&str]) -> Run {
    let mut command = fer();
    command.args(["insight", analysis]).arg(table);
    run(command.args(arguments))
}

pub(super) fn json(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

/// Five faces of each of 24 customers.
fn reactions(folder: &TempDir) -> PathBuf {
    let mut text = String::from("path,happy,sad,neutral,surprise,customer\n");
    for face in 0..120 {
        writeln!(text, "{face}.jpg,{SURE},{}", face % 24).unwrap();
    }
    write(folder, "faces.csv", &text)
}

/// The customers, one of whom is not in the faces; the last two have not agreed.
fn customers(folder: &TempDir) -> PathBuf {
    let mut text = String::from("id;segment;agreed\r\n");
    for customer in 1..25 {
        let segment = if customer % 2 == 0 { "new" } else { "regular" };
        let agreed = if customer < 22 { "yes" } else { "no" };
        write!(text, "{customer};{segment};{agreed}\r\n").unwrap();
    }
    write(folder, "crm.csv", &text)
}

#[test]
fn parquet_gives_what_csv_gives() {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = Vec::new();
    for name in ["faces.csv", "faces.parquet"] {
        let file = folder.path().join(name);
        let mut command = fer();
        command.arg("predict").arg(faces().join("test"));
        let predicted = run(command.args(["--faces", "whole", "--output"]).arg(&file));
        assert_eq!(predicted.code, 0, "{}", predicted.stderr);
        let arguments = [
            "--by",
            "emotion",
            "--json",
            "--draws",
            "200",
            "--threads",
            "3",
        ];
        answers.push(json(&insight("shares", &file, &arguments)));
    }
    assert!(answers[0]["rows"]["used"].as_u64() > Some(0));
    assert_eq!(answers[0], answers[1]);
    // A file that only begins as one.
    let broken = write(&folder, "broken.parquet", "PAR1 and no more");
    let run = insight("shares", &broken, &[]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("not a Parquet table"), "{}", run.stderr);
}

#[test]
fn faces_are_joined_with_their_customers() {
    let folder = tempfile::tempdir().unwrap();
    let (table, crm) = (reactions(&folder), customers(&folder));
    let crm = crm.to_str().unwrap();
    let join = [
        "--join",
        crm,
        "--on",
        "customer=id",
        "--by",
        "segment",
        "--cluster",
        "customer",
    ];
    let joined = json(&insight(
        "shares",
        &table,
        &[&join[..], &["--json"]].concat(),
    ));
    assert_eq!(joined["rows"]["unmatched"], 5);
    assert_eq!(joined["rows"]["used"], 115);
    assert_eq!(joined["groups"][0]["by"]["segment"], "new");
    assert_eq!(joined["groups"][0]["people"], 11);
    // Customer data need consent, and consent may be in the other table.
    let campaign = [&join[..], &["--purpose", "campaign", "--json"]].concat();
    let refused = insight("shares", &table, &campaign);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("need a consent column"),
        "{}",
        refused.stderr
    );
    let agreed = [&campaign[..], &["--consent", "agreed"]].concat();
    assert_eq!(
        json(&insight("shares", &table, &agreed))["rows"]["no_consent"],
        10
    );
    // Without --on there is nothing to join by.
    assert_eq!(insight("shares", &table, &["--join", crm]).code, 2);
}

#[test]
fn keys_that_are_there_twice_are_refused_with_the_row_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let table = reactions(&folder);
    let crm = write(
        &folder,
        "crm.csv",
        "customer,segment\n1,new\n2,new\n1,regular\n",
    );
    let page = folder.path().join("page.html");
    let arguments = [
        "--join",
        crm.to_str().unwrap(),
        "--on",
        "customer",
        "--html",
    ];
    let run = insight(
        "shares",
        &table,
        &[&arguments[..], &[page.to_str().unwrap()]].concat(),
    );
    assert_eq!(run.code, 1);
    let reason = "row 3: each key must be there once, and is in row 1 already";
    assert!(
        run.stderr.contains("crm.csv") && run.stderr.contains(reason),
        "{}",
        run.stderr
    );
    assert!(run.stdout.is_empty() && !page.exists());
}

#[test]
fn single_people_are_written_only_for_purposes_that_allow_it() {
    let folder = tempfile::tempdir().unwrap();
    let (table, crm) = (reactions(&folder), customers(&folder));
    let units = folder.path().join("units.csv");
    let arguments = [
        ["--join", crm.to_str().unwrap(), "--on", "customer=id"],
        ["--by", "segment", "--cluster", "customer"],
        ["--consent", "agreed", "--units", units.to_str().unwrap()],
    ]
    .concat();
    let refused = insight("shares", &table, &arguments);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(!units.exists());
    let allowed = [&arguments[..], &["--purpose", "campaign"]].concat();
    let run = insight("shares", &table, &allowed);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(&units).unwrap();
    let mut lines = text.lines();
    let header = "segment,customer,faces,happy,sad,neutral,surprise,net,expressive";
    assert_eq!(lines.next(), Some(header));
    assert_eq!(lines.clone().count(), 21);
    assert!(
        lines.all(|line| line.split(',').nth(2) == Some("5")),
        "{text}"
    );
}

#[test]
fn a_simulated_table_is_written_once_and_its_intervals_hold_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulated.csv");
    let simulate = |seed: &str| {
        let mut command = fer();
        command.args([
            "insight",
            "simulate",
            "--shares",
            "0.3,0.05,0.6,0.05",
            "--people",
            "60",
        ]);
        command.args([
            "--faces-per-person",
            "20",
            "--json",
            "--seed",
            seed,
            "--out",
        ]);
        run(command.arg(&file))
    };
    let truth = json(&simulate("1"))["truth"].clone();
    let found = json(&insight(
        "shares",
        &file,
        &["--cluster", "person", "--json"],
    ));
    for emotion in ["happy", "sad", "neutral", "surprise"] {
        let interval = &found["total"]["shares"][emotion]["ci95"];
        let true_share = truth[emotion].as_f64().unwrap();
        let held = interval[0].as_f64().unwrap() <= true_share
            && true_share <= interval[1].as_f64().unwrap();
        assert!(held, "{emotion}: {true_share} {interval}");
    }
    let other = simulate("2");
    assert!(
        other.code == 1 && other.stdout.is_empty(),
        "{}",
        other.stderr
    );
    let mut command = fer();
    command.args([
        "insight",
        "simulate",
        "--shares",
        "0.5,0.5,0.5,0.5",
        "--people",
        "6",
        "--out",
    ]);
    let wrong = run(command.arg(folder.path().join("wrong.csv")));
    assert!(
        wrong.code != 0 && wrong.stderr.contains("sum to 1"),
        "{}",
        wrong.stderr
    );
}

/// The promise for large tables: neither threads nor the order of the rows change a byte.
#[test]
fn neither_threads_nor_order_change_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let header = "path,happy,sad,neutral,surprise,site,person\n";
    let mut rows: Vec<String> = (0..30_000_usize)
        .map(|number| {
            let p = [
                "0.95,0.01,0.03,0.01",
                "0.3,0.6,0.05,0.05",
                "0.1,0.1,0.7,0.1",
            ][number * number % 3];
            format!("{number}.jpg,{p},site {},{}\n", number % 4, number % 701)
        })
        .collect();
    let arguments = [
        "--by",
        "site",
        "--cluster",
        "person",
        "--json",
        "--draws",
        "200",
        "--threads",
    ];
    let mut answers = Vec::new();
    for (name, threads) in [("one", "1"), ("two", "2"), ("seven", "7")] {
        let table = write(&folder, name, &format!("{header}{}", rows.concat()));
        let run = insight("shares", &table, &[&arguments[..], &[threads]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        answers.push(run.stdout);
        rows.reverse();
        rows.rotate_left(7_777);
    }
    assert!(answers[0] == answers[1] && answers[1] == answers[2]);
}

#[test]
fn the_model_is_one_more_rater() {
    let folder = tempfile::tempdir().unwrap();
    let table = reactions(&folder);
    let mut sheet = String::from("path,label\n");
    for face in 0..40 {
        let label = if face < 30 { "happy" } else { "sad" };
        writeln!(sheet, "{face}.jpg,{label}").unwrap();
    }
    let sheet = write(&folder, "anna.csv", &sheet);
    let table = table.to_str().unwrap();
    let found = json(&insight("agreement", &sheet, &["--faces", table, "--json"]));
    assert_eq!(found["raters"][1]["name"], "model");
    assert_eq!(found["raters"][1]["answered"], 40);
    assert_eq!(found["pairs"][0]["agreement"]["estimate"], 0.75);
    let alone = insight("agreement", &sheet, &[]);
    assert!(
        alone.code != 0 && alone.stderr.contains("two or more"),
        "{}",
        alone.stderr
    );
    let other = write(&folder, "other.csv", "path,label\nx.jpg,happy\n");
    let absent = insight("agreement", &other, &["--faces", table]);
    assert!(
        absent.stderr.contains("no face of the sheet"),
        "{}",
        absent.stderr
    );
}

#[test]
fn labels_correct_comparisons_and_trends() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("path,happy,sad,neutral,surprise,site,date\n");
    let mut sheet = String::from("path,label\n");
    for face in 0..400 {
        let site = if face % 2 == 0 { "north" } else { "south" };
        writeln!(
            text,
            "{face}.jpg,{SURE},{site},2026-03-{:02}",
            1 + face % 28
        )
        .unwrap();
        if face < 120 {
            let label = if face % 3 == 0 { "sad" } else { "happy" };
            writeln!(sheet, "{face}.jpg,{label}").unwrap();
        }
    }
    let (table, sheet) = (
        write(&folder, "faces.csv", &text),
        write(&folder, "sheet.csv", &sheet),
    );
    let labels = [
        "--labels",
        sheet.to_str().unwrap(),
        "--json",
        "--draws",
        "300",
    ];
    let compared = json(&insight(
        "compare",
        &table,
        &[&labels[..], &["--by", "site"]].concat(),
    ));
    assert_eq!(compared["estimator"], "labels");
    let sad = compared["groups"][0]["shares"]["sad"]["estimate"]
        .as_f64()
        .unwrap();
    assert!((sad - 1.0 / 3.0).abs() < 0.05, "{sad}");
    let weeks = ["--time", "date", "--every", "week"];
    let trend = json(&insight(
        "trend",
        &table,
        &[&labels[..], &weeks[..]].concat(),
    ));
    assert_eq!(trend["estimator"], "labels");
    assert_eq!(trend["labels"]["used"], 120);
}
