//! Bad input: each gives a typed error or a right result; nothing panics, and the other images are still predicted.

use std::fs;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{face, fer, json_lines, run};

struct BadFile {
    name: &'static str,
    content: Vec<u8>,
    kind: &'static str,
}

fn bad_files() -> Vec<BadFile> {
    let jpeg = fs::read(face("happy")).unwrap();
    let png = png(64, 64);
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let header_checksum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&header_checksum);
    let bad = |name, content: &[u8], kind| BadFile {
        name,
        content: content.to_vec(),
        kind,
    };
    vec![
        bad("empty.jpg", b"", "corrupt_image"),
        bad(
            "text.jpg",
            b"this is a text that someone renamed",
            "unsupported_image",
        ),
        bad("cut.jpg", &jpeg[..jpeg.len() / 3], "corrupt_image"),
        bad("cut.png", &png[..png.len() / 2], "corrupt_image"),
        bad("bomb.png", &bomb, "image_too_large"),
    ]
}

/// A gray PNG of random bytes, so that it does not compress to nothing.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut state = 1_u32;
    let pixels = image::GrayImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Luma([(state >> 24) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Predicts one file and gives the exit code and its JSON item.
fn item(path: &Path) -> (i32, Value) {
    let run = run(fer().args(["predict", "--format", "json"]).arg(path));
    let mut items = json_lines(&run.stdout);
    assert_eq!(items.len(), 1, "{}", run.stderr);
    (run.code, items.remove(0))
}

#[test]
fn a_bad_file_is_an_item_with_an_error_and_the_others_are_still_predicted() {
    let folder = tempfile::tempdir().unwrap();
    for BadFile {
        name,
        content,
        kind,
    } in bad_files()
    {
        let bad = folder.path().join(name);
        fs::write(&bad, content).unwrap();
        let run = run(fer().args(["predict", "--format", "json"]).args([
            &face("sad"),
            &bad,
            &face("happy"),
        ]));
        assert_eq!(run.code, 1, "{name}: {}", run.stderr);
        let items = json_lines(&run.stdout);
        assert_eq!(items.len(), 3, "{name}");
        assert_eq!(items[0]["faces"].as_array().unwrap().len(), 1);
        assert_eq!(items[2]["faces"].as_array().unwrap().len(), 1);
        assert_eq!(items[1]["error"]["kind"], kind, "{name}: {}", items[1]);
        assert!(!items[1]["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(items[1]["faces"], Value::Array(vec![]), "{name}");
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
}

#[test]
fn what_a_name_does_not_find_is_an_item_and_the_others_are_still_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let phone = folder.path().join("photo.heic");
    fs::write(&phone, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let pattern = folder.path().join("nothing*.jpg");
    let run = run(fer().args(["predict", "--format", "json"]).args([
        &pattern,
        &face("sad"),
        &empty,
        &phone,
    ]));
    assert_eq!(run.code, 1, "{}", run.stderr);
    let items = json_lines(&run.stdout);
    let kinds: Vec<_> = items.iter().map(|item| &item["error"]["kind"]).collect();
    assert_eq!(
        kinds,
        [
            &Value::from("not_found"),
            &Value::Null,
            &Value::from("not_found"),
            &Value::from("unsupported_image")
        ]
    );
    for (item, path) in [(0, &pattern), (2, &empty), (3, &phone)] {
        let message = items[item]["error"]["message"].as_str().unwrap();
        assert!(message.contains(&*path.to_string_lossy()), "{message}");
    }
    assert!(run.stderr.contains("HEIC"), "{}", run.stderr);
}

#[test]
fn odd_but_valid_images_are_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, image: image::DynamicImage| {
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        path
    };
    let square = image::open(face("neutral")).unwrap().to_luma8();
    let gray16 = image::ImageBuffer::from_fn(square.width(), square.height(), |x, y| {
        image::Luma([u16::from(square.get_pixel(x, y)[0]) * 257])
    });
    let gray_alpha = image::GrayAlphaImage::from_fn(square.width(), square.height(), |x, y| {
        image::LumaA([square.get_pixel(x, y)[0], 7])
    });
    let reference = item(&save("gray.png", square.clone().into())).1;
    for path in [
        save("sixteen.png", image::DynamicImage::ImageLuma16(gray16)),
        save("alpha.png", gray_alpha.into()),
        save("wörld 世界.png", square.into()),
    ] {
        let (code, item) = item(&path);
        assert_eq!(code, 0, "{item}");
        assert_eq!(item["faces"], reference["faces"], "{}", path.display());
    }
    let (code, tiny) = item(&save("pixel.png", image::GrayImage::new(1, 1).into()));
    assert_eq!((code, &tiny["error"]), (0, &Value::Null), "{tiny}");
}

// macOS and Windows have no such names.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_is_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"face-\xff.jpg"));
    fs::copy(face("happy"), &path).unwrap();
    for path in [path.as_path(), folder.path()] {
        let (code, item) = item(path);
        assert_eq!(code, 0, "{item}");
        assert!(item["path"].as_str().unwrap().contains("face-"), "{item}");
        let bytes = item["path_bytes"].as_str().unwrap();
        assert!(bytes.ends_with("666163652dff2e6a7067"), "{item}");
        assert_eq!(item["faces"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn missing_files_and_folders_without_images_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (code, missing) = item(&folder.path().join("nobody.jpg"));
    assert_eq!(
        (code, missing["error"]["kind"].as_str()),
        (1, Some("not_found"))
    );

    for path in [folder.path().to_owned(), folder.path().join("*.jpg")] {
        let run = run(fer().args(["predict", "--format", "json"]).arg(&path));
        assert_eq!(run.code, 1);
        let items = json_lines(&run.stdout);
        assert_eq!(items.len(), 1, "{items:?}");
        assert_eq!(items[0]["error"]["kind"], "not_found");
        assert!(
            run.stderr.contains(&*path.to_string_lossy()),
            "{}",
            run.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_an_error_item() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.jpg");
    fs::copy(face("happy"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    let (code, item) = item(&path);
    assert_eq!(
        (code, item["error"]["kind"].as_str()),
        (1, Some("permission_denied"))
    );
}

#[test]
fn bad_models_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, content: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let missing = folder.path().join("missing.safetensors");
    for (model, hint) in [
        (save("empty.safetensors", b""), "empty.safetensors"),
        (
            save("text.safetensors", b"weights, honestly"),
            "text.safetensors",
        ),
        (missing, "missing.safetensors"),
        (PathBuf::from("nobody"), "crowd"),
    ] {
        let run = run(fer()
            .arg("predict")
            .arg(face("happy"))
            .arg("--model")
            .arg(&model));
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stdout.is_empty());
        assert!(run.stderr.contains(hint), "{}", run.stderr);
    }
}

#[test]
fn datasets_that_are_none_are_refused_with_what_was_found_and_expected() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let check = |arguments: &[&str], hints: &[&str]| {
        let run = run(fer().args(arguments).current_dir(root));
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.stderr);
        for hint in hints {
            assert!(
                run.stderr.contains(hint),
                "{arguments:?}: expected {hint}: {}",
                run.stderr
            );
        }
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    };
    check(&["train", "nothing", "--out", "run"], &["nothing"]);
    check(&["evaluate", "nothing"], &["nothing"]);
    check(&["audit", "nothing"], &["nothing"]);

    fs::create_dir_all(root.join("flat/happy")).unwrap();
    check(&["train", "flat", "--out", "run"], &["train"]);
    check(&["evaluate", "flat"], &["happy", "no image"]);

    super::small_dataset(&root.join("data"), 2);
    for file in fs::read_dir(root.join("data/train/sad")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    check(&["train", "data", "--out", "run"], &["sad"]);
    fs::create_dir_all(root.join("data/train/angry")).unwrap();
    fs::copy(face("sad"), root.join("data/train/angry/a.jpg")).unwrap();
    fs::copy(face("sad"), root.join("data/train/sad/a.jpg")).unwrap();
    check(&["train", "data", "--out", "run"], &["angry", "surprise"]);
    assert!(
        !root.join("run").exists(),
        "a refused training leaves no run folder"
    );
}

#[test]
fn control_characters_of_a_file_name_do_not_reach_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a\u{1b}[31m\nb.jpg");
    fs::copy(face("happy"), &path).unwrap();
    let good = run(fer().arg("predict").arg(&path));
    assert_eq!(good.code, 0, "{}", good.stderr);
    assert!(!good.stdout.contains('\u{1b}'), "{:?}", good.stdout);
    assert!(
        good.stdout.contains("\\u{1b}[31m\\nb.jpg"),
        "{}",
        good.stdout
    );

    fs::write(&path, "no image").unwrap();
    let bad = run(fer().arg("predict").arg(&path));
    assert_eq!(bad.code, 1);
    assert!(!bad.stderr.contains('\u{1b}'), "{:?}", bad.stderr);
}

#[test]
fn a_votes_file_whose_name_is_not_unicode_is_refused() {
    let votes = std::ffi::OsStr::from_bytes(b"votes-\xff.csv");
    let run = run(fer()
        .args(["train", "data", "--out", "run", "--votes"])
        .arg(votes));
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("not valid Unicode"), "{}", run.stderr);
}

#[test]
fn a_folder_that_is_no_run_is_refused_as_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(fer().arg("info").arg(folder.path()));
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("best.safetensors"), "{}", run.stderr);
}
