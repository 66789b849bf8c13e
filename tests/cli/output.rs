//! `fer predict --output`, `--resume` and standard input.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{CLASSES, face, faces, fer, json_lines, run};

const FORMATS: [&str; 3] = ["csv", "jsonl", "parquet"];

/// A folder of many images, some of which are none.
fn images(root: &Path) -> PathBuf {
    let folder = root.join("images");
    fs::create_dir(&folder).unwrap();
    for number in 0..120 {
        let image = folder.join(format!("{number:03}.jpg"));
        if number % 17 == 5 {
            fs::write(image, "no image").unwrap();
        } else {
            fs::copy(face(CLASSES[number % 4]), image).unwrap();
        }
    }
    folder
}

fn predict(folder: &Path, out: &Path) -> assert_cmd::Command {
    let mut command = fer();
    command
        .args(["--quiet", "predict", "--threads", "1", "--output"])
        .args([out, folder]);
    command
}

/// Starts a prediction, and kills it once its journal has more than `bytes`.
fn kill_at(folder: &Path, out: &Path, bytes: u64) {
    kill_with(folder, out, bytes, &[]);
}

/// As [`kill_at`], with more arguments.
fn kill_with(folder: &Path, out: &Path, bytes: u64, arguments: &[&OsStr]) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fer"));
    command
        .args(["--quiet", "predict", "--threads", "1", "--resume"])
        .arg("--output")
        .args([out, folder])
        .args(arguments)
        .stderr(Stdio::null());
    let mut child: Child = command.spawn().unwrap();
    let journal = journal_of(out);
    let give_up = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&journal).map_or(0, |journal| journal.len()) <= bytes {
        assert!(Instant::now() < give_up && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.exists(), "it was killed too late");
}

#[test]
fn a_run_with_boxes_is_resumed_with_the_same_boxes_only() {
    let root = tempfile::tempdir().unwrap();
    let folder = images(root.path());
    let boxes = root.path().join("boxes.csv");
    let write_boxes = |side: u32| {
        let row = |number: usize| format!("images/{number:03}.jpg,2,2,{side},{side}\n");
        let rows: String = (0..120).map(row).collect();
        fs::write(&boxes, format!("path,x,y,width,height\n{rows}")).unwrap();
    };
    write_boxes(40);
    let arguments = [OsStr::new("--boxes"), boxes.as_os_str()];
    let whole = root.path().join("whole.csv");
    assert_eq!(run(predict(&folder, &whole).args(arguments)).code, 1);

    let out = root.path().join("out.csv");
    kill_with(&folder, &out, 3_000, &arguments);
    for other in [Some(44), None] {
        let mut command = predict(&folder, &out);
        command.arg("--resume");
        if let Some(side) = other {
            write_boxes(side);
            command.args(arguments);
        }
        let refused = run(&mut command);
        assert!(
            refused.stderr.contains("other options"),
            "{}",
            refused.stderr
        );
        assert!(!out.exists());
    }
    write_boxes(40);
    let resumed = run(predict(&folder, &out).arg("--resume").args(arguments));
    assert_eq!(resumed.code, 1, "bad images: {}", resumed.stderr);
    assert!(fs::read(&out).unwrap() == fs::read(&whole).unwrap());
}

fn journal_of(out: &Path) -> PathBuf {
    PathBuf::from(format!("{}.partial", out.display()))
}

#[test]
fn a_killed_run_is_resumed_to_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let folder = images(root.path());
    for format in FORMATS {
        let whole = root.path().join("whole").with_extension(format);
        assert_eq!(run(&mut predict(&folder, &whole)).code, 1, "bad images");

        let out = root.path().join("out").with_extension(format);
        kill_at(&folder, &out, 3_000);
        let journal = journal_of(&out);
        let before = fs::metadata(&journal).unwrap().len();
        // A kill can leave half a row.
        let torn = fs::OpenOptions::new().write(true).open(&journal).unwrap();
        torn.set_len(before - 7).unwrap();
        kill_at(&folder, &out, before + 3_000);

        let refused = run(&mut predict(&folder, &out));
        assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
        let resumed = run(predict(&folder, &out).arg("--resume"));
        assert_eq!(resumed.code, 1, "{}", resumed.stderr);
        assert!(
            fs::read(&out).unwrap() == fs::read(&whole).unwrap(),
            "{format}"
        );
        assert!(!journal.exists());

        let again = run(predict(&folder, &out).arg("--resume"));
        assert_eq!((again.code, again.stdout.as_str()), (0, ""));
        let refused = run(&mut predict(&folder, &out));
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains("exists"), "{}", refused.stderr);
    }
}

