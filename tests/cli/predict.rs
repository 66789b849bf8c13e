//! `fer predict`: the shapes that scripts rely on.

use serde_json::{Value, json};

use super::{CLASSES, example, face, faces, fer, json_lines, run};

#[test]
fn json_is_one_object_an_image_in_the_order_of_the_arguments() {
    let paths = CLASSES.map(face);
    let run = run(fer().args(["predict", "--format", "json"]).args(&paths));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let items = json_lines(&run.stdout);
    assert_eq!(items.len(), paths.len());
    for (item, path) in items.iter().zip(&paths) {
        assert_eq!(item["path"], path.to_str().unwrap());
        assert_eq!(item["error"], Value::Null);
        let face = &item["faces"][0];
        assert_eq!(face["box"], Value::Null, "a face crop is taken whole");
        let probabilities: Vec<f64> = CLASSES
            .iter()
            .map(|class| face["probabilities"][class].as_f64().unwrap())
            .collect();
        assert!(
            (probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-5,
            "{face}"
        );
        let highest = probabilities.iter().copied().fold(0.0, f64::max);
        assert_eq!(face["confidence"].as_f64().unwrap(), highest);
        assert_eq!(
            face["probabilities"][face["emotion"].as_str().unwrap()],
            face["confidence"]
        );
    }
}

#[test]
fn whole_images_have_no_box_and_found_faces_do() {
    let photo = super::first_file(&example("photos"));
    let lines = |faces: &str| {
        let run = run(fer()
            .args(["predict", "--format", "json", "--faces", faces])
            .arg(&photo));
        assert_eq!(run.code, 0, "{}", run.stderr);
        json_lines(&run.stdout)
    };
    assert_eq!(lines("whole")[0]["faces"][0]["box"], Value::Null);
    for face in lines("find")[0]["faces"].as_array().unwrap() {
        let bounds: Vec<u64> = face["box"]
            .as_array()
            .unwrap()
            .iter()
            .map(|side| side.as_u64().unwrap())
            .collect();
        assert_eq!(bounds.len(), 4);
        assert!(bounds[2] > 0 && bounds[3] > 0, "{face}");
    }
}

#[test]
fn csv_has_a_row_a_face_and_the_same_numbers_as_json() {
    let folder = faces().join("test/happy");
    let csv = run(fer().args(["predict", "--format", "csv"]).arg(&folder));
    let json = run(fer().args(["predict", "--format", "json"]).arg(&folder));
    assert_eq!((csv.code, json.code), (0, 0), "{}", csv.stderr);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_bytes());
    let header: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        header,
        [
            "path",
            "face",
            "x",
            "y",
            "width",
            "height",
            "score",
            "emotion",
            "confidence",
            "uncertain",
            "label_set",
            "happy",
            "sad",
            "neutral",
            "surprise",
            "other",
            "error"
        ]
    );
    let items = json_lines(&json.stdout);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(&items) {
        assert_eq!(&row[0], item["path"].as_str().unwrap());
        assert_eq!(&row[7], item["faces"][0]["emotion"].as_str().unwrap());
        let face = &item["faces"][0];
        assert_eq!(row[9].parse::<bool>().unwrap(), face["uncertain"]);
        let labels: Vec<&str> = row[10].split(' ').collect();
        assert_eq!(json!(labels), face["label_set"]);
        assert_eq!(labels[0], face["emotion"]);
        assert_eq!(labels.len() > 1, face["uncertain"]);
        let confidence: f32 = row[8].parse().unwrap();
        assert_eq!(
            f64::from(confidence),
            f64::from(face["confidence"].as_f64().unwrap() as f32)
        );
    }
}

