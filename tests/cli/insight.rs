//! `fer insight`: tables from files and standard input, the contract of the JSON, refusals and bad tables.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::{Run, fer, run};

const HEADER: &str = "path,face,happy,sad,neutral,surprise,site,person_id,agreed";

/// `people` people of four faces each at each site; more of `north` smile than of `south`.
fn faces(people: &[(&str, usize)]) -> String {
    let mut table = format!("{HEADER}\n");
    let mut next = 0_usize;
    for (site, count) in people {
        for person in 0..*count {
            for face in 0..4 {
                next += 1;
                let smiles = if *site == "north" { 7 } else { 3 };
                let p = if (person + face * 3) % 10 < smiles {
                    "0.95,0.01,0.03,0.01"
                } else {
                    "0.02,0.03,0.94,0.01"
                };
                writeln!(table, "{next}.jpg,0,{p},{site},{site}-{person},yes").unwrap();
            }
        }
    }
    table
}

struct Table {
    folder: TempDir,
    file: PathBuf,
}

fn table(text: &str) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faces.csv");
    std::fs::write(&file, text).unwrap();
    Table { folder, file }
}

fn insight(table: &Table, analysis: &str, arguments: &[&str]) -> Run {
    let mut command = fer();
    command.args(["insight", analysis]).arg(&table.file);
    run(command.args(arguments))
}

const SITES: &[&str] = &["--by", "site", "--cluster", "person_id"];

#[test]
fn shares_follow_their_contract_in_json() {
    let table = table(&faces(&[("north", 30), ("south", 25)]));
    let run = insight(
        &table,
        "shares",
        &[SITES, &["--json", "--draws", "500"]].concat(),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["analysis"], "shares");
    assert_eq!(
        (&json["purpose"], &json["basis"]),
        (&"audience".into(), &Value::Null)
    );
    assert_eq!(
        (&json["estimator"], &json["model"]),
        (&"reference".into(), &"crowd".into())
    );
    assert_eq!(json["reference"]["strata"], 5);
    assert_eq!(json["settings"]["cluster"], "person_id");
    assert_eq!(json["settings"]["min_people"], 10);
    assert_eq!(
        (&json["rows"]["read"], &json["rows"]["used"]),
        (&220.into(), &220.into())
    );
    let north = &json["groups"][0];
    assert_eq!(north["by"], serde_json::json!({"site": "north"}));
    assert_eq!(
        (&north["people"], &north["faces"]),
        (&30.into(), &120.into())
    );
    let happy = &north["shares"]["happy"];
    let number = |value: &Value| value.as_f64().unwrap();
    assert!((number(&happy["counted"]) - 0.7).abs() < 0.05, "{happy}");
    assert!(number(&happy["ci95"][0]) < number(&happy["estimate"]));
    assert!(number(&happy["estimate"]) < number(&happy["ci95"][1]));
    for figure in ["net", "expressive", "unclear"] {
        assert!(north[figure]["ci95"].is_array(), "{north}");
    }
    assert_eq!(north["fit"]["df"], 11);
    assert_eq!(json["total"]["people"], 55);
}

#[test]
fn standard_input_and_spreadsheets_give_the_bytes_of_the_file() {
    let text = faces(&[("north", 12), ("south", 12)]);
    let arguments = [SITES, &["--json", "--draws", "200"]].concat();
    let expected = insight(&table(&text), "shares", &arguments).stdout;
    let sheet = format!("\u{feff}{}", text.replace(',', ";").replace('\n', "\r\n"));
    for input in [text, sheet] {
        let mut command = fer();
        command.args(["insight", "shares", "-"]).args(&arguments);
        let run = run(command.args(["--threads", "3"]).write_stdin(input));
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout == expected);
    }
}

#[test]
fn tables_fit_sixty_eighty_and_more_columns() {
    let table = table(&faces(&[
        ("north", 30),
        ("south", 25),
        ("somewhere", 3),
        ("else", 4),
        ("west", 22),
    ]));
    for columns in [60, 80, 120] {
        for analysis in ["shares", "compare"] {
            let mut command = fer();
            command
                .args(["insight", analysis])
                .arg(&table.file)
                .args(SITES);
            let run = run(command.env("COLUMNS", columns.to_string()));
            assert_eq!(run.code, 0, "{}", run.stderr);
            for line in run.stdout.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
            assert!(run.stdout.contains("suppressed"), "{}", run.stdout);
            assert!(
                run.stdout.contains("of 100 people would say"),
                "{}",
                run.stdout
            );
        }
    }
}

