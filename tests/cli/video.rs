//! `fer predict` on videos. All but the first test need `ffmpeg`, as the command does; without it they
//! are skipped, which `cargo xtask test` counts and CI refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{example, fer, json_lines, run};

const FRAMES: usize = 24;

/// Two seconds of the sample clip as a video file in `folder`, or `None` without `ffmpeg`.
fn clip(folder: &Path) -> Option<PathBuf> {
    let clip = folder.join("clip.avi");
    let status = Command::new("ffmpeg")
        .args(["-y", "-loglevel", "error", "-framerate", "12", "-i"])
        .arg(example("clip/frame_%02d.jpg"))
        .args(["-c:v", "mjpeg"])
        .arg(&clip)
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) => {
            assert!(status.success());
            Some(clip)
        }
        Err(error) => {
            println!("skipped: ffmpeg does not start: {error}");
            None
        }
    }
}

#[test]
fn without_ffmpeg_a_video_is_an_error_that_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(fer()
        .args(["predict", "--format", "json", "clip.mp4"])
        .env("PATH", folder.path()));
    assert_eq!(run.code, 1);
    let items = json_lines(&run.stdout);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["error"]["kind"], "video_decoder_missing");
    assert!(run.stderr.contains("install FFmpeg"), "{}", run.stderr);
}

#[test]
fn a_video_is_drawn_into_a_new_video_only() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.jpg");
    let as_image = run(fer().args(["predict", "clip.mp4", "--draw"]).arg(&out));
    assert_eq!(as_image.code, 1);
    assert!(as_image.stderr.contains(".mp4"), "{}", as_image.stderr);
    let two = run(fer()
        .args(["predict", "a.mp4", "b.mp4", "--draw"])
        .arg(out.with_extension("mp4")));
    assert_eq!(two.code, 1);
    assert!(two.stderr.contains("one video"), "{}", two.stderr);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_drawn_video_has_the_frames_and_the_people() {
    let folder = tempfile::tempdir().unwrap();
    let Some(clip) = clip(folder.path()) else {
        return;
    };
    let out = folder.path().join("drawn.mp4");
    let drawn = run(fer()
        .args(["predict", "--frames-per-second", "12", "--draw"])
        .args([&out, &clip]));
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    let again = run(fer()
        .args(["predict", "--format", "json", "--frames-per-second", "12"])
        .arg(&out));
    assert_eq!(json_lines(&again.stdout).len(), FRAMES);
    let frames = |video: &Path| -> Vec<_> {
        fer_vision::VideoFrames::open(video, 12.0)
            .unwrap()
            .map(|frame| frame.unwrap().1)
            .collect()
    };
    let (plain, drawn) = (&frames(&clip)[0], &frames(&out)[0]);
    assert_eq!(
        (plain.width(), plain.height()),
        (drawn.width(), drawn.height())
    );
    let pixels = plain.pixels().iter().zip(drawn.pixels());
    let changed = pixels.filter(|(a, b)| a.abs_diff(**b) > 60).count();
    let share = changed as f64 / plain.pixels().len() as f64;
    assert!((0.001..0.3).contains(&share), "{share}");

    let taken = run(fer().arg("predict").arg(&clip).arg("--draw").arg(&out));
    assert_eq!(taken.code, 1);
    assert!(taken.stderr.contains("exists"), "{}", taken.stderr);
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

#[test]
fn a_video_has_a_line_a_frame_and_follows_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let Some(clip) = clip(folder.path()) else {
        return;
    };
    let run = run(fer()
        .args(["predict", "--format", "json", "--frames-per-second", "12"])
        .arg(&clip));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let items = json_lines(&run.stdout);
    assert_eq!(items.len(), FRAMES);
    for (number, item) in items.iter().enumerate() {
        let time = item["time"].as_f64().unwrap();
        assert!((time - number as f64 / 12.0).abs() < 1e-6, "{item}");
        let faces = item["faces"].as_array().unwrap();
        assert_eq!(faces.len(), 1, "{item}");
        assert_eq!(faces[0]["person"], 0);
        let smoothed = faces[0]["smoothed"].as_object().unwrap().values();
        let sum: f64 = smoothed.map(|share| share.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{item}");
    }
}

/// Runs `ffmpeg` on the sample clip: a file made by `options` in `folder`, or `None` without `ffmpeg`.
fn made(folder: &Path, name: &str, options: &[&str]) -> Option<PathBuf> {
    let clip = clip(folder)?;
    let made = folder.join(name);
    let status = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-y", "-i"])
        .arg(&clip)
        .args(options)
        .arg(&made)
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    Some(made)
}

/// The times of the frames that are predicted, and how the command ended.
fn times(video: &Path, frames_per_second: &str) -> (Vec<f64>, i32, String) {
    let run = run(fer()
        .args([
            "predict",
            "--format",
            "json",
            "--frames-per-second",
            frames_per_second,
        ])
        .arg(video));
    let items = json_lines(&run.stdout);
    let times = items.iter().filter_map(|item| item["time"].as_f64());
    (times.collect(), run.code, run.stderr)
}

#[test]
fn of_each_interval_the_first_frame_is_taken_at_its_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // 24 frames at 12 a second, and what they become.
    let mpeg4: &[&str] = &["-c:v", "mpeg4"];
    let cases: [(&str, &[&str], &str, Vec<f64>); 5] = [
        (
            "as it is.mp4",
            mpeg4,
            "4",
            (0..8).map(|k| f64::from(k) / 4.0).collect(),
        ),
        // Frames at 0, 2, 3, 5, 6, ... twelfths are the first of each fifth of a second's part.
        (
            "uneven.mp4",
            mpeg4,
            "5",
            [0, 3, 5, 8, 10, 12, 15, 17, 20, 22]
                .map(|k| f64::from(k) / 12.0)
                .into(),
        ),
        (
            "one frame.mp4",
            &["-c:v", "mpeg4", "-frames:v", "1"],
            "10",
            vec![0.0],
        ),
        (
            "late start.ts",
            &["-c:v", "mpeg2video", "-r", "24", "-output_ts_offset", "5"],
            "2",
            vec![0.0, 0.5, 1.0, 1.5],
        ),
        (
            "more than there are.mp4",
            mpeg4,
            "100",
            (0..24).map(|k| f64::from(k) / 12.0).collect(),
        ),
    ];
    for (name, options, rate, expected) in cases {
        let Some(video) = made(root, name, options) else {
            return;
        };
        let (found, code, stderr) = times(&video, rate);
        assert_eq!(code, 0, "{name}: {stderr}");
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-3,
                "{name}: {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn a_video_that_is_cut_gives_its_frames_and_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-c:v", "mpeg4", "-movflags", "+faststart"];
    let Some(whole) = made(folder.path(), "whole.mp4", &options) else {
        return;
    };
    let bytes = std::fs::read(&whole).unwrap();
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() * 6 / 10]).unwrap();
    let (found, code, stderr) = times(&cut, "12");
    assert_eq!(code, 1);
    assert!(stderr.contains("cut.mp4"), "{stderr}");
    assert!((4..24).contains(&found.len()), "{found:?}");
}

