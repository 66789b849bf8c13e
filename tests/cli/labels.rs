//! Labels of one's own: `fer insight sample`, `agreement` and `shares --labels`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{Run, faces, fer, run};

/// A folder with the table of the drawn test faces, and what commands make of it.
struct Work(TempDir);

impl Work {
    fn new() -> Self {
        let work = Self(tempfile::tempdir().unwrap());
        let table = run(fer()
            .arg("predict")
            .arg(faces().join("test"))
            .args(["--format", "csv"]));
        assert_eq!(table.code, 0, "{}", table.stderr);
        fs::write(work.path("faces.csv"), table.stdout).unwrap();
        work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn insight(&self, arguments: &[&str]) -> Run {
        run(fer()
            .current_dir(self.0.path())
            .arg("insight")
            .args(arguments))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes a copy of the sheet whose labels are those of the folders, but every `wrong`th.
    fn label(&self, sheet: &str, labeled: &str, wrong: usize) {
        let text = self.read(sheet);
        let (header, rows) = text.split_once('\n').unwrap();
        let mut filled = format!("{header}\n");
        for (index, row) in rows.lines().enumerate() {
            let class = Path::new(row.split(',').next().unwrap()).parent().unwrap();
            let class = class.file_name().unwrap().to_str().unwrap();
            let label = if index % wrong == wrong - 1 {
                "other"
            } else {
                class
            };
            filled += &format!("{row}{label}\n");
        }
        fs::write(self.path(labeled), filled).unwrap();
    }
}

#[test]
fn a_sheet_and_its_page_are_drawn_from_a_table() {
    let work = Work::new();
    let arguments = ["sample", "faces.csv", "--count", "12", "--seed", "3"];
    let run = work.insight(
        &[
            &arguments[..],
            &["--out", "sheet.csv", "--html", "label.html"],
        ]
        .concat(),
    );
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("12 of "), "{}", run.stderr);
    let sheet = work.read("sheet.csv");
    assert!(sheet.starts_with("path,face,time,person,x,y,width,height,label\n"));
    assert_eq!(sheet.lines().count(), 13);
    let page = work.read("label.html");
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 12);
    assert!(
        !page.contains("http:") && !page.contains("https:"),
        "nothing is loaded from elsewhere"
    );

