//! `fer train`, `fer evaluate`, `fer audit` and `fer info` on drawn faces.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Run, face, faces, fer, json_lines, run, small_dataset};

fn train(root: &Path, arguments: &[&str]) -> Run {
    run(fer()
        .args(["train", "data", "--epochs", "2", "--batch-size", "8"])
        .args(arguments)
        .current_dir(root))
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_run_can_be_trained_predicted_with_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    small_dataset(&root.join("data"), 6);
    let first = train(root, &["--out", "run", "--seed", "7"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    for file in [
        "config.toml",
        "metrics.jsonl",
        "last.safetensors",
        "best.safetensors",
        "report.json",
        "report.html",
    ] {
        assert!(root.join("run").join(file).is_file(), "{file}");
    }
    assert_eq!(
        json_lines(&fs::read_to_string(root.join("run/metrics.jsonl")).unwrap()).len(),
        2
    );
    assert!(
        fs::read_to_string(root.join("run/config.toml"))
            .unwrap()
            .contains("seed = 7")
    );

    let model = root.join("run/best.safetensors");
    let predicted = run(fer()
        .args(["predict", "--format", "json", "--model"])
        .arg(&model)
        .arg(face("happy")));
    assert_eq!(predicted.code, 0, "{}", predicted.stderr);
    let info = run(fer().arg("info").arg(&model));
    assert_eq!(info.code, 0, "{}", info.stderr);
    assert!(info.stdout.contains("happy"), "{}", info.stdout);

    let again = train(root, &["--out", "run"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("--resume"), "{}", again.stderr);
}

#[test]
fn labels_of_a_sheet_are_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut sheet = "path,face,x,y,width,height,label\n".to_owned();
    for label in ["happy", "sad", "neutral", "surprise"] {
        let folder = faces().join("train").join(label);
        for file in folder.read_dir().unwrap().take(6) {
            let path = file.unwrap().path();
            sheet.push_str(&format!("{},0,,,,,{label}\n", path.display()));
        }
    }
    sheet.push_str(&format!("{},0,,,,,other\n", face("happy").display()));
    fs::write(root.join("sheet.csv"), sheet).unwrap();
    let train = |more: &[&str]| {
        run(fer()
            .args(["train", "sheet.csv", "--out", "run", "--from", "crowd"])
            .args(["--epochs", "1", "--batch-size", "6"])
            .args(more)
            .current_dir(root))
    };
    let trained = train(&[]);
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    assert!(
        trained.stderr.contains("1 faces of the sheet have none"),
        "{}",
        trained.stderr
    );
    assert!(root.join("run-faces/validation/sad").is_dir());
    assert!(root.join("run/best.safetensors").is_file());
    let again = train(&["--resume"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let new = train(&[]);
    assert_eq!(new.code, 1);
    assert!(new.stderr.contains("run-faces"), "{}", new.stderr);
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    small_dataset(&root.join("data"), 4);
    for (out, threads) in [("one", "1"), ("two", "2")] {
        let run = train(root, &["--out", out, "--threads", threads]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let bytes = |run: &str| fs::read(root.join(run).join("best.safetensors")).unwrap();
    assert!(bytes("one") == bytes("two"));
}

#[test]
fn flags_override_the_settings_file_and_unknown_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    small_dataset(&root.join("data"), 2);
    fs::write(
        root.join("settings.toml"),
        "epochs = 9\nlearning_rate = 0.001\n",
    )
    .unwrap();
    let run = train(root, &["--out", "run", "--config", "settings.toml"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let config = fs::read_to_string(root.join("run/config.toml")).unwrap();
    assert!(
        config.contains("epochs = 2") && config.contains("learning_rate = 0.001"),
        "{config}"
    );

    fs::write(root.join("settings.toml"), "epoch = 9\n").unwrap();
    let run = train(root, &["--out", "other", "--config", "settings.toml"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("epoch") && run.stderr.contains("batch_size"),
        "{}",
        run.stderr
    );
}

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
    for class in ["happy", "sad", "neutral", "surprise"] {
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
    for class in ["happy", "sad", "neutral", "surprise"] {
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

#[test]
fn audit_finds_a_copy_across_splits() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    small_dataset(&root.join("data"), 3);
    fs::copy(
        super::first_file(&root.join("data/test/sad")),
        root.join("data/train/sad/copy.jpg"),
    )
    .unwrap();
    let run = run(fer()
        .args(["audit", "data", "--json", "a.json", "--html", "a.html"])
        .current_dir(root));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let findings = read_json(&root.join("a.json"));
    for key in [
        "exact",
        "near",
        "label_conflicts",
        "unreadable",
        "suspect_labels",
        "counts",
    ] {
        assert!(!findings[key].is_null(), "{key}");
    }
    let exact = findings["exact"].as_array().unwrap();
    assert_eq!(exact.len(), 1, "{findings}");
    let pair = [
        exact[0]["a"].as_str().unwrap(),
        exact[0]["b"].as_str().unwrap(),
    ];
    assert!(pair.contains(&"train/sad/copy.jpg"), "{pair:?}");
    assert!(
        pair.iter()
            .all(|path| root.join("data").join(path).is_file()),
        "{pair:?}"
    );
    assert_eq!(findings["counts"]["train"]["sad"], 4);
}

#[test]
fn info_describes_the_default_model() {
    let run = run(fer().arg("info"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    for word in ["happy", "sad", "neutral", "surprise"] {
        assert!(run.stdout.contains(word), "{}", run.stdout);
    }
}

#[test]
fn figures_of_a_model_are_rounded() {
    let run = run(fer().arg("info"));
    for line in run.stdout.lines() {
        for word in line.split([' ', ',']) {
            let decimals = word.split_once('.').map_or("", |(_, decimals)| decimals);
            let is_number = word.parse::<f64>().is_ok();
            assert!(!is_number || decimals.len() < 9, "{line}");
        }
    }
}

#[test]
fn the_settings_in_effect_are_printed_as_a_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    fs::write(&file, "learning_rate = 0.001\n").unwrap();
    let print = |file: &Path, flags: &[&str]| {
        let run = run(fer()
            .args(["train", "--print-config", "--config"])
            .arg(file)
            .args(flags));
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    };
    let first = print(&file, &["--epochs", "7"]);
    assert!(
        first.contains("epochs = 7") && first.contains("learning_rate = 0.001"),
        "{first}"
    );
    fs::write(&file, &first).unwrap();
    assert_eq!(print(&file, &[]), first);
}

#[test]
fn the_demo_is_written_once_and_its_commands_work() {
    let folder = tempfile::tempdir().unwrap();
    let demo = || run(fer().current_dir(folder.path()).args(["demo", "try it"]));
    let first = demo();
    assert_eq!(first.code, 0, "{}", first.stderr);
    let commands: Vec<&str> = first
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  fer "))
        .collect();
    assert_eq!(commands.len(), 3, "{}", first.stdout);
    assert_eq!(demo().code, 1, "a second time would overwrite");
    for command in commands {
        let command = command.replace("--epochs 20", "--epochs 1");
        let script = format!("{:?} {command}", env!("CARGO_BIN_EXE_fer"));
        let output = std::process::Command::new("bash")
            .current_dir(folder.path())
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