#[test]
fn a_bad_video_is_one_error_and_the_others_are_still_watched() {
    let folder = tempfile::tempdir().unwrap();
    let Some(clip) = clip(folder.path()) else {
        return;
    };
    let bad = folder.path().join("bad.mp4");
    std::fs::write(&bad, "no video").unwrap();
    let json = run(fer()
        .args(["predict", "--format", "json"])
        .args([&bad, &clip]));
    assert_eq!(json.code, 1);
    let items = json_lines(&json.stdout);
    assert_eq!(items[0]["error"]["kind"], "corrupt_video", "{}", items[0]);
    assert!(items.len() > 10 && items[1..].iter().all(|item| item["error"].is_null()));

    let csv = run(fer()
        .args(["predict", "--format", "csv"])
        .args([&bad, &clip]));
    let mut lines = csv.stdout.lines();
    assert!(lines.next().unwrap().ends_with(",error"), "{}", csv.stdout);
    let failed = lines.next().unwrap();
    assert!(
        failed.contains("bad.mp4,,,") && !failed.ends_with(','),
        "{failed}"
    );
    assert!(lines.count() > 10);

    let table = run(fer().arg("predict").args([&bad, &clip]));
    assert_eq!(table.code, 1);
    assert!(table.stdout.contains("corrupt video"), "{}", table.stdout);
    assert!(table.stdout.contains("person 0"), "{}", table.stdout);
}

#[test]
fn images_and_videos_keep_the_order_of_the_inputs() {
    let folder = tempfile::tempdir().unwrap();
    // Neither can be read: the order does not depend on what comes of them.
    let inputs = ["b.mp4", "y.jpg", "x.jpg", "a.mp4", "z.jpg"];
    let run = run(fer()
        .current_dir(folder.path())
        .args(["predict", "--format", "json"])
        .args(inputs));
    assert_eq!(run.code, 1);
    let items = json_lines(&run.stdout);
    let paths: Vec<_> = items.iter().map(|item| item["path"].as_str()).collect();
    assert_eq!(paths, inputs.map(Some));
}
