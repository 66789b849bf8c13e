//! `fer evaluate` and `fer compare` on drawn faces.

use std::fs;

use super::{CLASSES, face, faces, fer, read_json, run, small_dataset};

#[test]
fn evaluate_writes_the_figures_that_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let (json, html) = (folder.path().join("e.json"), folder.path().join("e.html"));
    let test = faces().join("test");
    let run = run(fer()
        .arg("evaluate")
        .arg(&test)
        .arg("--json")
        .arg(&json)
        .arg("--html")
        .arg(&html));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let figures = read_json(&json);
    for key in [
        "n",
        "accuracy",
        "accuracy_ci95",
        "balanced_accuracy",
        "macro_f1",
        "nll",
        "ece",
        "classes",
        "confusion",
        "per_class",
        "no_face",
        "errors",
        "predictions",
    ] {
        assert!(!figures[key].is_null(), "{key}");
    }
    let n = figures["n"].as_u64().unwrap();
    let confusion: u64 = figures["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(confusion, n);
    let predictions = figures["predictions"].as_array().unwrap();
    assert_eq!(predictions.len() as u64, n);
    let right = predictions
        .iter()
        .filter(|row| row["truth"] == row["emotion"])
        .count();
    assert!((right as f64 / n as f64 - figures["accuracy"].as_f64().unwrap()).abs() < 1e-9);
    assert!(
        test.join(predictions[0]["path"].as_str().unwrap())
            .is_file(),
        "paths are relative to DIR"
    );
    for class in CLASSES {
        for key in ["precision", "recall", "f1", "support"] {
            assert!(
                figures["per_class"][class].get(key).is_some(),
                "{class} {key}"
            );
        }
    }
    assert!(run.stdout.contains("accuracy"), "{}", run.stdout);
    assert!(fs::read_to_string(html).unwrap().contains("</html>"));
}

#[test]
fn compare_counts_who_is_right_where_and_says_what_that_shows() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("comparison.json");
    let compare = |a: &str, b: &str| {
        let run = run(fer()
            .args(["compare", a, b])
            .arg(faces().join("test"))
            .arg("--json")
            .arg(&json));
        assert_eq!(run.code, 0, "{}", run.stderr);
        (run.stdout, read_json(&json))
    };
    let (table, same) = compare("crowd", "crowd");
    assert!(table.contains("no difference is shown"), "{table}");
    assert_eq!(
        (same["only_a"].as_u64(), same["only_b"].as_u64()),
        (Some(0), Some(0))
    );
    assert_eq!(same["p_value"].as_f64(), Some(1.0));

    let (_, figures) = compare("crowd", "folder");
    let count = |key: &str| figures[key].as_u64().unwrap();
    let cells = ["both_right", "only_a", "only_b", "both_wrong"].map(count);
    assert_eq!(cells.iter().sum::<u64>(), count("n"));
    assert_eq!(count("n"), same["n"].as_u64().unwrap());
    assert_eq!(
        figures["decisive"].as_array().unwrap().len() as u64,
        cells[1] + cells[2]
    );
    let difference = figures["difference"].as_f64().unwrap();
    let expected = (cells[2] as f64 - cells[1] as f64) / count("n") as f64;
    assert!((difference - expected).abs() < 1e-12);
    let bound = |index: usize| figures["difference_ci95"][index].as_f64().unwrap();
    assert!(bound(0) < difference && difference < bound(1));

    let unknown = run(fer()
        .args(["compare", "crowd", "nobody"])
        .arg(faces().join("test")));
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("nobody"), "{}", unknown.stderr);
}

#[test]
fn evaluate_leaves_out_what_a_list_names() {
    let folder = tempfile::tempdir().unwrap();
    let test = faces().join("test");
    let left_out = face("happy");
    let list = folder.path().join("list.txt");
    fs::write(
        &list,
        format!("{}\n\n", left_out.strip_prefix(&test).unwrap().display()),
    )
    .unwrap();
    let json = folder.path().join("e.json");
    let n = |arguments: &[&str]| {
        let run = run(fer()
            .arg("evaluate")
            .arg(&test)
            .arg("--json")
            .arg(&json)
            .args(arguments));
        assert_eq!(run.code, 0, "{}", run.stderr);
        read_json(&json)["n"].as_u64().unwrap()
    };
    let all = n(&[]);
    assert_eq!(n(&["--exclude", list.to_str().unwrap()]), all - 1);
}

#[test]
fn evaluate_scores_groups_and_the_largest_gap() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    small_dataset(&root.join("data"), 20);
    let mut text = String::from("\u{feff}file,site,camera\r\n");
    for class in CLASSES {
        let files = fs::read_dir(root.join("data/test").join(class)).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        for (number, name) in names.iter().enumerate() {
            let site = ["north", "south"][number % 2];
            let camera = if number == 0 { "old" } else { "" };
            let name = name.to_str().unwrap();
            text += &format!("test/{class}/{name},{site},{camera}\r\n");
        }
    }
    text += "test/happy/gone.jpg,north,\r\n";
    fs::write(root.join("groups.csv"), &text).unwrap();
    let evaluate = |groups: &str| {
        let mut command = fer();
        command.args([
            "evaluate",
            "data/test",
            "--faces",
            "whole",
            "--groups",
            groups,
        ]);
        run(command
            .args(["--json", "e.json", "--html", "e.html"])
            .current_dir(root))
    };
    let run = evaluate("groups.csv");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("not there: test/happy/gone.jpg"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("76 images have no camera"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout
            .contains("largest gap of accuracy among 2 groups"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("old (few)"), "{}", run.stdout);
    let grouped = &read_json(&root.join("e.json"))["groups"];
    let site = &grouped["columns"][0];
    assert_eq!(
        (&site["column"], &site["groups"][0]["n"]),
        (&"site".into(), &40.into())
    );
    let p = site["largest_gap"]["p_value"].as_f64().unwrap();
    assert!((0.0001..=1.0).contains(&p), "{p}");
    let camera = &grouped["columns"][1];
    assert_eq!(camera["groups"][0]["is_small"], true);
    assert!(camera["largest_gap"].is_null());
    let html = fs::read_to_string(root.join("e.html")).unwrap();
    assert!(html.contains("By site") && html.contains("Largest gap among 2 groups"));

    fs::write(root.join("others.csv"), "file,site\nhappy/1.jpg,north\n").unwrap();
    let refused = evaluate("others.csv");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("groups file"), "{}", refused.stderr);
}

#[test]
fn evaluate_reports_missing_classes_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("Happiness")).unwrap();
    fs::copy(face("happy"), folder.path().join("Happiness/a.jpg")).unwrap();
    let run = run(fer().arg("evaluate").arg(folder.path()));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("neutral"),
        "the missing classes are named: {}",
        run.stderr
    );
}