#[test]
fn groups_of_few_people_show_no_number_in_any_format() {
    let table = table(&faces(&[("north", 30), ("south", 25), ("tiny", 3)]));
    let json = insight(&table, "shares", &[SITES, &["--json"]].concat());
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let tiny = json["groups"][2].as_object().unwrap();
    assert_eq!(tiny.keys().collect::<Vec<_>>(), ["by", "suppressed"]);
    // The total would give it away with the other two.
    assert_eq!(json["groups"][1]["suppressed"], true);
    let csv = insight(&table, "shares", &[SITES, &["--format", "csv"]].concat());
    let line = csv
        .stdout
        .lines()
        .find(|line| line.starts_with("tiny"))
        .unwrap();
    assert!(
        line.starts_with("tiny,,,,true,") && !line.contains('0'),
        "{line}"
    );
}

#[test]
fn a_trend_is_a_table_of_groups_and_periods() {
    let mut table = String::from("path,happy,sad,neutral,surprise,site,date,person_id\n");
    for i in 0..120 {
        let (site, day) = (["north", "south"][i % 2], 1 + i / 2 % 3);
        table += &format!("{i}.jpg,0.9,0.1,0,0,{site},2026-03-0{day},p{i}\n");
    }
    let days = ["--time", "date", "--every", "day", "--format", "csv"];
    let run = insight(&self::table(&table), "trend", &[SITES, &days].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(
        lines[0].starts_with("site,start,people,faces,"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("north,2026-03-01,20,20,"),
        "{}",
        lines[1]
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn comparison_finds_the_difference_and_names_the_pair() {
    let table = table(&faces(&[("north", 30), ("south", 30)]));
    let run = insight(
        &table,
        "compare",
        &[SITES, &["--json", "--versus", "south"]].concat(),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let pair = &json["pairs"][0];
    assert_eq!((&pair["a"], &pair["b"]), (&"north".into(), &"south".into()));
    let happy = &pair["differences"]["happy"];
    assert!(happy["ci95"][0].as_f64().unwrap() > 0.1, "{happy}");
    assert!(happy["p_adjusted"].as_f64().unwrap() < 0.01, "{happy}");
}

#[test]
fn the_purpose_refuses_with_exit_two_and_says_what_to_do() {
    let table = table(&faces(&[("north", 30)]));
    for (arguments, hint) in [
        (&["--purpose", "workplace"][..], "Art. 5(1)(f)"),
        (
            &["--purpose", "workplace", "--basis", "safety"],
            "consent column",
        ),
        (&["--purpose", "clinical"], "consent column"),
        (&["--min-people", "4"], "at least 5"),
        (&["--draws", "5"], "100 to 100000"),
        (&["--model", "mine"], "--reference"),
        (&["--purpose", "fun"], "audience"),
        (&["--where", "site"], "COL=VALUE"),
    ] {
        let run = insight(&table, "shares", arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(hint), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}

#[test]
fn rows_without_consent_or_outside_the_filter_change_nothing() {
    let text = faces(&[("north", 12)]);
    let more = format!("{text}x.jpg,0,900,,,,north,n,no\ny.jpg,0,0,1,0,0,south,s,1\n");
    let arguments = [
        SITES,
        &["--json", "--consent", "agreed", "--where", "site=north"],
    ]
    .concat();
    let [plain, filtered] = [text, more].map(|text| {
        let run = insight(&table(&text), "shares", &arguments);
        let json: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        json
    });
    assert_eq!(plain["groups"], filtered["groups"]);
    assert_eq!(filtered["rows"]["no_consent"], 1);
    assert_eq!(filtered["rows"]["filtered"], 1);
}

#[test]
fn bad_tables_are_refused_with_the_row() {
    let good = "a.jpg,0,0.95,0.01,0.03,0.01,north,p,yes";
    for (row, hint) in [
        (
            "b.jpg,0,95,1,3,1,north,p,yes",
            "row 2: probabilities must sum to 1: these are percents",
        ),
        (
            "b.jpg,0,NaN,0,0,1,north,p,yes",
            "row 2: probabilities must be numbers",
        ),
        (
            "b.jpg,0,0.5,0,0,0.1,north,p,yes",
            "row 2: probabilities must sum to 1",
        ),
        (
            "b.jpg,0,much,0,0,0.1,north,p,yes",
            "row 2: expected a number; found \"much\"",
        ),
        (
            "b.jpg,0,0.5,,0.5,0,north,p,yes",
            "row 2: the probability of sad is missing",
        ),
        (
            "b.jpg,0,0.5,0,0.5,0,north,,yes",
            "row 2: expected the cluster",
        ),
        (
            "b.jpg,0,0.5",
            "row 2: expected 9 cells, as many as the header has; found 3 cells",
        ),
    ] {
        let table = table(&format!("{HEADER}\n{good}\n{row}\n"));
        let run = insight(&table, "shares", SITES);
        assert_eq!(run.code, 1, "{row}: {}", run.stderr);
        assert!(run.stderr.contains(hint), "{row}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
    for (text, hint) in [
        (format!("{HEADER}\n"), "the table has a header and no row"),
        (String::new(), "no column \"happy\""),
        (format!("{HEADER},site\n"), "more than one column \"site\""),
        (
            format!("{HEADER}\na.jpg,,,,,,north,p,yes\n"),
            "no face is left of 1 rows: 1 without a face",
        ),
    ] {
        let run = insight(&table(&text), "shares", SITES);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains(hint), "{}", run.stderr);
    }
    let absent = table("");
    std::fs::remove_file(&absent.file).unwrap();
    let run = insight(&absent, "shares", &[]);
    assert!(
        run.code == 1 && run.stderr.contains("cannot read"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_table_of_videos_takes_its_people_as_clusters() {
    let mut text = String::from("path,time,person,happy,sad,neutral,surprise\n");
    for person in 0..12 {
        for frame in 0..5 {
            writeln!(text, "v.mp4,{frame},{person},0.95,0.01,0.03,0.01").unwrap();
        }
    }
    let run = insight(&table(&text), "shares", &["--json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&json["total"]["people"], &json["total"]["faces"]),
        (&12.into(), &60.into())
    );
    assert_eq!(json["settings"]["cluster"], "path, person");
}

#[test]
fn a_reference_is_made_of_an_evaluation_and_corrects_like_the_evaluation_itself() {
    let image = |i: usize| {
        let label = ["happy", "sad", "neutral", "surprise"][i % 4];
        let mut p =
            serde_json::json!({"happy": 0.01, "sad": 0.01, "neutral": 0.01, "surprise": 0.01});
        p[label] = 0.97.into();
        serde_json::json!({"path": "a", "truth": label, "emotion": label, "probabilities": p})
    };
    let predictions: Vec<Value> = (0..100).map(image).collect();
    let evaluation = serde_json::json!({"priors": "natural", "predictions": predictions});
    let table = table(&faces(&[("north", 12)]));
    let own = table.folder.path().join("own.json");
    let made = table.folder.path().join("reference.json");
    std::fs::write(&own, evaluation.to_string()).unwrap();
    let run = run(fer()
        .args(["insight", "reference"])
        .arg(&own)
        .arg("--out")
        .arg(&made));
    assert_eq!(
        (run.code, run.stderr.trim()),
        (0, "reference of 100 images")
    );
    let shares = |file: &PathBuf| {
        let reference = file.to_str().unwrap();
        insight(
            &table,
            "shares",
            &["--json", "--model", "mine", "--reference", reference],
        )
        .stdout
    };
    assert!(shares(&own).contains("\"images\": 100"), "{}", shares(&own));
    assert_eq!(shares(&own), shares(&made));
}

#[test]
fn pages_are_one_file_with_the_answer_in_words_and_hatched_cells() {
    let table = table(&faces(&[
        ("north", 30),
        ("south", 25),
        ("tiny", 4),
        ("small", 7),
    ]));
    for analysis in ["shares", "compare"] {
        let page = table.folder.path().join(format!("{analysis}.html"));
        let html = page.to_str().unwrap();
        let run = insight(&table, analysis, &[SITES, &["--report", html]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let text = std::fs::read_to_string(&page).unwrap();
        for part in [
            "of 100 people would say",
            "How far to trust it",
            "What it does not say",
            "class=\"hidden\"",
            "Art. 50(3)",
            "--by site",
        ] {
            assert!(text.contains(part), "{analysis}: {part}");
        }
        assert!(
            !text.contains("http") && !text.contains("<script"),
            "{analysis}"
        );
    }
}