#[test]
fn what_a_kill_at_the_last_moment_leaves_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out.csv");
    let mut predict = predict(&face("happy"), &out);
    let left = [".fer-out.csv-a1B2c3", "out.csv.partial"].map(|name| root.path().join(name));
    fs::write(&left[0], "path,fa").unwrap();
    assert_eq!(run(&mut predict).code, 0);
    assert!(!left[0].exists(), "a temporary file of another run");

    // The table was in its place, its journal not yet removed.
    let whole = fs::read(&out).unwrap();
    left.iter()
        .for_each(|path| fs::write(path, "{}\npath,fa").unwrap());
    let running = fs::File::open(&left[1]).unwrap();
    running.lock().unwrap();
    assert_eq!(run(predict.arg("--resume")).code, 0);
    assert!(left[1].exists(), "another run has it");
    drop(running);
    assert_eq!(run(&mut predict).code, 0);
    assert_eq!(left.map(|path| path.exists()), [false, false]);
    assert!(fs::read(&out).unwrap() == whole);
}

#[test]
fn files_hold_what_stdout_shows() {
    let root = tempfile::tempdir().unwrap();
    let folder = images(root.path());
    for (format, extension) in [("csv", "csv"), ("json", "jsonl")] {
        let out = root.path().join("out").with_extension(extension);
        run(&mut predict(&folder, &out));
        let shown = run(fer().args(["predict", "--format", format]).arg(&folder));
        assert!(fs::read_to_string(&out).unwrap() == shown.stdout);
    }
}

#[test]
fn other_settings_and_other_names_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let folder = images(root.path());
    let out = root.path().join("out.csv");
    kill_at(&folder, &out, 3_000);
    let other = run(predict(&folder, &out).args(["--resume", "--priors", "uniform"]));
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("other options"), "{}", other.stderr);

    let named = run(&mut predict(&folder, &root.path().join("out.txt")));
    assert_eq!(named.code, 1);
    assert!(named.stderr.contains(".parquet"), "{}", named.stderr);
    let lost = run(&mut predict(&folder, &root.path().join("absent/out.csv")));
    assert_eq!(lost.code, 1);
    assert!(lost.stderr.contains("absent"), "{}", lost.stderr);
}

#[test]
fn two_runs_do_not_write_one_file() {
    let root = tempfile::tempdir().unwrap();
    let folder = images(root.path());
    let out = root.path().join("out.csv");
    let journal = fs::File::create(journal_of(&out)).unwrap();
    journal.lock().unwrap();
    let second = run(&mut predict(&folder, &out));
    assert_eq!(second.code, 1);
    assert!(second.stderr.contains("another run"), "{}", second.stderr);
}

#[test]
fn an_image_on_standard_input_is_predicted_and_drawn() {
    let root = tempfile::tempdir().unwrap();
    let content = fs::read(face("happy")).unwrap();
    let drawn = root.path().join("drawn.png");
    let piped = run(fer()
        .args(["predict", "-", "--format", "json", "--draw"])
        .arg(&drawn)
        .write_stdin(content.clone()));
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    let from_file = run(fer()
        .args(["predict", "--format", "json"])
        .arg(face("happy")));
    let (piped, from_file) = (json_lines(&piped.stdout), json_lines(&from_file.stdout));
    assert_eq!(piped[0]["path"], "-");
    assert_eq!(piped[0]["faces"], from_file[0]["faces"]);
    assert!(drawn.exists());

    let beside = run(fer().args(["predict", "-", "x.jpg"]).write_stdin(content));
    assert_eq!(beside.code, 1);
    assert!(beside.stderr.contains("only input"), "{}", beside.stderr);
}

#[test]
fn lists_of_paths_are_read_from_standard_input() {
    let paths = [face("sad"), face("happy"), faces().join("test/neutral")];
    let texts: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    let direct = run(fer().args(["predict", "--format", "json"]).args(&paths));
    let lines = run(fer()
        .args(["predict", "--format", "json", "-"])
        .write_stdin(texts.join("\n")));
    let nul = run(fer()
        .args(["predict", "--format", "json", "-0", "-"])
        .write_stdin(texts.join("\0")));
    assert_eq!(direct.code, 0, "{}", direct.stderr);
    assert_eq!(direct.stdout, lines.stdout, "{}", lines.stderr);
    assert_eq!(direct.stdout, nul.stdout, "{}", nul.stderr);

    let empty = run(fer().args(["predict", "-"]).write_stdin(""));
    assert_eq!(empty.code, 1);
    assert!(empty.stderr.contains("is empty"), "{}", empty.stderr);
}