#[test]
fn the_csv_of_a_prediction_serves_as_its_boxes() {
    let folder = tempfile::tempdir().unwrap();
    let photo = example("photos/group.jpg");
    let found = run(fer().args(["predict", "--format", "csv"]).arg(&photo));
    assert_eq!(found.code, 0, "{}", found.stderr);
    let csv = folder.path().join("boxes.csv");
    std::fs::write(&csv, &found.stdout).unwrap();
    let with_boxes = |paths: &[&std::path::Path]| {
        let mut command = fer();
        command.args(["predict", "--format", "csv"]).args(paths);
        run(command.arg("--boxes").arg(&csv))
    };
    let judged = with_boxes(&[&photo]);
    assert_eq!(judged.code, 0, "{}", judged.stderr);
    let rows = |text: &str| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let score = reader
            .headers()
            .unwrap()
            .iter()
            .position(|name| name == "score");
        let without_score = |row: csv::StringRecord| {
            let fields = row.iter().enumerate();
            fields
                .filter(|(column, _)| Some(*column) != score)
                .map(|(_, field)| field.to_owned())
                .collect()
        };
        reader
            .records()
            .map(|row| without_score(row.unwrap()))
            .collect()
    };
    assert_eq!(rows(&judged.stdout), rows(&found.stdout));

    // An image without a row is an item with an error, a row without an image ends the command.
    let happy = example("photos/happy.jpg");
    let both = with_boxes(&[&photo, &happy]);
    assert_eq!(both.code, 1);
    assert!(both.stderr.contains("no row for"), "{}", both.stderr);
    assert_eq!(rows(&both.stdout).len(), rows(&found.stdout).len() + 1);
    let other = with_boxes(&[&happy]);
    assert_eq!((other.code, other.stdout.as_str()), (1, ""));
    assert!(other.stderr.contains("group.jpg"), "{}", other.stderr);
}

#[test]
fn a_video_among_the_images_of_a_folder_is_a_row_and_not_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    std::fs::copy(face("happy"), photos.join("a.jpg")).unwrap();
    std::fs::copy(face("sad"), photos.join("c.jpg")).unwrap();
    std::fs::write(photos.join("b.mp4"), "no video").unwrap();

    let csv = run(fer().args(["predict", "--format", "csv"]).arg(&photos));
    assert_eq!(csv.code, 1);
    assert_eq!(csv.stdout.lines().count(), 4, "{}", csv.stdout);
    assert!(
        csv.stdout.contains("b.mp4 is a video among images"),
        "{}",
        csv.stdout
    );
    let drawn = folder.path().join("drawn");
    let draw = run(fer().args(["predict", "--draw"]).args([&drawn, &photos]));
    assert_eq!(draw.code, 1);
    assert!(draw.stderr.contains("b.mp4 is a video"), "{}", draw.stderr);
    assert_eq!(drawn.read_dir().unwrap().count(), 2);
    let boxes = folder.path().join("boxes.csv");
    let rows = "photos/a.jpg,1,1,40,40\nphotos/c.jpg,1,1,40,40\n";
    std::fs::write(&boxes, format!("path,x,y,width,height\n{rows}")).unwrap();
    let judged = run(fer().args(["predict", "--boxes"]).args([&boxes, &photos]));
    assert_eq!(judged.code, 1);
    assert!(
        judged.stderr.contains("b.mp4 is a video"),
        "{}",
        judged.stderr
    );
    // JSON holds both: the video is looked at, and this one cannot be read.
    let json = run(fer().args(["predict", "--format", "json"]).arg(&photos));
    assert_eq!(
        (json.code, json.stdout.lines().count()),
        (1, 3),
        "{}",
        json.stdout
    );
    // Who names both asks for what no table holds.
    let named = run(fer()
        .args(["predict", "--format", "csv"])
        .args([photos.join("a.jpg"), photos.join("b.mp4")]));
    assert_eq!((named.code, named.stdout.as_str()), (1, ""));
}

#[test]
fn boxes_and_lists_in_utf16_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let utf16 = |text: &str| -> Vec<u8> {
        let text = format!("\u{feff}{text}");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    std::fs::copy(face("happy"), folder.path().join("a.jpg")).unwrap();
    let csv = folder.path().join("boxes.csv");
    std::fs::write(&csv, utf16("path,x,y,width,height\r\na.jpg,1,1,40,40\r\n")).unwrap();
    let mut command = fer();
    command.args(["predict", "--format", "csv", "--boxes", "boxes.csv", "-"]);
    let list = utf16("a.jpg\r\n");
    let found = run(command.current_dir(folder.path()).write_stdin(list));
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(
        found.stdout.contains("a.jpg,0,1,1,40,40,"),
        "{}",
        found.stdout
    );
}

