//! Files that commands write, and what they must not take the place of.

use std::fs;
use std::path::Path;

use super::{example, face, faces, fer, run};

/// Runs a command in `folder`; returns its exit code and stderr.
fn fails(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let run = run(fer().args(arguments).current_dir(folder));
    (run.code, run.stderr)
}

#[test]
fn results_take_the_place_of_no_input_image_or_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let test = faces().join("test");
    let data = test.to_str().unwrap();
    let table = example("insight/town_hall.csv");
    fs::copy(table, path.join("faces.csv")).unwrap();
    fs::copy(face("sad"), path.join("face.jpg")).unwrap();
    fs::write(path.join("list.txt"), "happy/happy_000.jpg\n").unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("list.txt", path.join("link.json")).unwrap();
    let before: Vec<_> = ["faces.csv", "face.jpg", "list.txt"]
        .map(|name| fs::read(path.join(name)).unwrap())
        .into();
    let mut cases = vec![
        (
            vec![
                "evaluate",
                data,
                "--exclude",
                "list.txt",
                "--json",
                "list.txt",
            ],
            "an input",
        ),
        (
            vec![
                "evaluate",
                data,
                "--exclude",
                "list.txt",
                "--html",
                "./list.txt",
            ],
            "an input",
        ),
        (vec!["evaluate", data, "--json", "face.jpg"], "an image"),
        (vec!["evaluate", data, "--html", "folder"], "a folder"),
        (
            vec!["evaluate", data, "--json", "new", "--html", "new"],
            "another result",
        ),
        (
            vec!["evaluate", data, "--json", "no/new.json"],
            "no folder no",
        ),
        (vec!["audit", data, "--json", "face.jpg"], "an image"),
        (vec!["audit", data, "--html", "folder"], "a folder"),
        (
            vec!["compare", "crowd", "folder", data, "--json", "face.jpg"],
            "an image",
        ),
        (
            vec!["insight", "shares", "faces.csv", "--html", "faces.csv"],
            "an input",
        ),
        (
            vec!["insight", "sample", "faces.csv", "--out", "faces.csv"],
            "an input",
        ),
        (
            vec!["insight", "reference", "faces.csv", "--out", "faces.csv"],
            "an input",
        ),
    ];
    if cfg!(unix) {
        let through_link = vec![
            "evaluate",
            data,
            "--exclude",
            "list.txt",
            "--json",
            "link.json",
        ];
        cases.push((through_link, "an input"));
    }
    for (arguments, word) in cases {
        let (code, stderr) = fails(path, &arguments);
        assert_eq!(code, 1, "{arguments:?}: {stderr}");
        assert!(stderr.contains(word), "{arguments:?}: {stderr}");
    }
    let after: Vec<_> = ["faces.csv", "face.jpg", "list.txt"]
        .map(|name| fs::read(path.join(name)).unwrap())
        .into();
    assert_eq!(before, after);
    assert!(!path.join("new").exists());
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_streams_take_results() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("kept")).unwrap();
    std::os::unix::fs::symlink("kept/results.json", path.join("link.json")).unwrap();
    let test = faces().join("test");
    for target in ["link.json", "/dev/stdout"] {
        let run = run(fer()
            .args(["--quiet", "evaluate", "--json", target])
            .arg(&test)
            .current_dir(path));
        assert_eq!(run.code, 0, "{target}: {}", run.stderr);
        assert_eq!(run.stdout.contains("\"accuracy\""), target != "link.json");
    }
    assert!(
        fs::symlink_metadata(path.join("link.json"))
            .unwrap()
            .is_symlink()
    );
    let written = fs::read_to_string(path.join("kept/results.json")).unwrap();
    assert!(written.contains("\"accuracy\""));
    assert_eq!(fs::read_dir(path.join("kept")).unwrap().count(), 1);
}
