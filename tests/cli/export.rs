//! `fer export`: a new file, or an error that tells why not. Its content is tested from Python, with the format's own checker.

use std::fs;

use super::{fer, run};

#[test]
fn a_model_becomes_a_file_and_no_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model.onnx");
    let export = || run(fer().args(["export", "folder"]).arg(&out));
    let first = export();
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    let content = fs::read(&out).unwrap();
    assert!(content.len() > 4 << 20, "{}", content.len());

    let second = export();
    assert_eq!(second.code, 1);
    assert!(
        second.stderr.contains("exists already"),
        "{}",
        second.stderr
    );
    assert!(fs::read(&out).unwrap() == content);
}

#[test]
fn an_unknown_model_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model.onnx");
    let run = run(fer().args(["export", "cloud"]).arg(&out));
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("crowd"), "{}", run.stderr);
    assert!(!out.exists());
}
