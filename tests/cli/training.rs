//! `fer train`, `fer audit`, `fer info` and `fer demo` on drawn faces.

use std::fs;
use std::path::Path;

use super::{CLASSES, Run, face, faces, fer, json_lines, read_json, run, small_dataset};

fn train(root: &Path, arguments: &[&str]) -> Run {
    run(fer()
        .args(["train", "data", "--epochs", "2", "--batch-size", "8"])
        .args(arguments)
        .current_dir(root))
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
    for label in CLASSES {
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
    for word in CLASSES {
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
