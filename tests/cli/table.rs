//! The table that `fer predict` prints.

use super::{CLASSES, example, face, fer, run};

#[test]
fn the_table_names_each_image_and_emotion_without_escape_codes() {
    // A name that holds no class: what the table says is the answer's.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("face.jpg");
    std::fs::copy(face("surprise"), &path).unwrap();
    let run = run(fer()
        .current_dir(folder.path())
        .args(["predict", "face.jpg"]));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("face.jpg"), "{}", run.stdout);
    let named: Vec<_> = CLASSES
        .iter()
        .filter(|class| run.stdout.contains(**class))
        .collect();
    assert_eq!(named, [&"surprise"], "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
}

/// The table of the sample photos as a terminal of `columns` columns gets it.
fn table(columns: &str) -> String {
    let run = run(fer()
        .env("COLUMNS", columns)
        .arg("predict")
        .arg(example("photos")));
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

#[test]
fn the_table_fits_the_terminal_and_no_cell_is_cut_in_two() {
    let natural = run(fer().arg("predict").arg(example("photos"))).stdout;
    for columns in [60, 80, 120] {
        let table = table(&columns.to_string());
        let rows: Vec<&str> = table
            .lines()
            .take_while(|line| !line.contains("images, "))
            .collect();
        for row in &rows[1..] {
            assert!(row.chars().count() <= columns, "{columns}: {row}");
        }
        let faces = |text: &str| text.matches(" at ").count();
        assert_eq!(faces(&table), faces(&natural), "{table}");
        assert!(
            table.contains("happy.jpg") && table.contains("surprise.jpg"),
            "{table}"
        );
    }
    assert!(!table("60").contains('█') && table("120").contains("██████████"));
}

#[test]
fn the_table_names_each_image_once_and_ends_with_a_summary() {
    let table = table("120");
    assert_eq!(table.matches("group.jpg").count(), 1, "{table}");
    let summary = table.lines().last().unwrap();
    assert!(summary.starts_with("6 images, "), "{summary}");
    assert!(
        summary.contains(" faces: ") && summary.contains("1 without a face"),
        "{summary}"
    );
}

#[test]
fn without_a_result_there_is_no_table() {
    let run = run(fer().args(["predict", "missing.jpg"]));
    assert_eq!(run.code, 1);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(run.stderr.contains("missing.jpg"), "{}", run.stderr);
}