#[test]
fn a_folder_is_searched_in_depth_in_a_fixed_order_and_a_glob_is_expanded() {
    let run_on = |path: &std::path::Path| {
        let run = run(fer().args(["predict", "--format", "json"]).arg(path));
        assert_eq!(run.code, 0, "{}", run.stderr);
        json_lines(&run.stdout)
            .iter()
            .map(|item| item["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let folder = run_on(&faces().join("test"));
    assert!(folder.len() > 4);
    assert!(folder.is_sorted(), "{folder:?}");
    assert_eq!(folder, run_on(&faces().join("test/*/*.jpg")));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let lines = |threads: &str| {
        let run = run(fer()
            .args(["predict", "--format", "json", "--threads", threads])
            .arg(faces().join("test/sad")));
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    };
    assert_eq!(lines("1"), lines("3"));
}

#[test]
fn priors_move_the_probabilities() {
    let probability = |priors: &str| {
        let run = run(fer()
            .args(["predict", "--format", "json", "--priors", priors])
            .arg(face("neutral")));
        assert_eq!(run.code, 0, "{}", run.stderr);
        json_lines(&run.stdout)[0]["faces"][0]["probabilities"]["sad"]
            .as_f64()
            .unwrap()
    };
    assert!(probability("1,1000,1,1") > probability("uniform"));
    assert_eq!(probability("1,0,1,1"), 0.0);
}

#[test]
fn a_drawing_that_fails_leaves_the_other_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    // A folder is in the way of the first drawing's folder: a file.
    let photos = folder.path().join("photos");
    for name in ["a/1.jpg", "b/1.jpg"] {
        let path = photos.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(face("happy"), path).unwrap();
    }
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("a"), []).unwrap();
    let run = run(fer()
        .args(["predict", "--format", "json"])
        .arg(&photos)
        .arg("--draw")
        .arg(&out));
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(json_lines(&run.stdout).len(), 2);
    assert!(out.join("b/1.jpg").is_file());
}

#[test]
fn drawing_saves_an_image_of_the_same_size() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("drawn.png");
    let photo = example("photos/happy.jpg");
    let run = run(fer().arg("predict").arg(&photo).arg("--draw").arg(&out));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (drawn, photo) = (
        fer_core::Image::open(&out).unwrap(),
        fer_core::Image::open(&photo).unwrap(),
    );
    assert_eq!(
        (drawn.width(), drawn.height()),
        (photo.width(), photo.height())
    );
    let changed = drawn
        .pixels()
        .iter()
        .zip(photo.pixels())
        .filter(|(a, b)| a != b)
        .count();
    assert!(
        changed > photo.pixels().len() / 100,
        "{changed} bytes changed"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let fer = env!("CARGO_BIN_EXE_fer");
    let script = format!(
        "{fer:?} predict --format json {:?} | head -n 1",
        faces().join("test")
    );
    let output = std::process::Command::new("bash")
        .args(["-o", "pipefail", "-c", &script])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_drawing_that_fails_is_reported_and_the_others_are_still_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let images = root.join("images");
    std::fs::create_dir_all(images.join("sub")).unwrap();
    std::fs::copy(face("happy"), images.join("sub/a.jpg")).unwrap();
    std::fs::copy(face("sad"), images.join("b.jpg")).unwrap();
    std::fs::copy(face("neutral"), images.join("c.jpg")).unwrap();
    // A file where the drawing of sub/a.jpg needs a folder.
    let out = root.join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("sub"), "a note").unwrap();
    let run = run(fer().arg("predict").arg(&images).arg("--draw").arg(&out));
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stderr.contains("sub"), "{}", run.stderr);
    assert!(run.stdout.contains("3 images, 3 faces"), "{}", run.stdout);
    assert!(out.join("b.jpg").exists() && out.join("c.jpg").exists());
    assert_eq!(std::fs::read_to_string(out.join("sub")).unwrap(), "a note");
}