    // Another order of the rows draws the same faces, in the same order.
    let table = work.read("faces.csv");
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    fs::write(
        work.path("faces.csv"),
        format!("{header}\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let run = work.insight(&[&arguments[..], &["--out", "again.csv"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(work.read("again.csv"), sheet);
}

#[test]
fn labels_are_never_overwritten() {
    let work = Work::new();
    let arguments = ["sample", "faces.csv", "--count", "5", "--out", "sheet.csv"];
    assert_eq!(work.insight(&arguments).code, 0);
    assert_eq!(work.insight(&arguments).code, 0, "the same sheet");
    work.label("sheet.csv", "sheet.csv", 9);
    let labeled = work.read("sheet.csv");
    let run = work.insight(&arguments);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("sheet.csv") && run.stderr.contains("exists"),
        "{}",
        run.stderr
    );
    assert_eq!(work.read("sheet.csv"), labeled);
}

#[test]
fn an_image_that_is_gone_is_left_out_of_the_page_and_named() {
    let work = Work::new();
    let mut table = work.read("faces.csv");
    let row = table.lines().nth(1).unwrap().to_owned();
    let path = row.split(',').next().unwrap();
    table += &format!("{}\n", row.replace(path, "gone.png"));
    fs::write(work.path("faces.csv"), &table).unwrap();
    let all = (table.lines().count() - 1).to_string();
    let arguments = [
        "sample",
        "faces.csv",
        "--count",
        &all,
        "--out",
        "s.csv",
        "--html",
        "l.html",
    ];
    let run = work.insight(&arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning: left out of the page: gone.png"),
        "{}",
        run.stderr
    );
    assert_eq!(work.read("s.csv").lines().count(), table.lines().count());
    let shown = work.read("l.html").matches("data:image/jpeg").count();
    assert_eq!(shown, table.lines().count() - 2);
    // A table without any image left: nothing is written.
    fs::write(
        work.path("gone.csv"),
        format!(
            "{}\n{}\n",
            table.lines().next().unwrap(),
            row.replace(path, "gone.png")
        ),
    )
    .unwrap();
    let run = work.insight(&[
        "sample",
        "gone.csv",
        "--out",
        "none.csv",
        "--html",
        "none.html",
    ]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("gone.png"), "{}", run.stderr);
    assert!(!work.path("none.csv").exists() && !work.path("none.html").exists());
}

#[test]
fn labels_of_two_people_agree_and_correct_the_shares() {
    let work = Work::new();
    let faces = work.read("faces.csv").lines().count() - 1;
    let all = faces.to_string();
    assert_eq!(
        work.insight(&["sample", "faces.csv", "--count", &all, "--out", "sheet.csv"])
            .code,
        0
    );
    work.label("sheet.csv", "anna.csv", usize::MAX);
    work.label("sheet.csv", "ben.csv", 10);

    let run = work.insight(&["agreement", "anna.csv", "ben.csv", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["raters"][1]["name"], "ben");
    assert_eq!(json["compared"], faces);
    let alpha = json["alpha"]["estimate"].as_f64().unwrap();
    assert!((0.8..0.95).contains(&alpha), "{alpha}");
    let confusion = json["pairs"][0]["confusion"].as_object().unwrap();
    let other = confusion.values().map(|row| row["other"].as_u64().unwrap());
    assert_eq!(other.sum::<u64>() as usize, faces / 10);
    let table = work.insight(&["agreement", "anna.csv", "ben.csv"]);
    assert!(
        table.stdout.contains("Krippendorff's alpha"),
        "{}",
        table.stdout
    );

    // The model need not be one with a reference.
    let labels = [
        "shares",
        "faces.csv",
        "--labels",
        "ben.csv",
        "--json",
        "--model",
        "mine",
    ];
    let run = work.insight(&labels);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&json["estimator"], &json["model"]),
        (&"labels".into(), &"mine".into())
    );
    assert!(json["reference"].is_null(), "{json}");
    assert_eq!(json["labels"]["used"], faces);
    let total = &json["total"];
    let other = total["other"]["estimate"].as_f64().unwrap();
    assert!((0.05..0.2).contains(&other), "{other}");
    let four = ["happy", "sad", "neutral", "surprise"];
    let sum: f64 = four
        .iter()
        .map(|name| total["shares"][name]["estimate"].as_f64().unwrap())
        .sum();
    assert!((sum + other - 1.0).abs() < 1e-9, "{sum} and {other}");
    let page = [
        "shares",
        "faces.csv",
        "--labels",
        "ben.csv",
        "--html",
        "shares.html",
    ];
    assert_eq!(work.insight(&page).code, 0);
    assert!(
        work.read("shares.html")
            .contains("labels of these very faces")
    );
}

#[test]
fn faults_of_sheets_name_the_file_and_the_row() {
    let work = Work::new();
    assert_eq!(
        work.insight(&["sample", "faces.csv", "--count", "40", "--out", "sheet.csv"])
            .code,
        0
    );
    work.label("sheet.csv", "good.csv", usize::MAX);
    let good = work.read("good.csv");
    let fail = |name: &str, text: &str, parts: &[&str]| {
        fs::write(work.path(name), text).unwrap();
        for arguments in [
            ["shares", "faces.csv", "--labels", name],
            ["agreement", "good.csv", name, "--json"],
        ] {
            let run = work.insight(&arguments);
            if arguments[0] == "agreement" && parts[0].contains("of the labels") {
                continue;
            }
            assert_eq!(run.code, 1, "{arguments:?}");
            for part in parts {
                assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
            }
        }
    };
    let last = good.trim_end().rsplit_once('\n').unwrap().1;
    let class = last.rsplit_once(',').unwrap().1;
    let unknown = good.replace(&format!(",{class}\n"), ",cheerful\n");
    fail(
        "unknown.csv",
        &unknown,
        &[
            "unknown.csv is no sheet of labels",
            "row ",
            "found \"cheerful\"",
        ],
    );
    fail(
        "twice.csv",
        &format!("{good}{last}\n"),
        &["twice.csv", "row 41", "already"],
    );
    fail("empty.csv", "", &["empty.csv", "no column \"path\""]);
    let stranger = good.replacen("/happy/", "/happy/not-", 1);
    fail(
        "stranger.csv",
        &stranger,
        &["of the labels: the labeled face must be in the table"],
    );
    let few: String = good
        .lines()
        .take(20)
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(work.path("few.csv"), few).unwrap();
    let run = work.insight(&["shares", "faces.csv", "--labels", "few.csv"]);
    assert!(
        run.code == 1 && run.stderr.contains("19 labels are too few"),
        "{}",
        run.stderr
    );
    let run = work.insight(&["agreement", "good.csv"]);
    assert_eq!(run.code, 2, "one sheet");
}
