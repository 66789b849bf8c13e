//! `fer insight` on what people hand in by mistake, and on what is rare: each a clear error with its row, or a figure that
//! holds, and nothing half-written.

use std::fmt::Write;

use super::insight_tables::{SURE, insight, json, write};

/// The faults of tables that people hand in, each with its row.
#[test]
fn faults_of_tables_name_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let header = "path,time,date,person,site,happy,sad,neutral,surprise\n";
    let row =
        |time: &str, date: &str, site: &str| format!("v.mp4,{time},{date},0,\"{site}\",{SURE}\n");
    let zones = [
        row("0", "2026-03-01T09:00:00+01:00", "a\nb"),
        row("1", "2026-03-01T09:00:00+02:00", "a"),
    ];
    let table = write(&folder, "zones.csv", &format!("{header}{}", zones.concat()));
    let run = insight("trend", &table, &["--time", "date", "--every", "week"]);
    assert_eq!(run.code, 1);
    // The newline in quotes is part of the first row.
    assert!(
        run.stderr.contains("row 2: times must have one time zone"),
        "{}",
        run.stderr
    );

    let mut many = String::from(header);
    for group in 0..100_001 {
        many += &row("0", "2026-03-01", &group.to_string());
    }
    let table = write(&folder, "many.csv", &many);
    for threads in ["1", "3"] {
        let run = insight("shares", &table, &["--by", "site", "--threads", threads]);
        assert_eq!(run.code, 1);
        assert!(
            run.stderr.contains("more than 100000 groups"),
            "{}",
            run.stderr
        );
    }

    // Far behind the first block, and the first of several.
    let mut late = String::from(header);
    for number in 0..20_000 {
        late += &row("0", "2026-03-01", "a");
        if number >= 15_000 {
            late += &format!("v.mp4,0,2026-03-01,0,a,{}\n", "0.5,0.1,0.1,0.1");
        }
    }
    let table = write(&folder, "late.csv", &late);
    for threads in ["1", "2", "7"] {
        let run = insight("shares", &table, &["--by", "site", "--threads", threads]);
        assert_eq!(run.code, 1);
        let reason = "row 15002: probabilities must sum to 1";
        assert!(
            run.stderr.contains(reason) && run.stdout.is_empty(),
            "{threads}: {}",
            run.stderr
        );
    }
}

#[test]
fn one_person_alone_has_no_figure_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("path,time,person,visit,phase,csat,happy,sad,neutral,surprise\n");
    for time in 0..30 {
        writeln!(text, "v.mp4,{time},0,{},A,4,{SURE}", time / 10).unwrap();
    }
    let table = write(&folder, "alone.csv", &text);
    let shares = json(&insight("shares", &table, &["--json", "--min-people", "5"]));
    assert_eq!(shares["total"]["suppressed"], true);
    assert_eq!(shares["total"].get("people"), None);
    let trend = insight(
        "trend",
        &table,
        &["--time", "time", "--every", "10s", "--json"],
    );
    assert_eq!(json(&trend)["groups"][0]["periods"][0]["suppressed"], true);
    // An outcome of one unit goes with nothing; three sessions are no baseline.
    let page = folder.path().join("page.html");
    let html = ["--html", page.to_str().unwrap()];
    let relate = ["--cluster", "person", "--outcome", "csat"];
    let run = insight("relate", &table, &[&relate[..], &html].concat());
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("1 of 1 units have an outcome"),
        "{}",
        run.stderr
    );
    let columns = [
        "--subject",
        "person",
        "--session",
        "visit",
        "--phase",
        "phase",
    ];
    let clinical = [
        "--baseline",
        "A",
        "--purpose",
        "clinical",
        "--consent",
        "csat",
    ];
    let run = insight(
        "baseline",
        &table,
        &[&columns[..], &clinical, &html].concat(),
    );
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("without consent"), "{}", run.stderr);
    assert!(!page.exists() && run.stdout.is_empty());
}

#[test]
fn one_class_alone_has_intervals_inside_zero_and_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("path,site,person,csat,happy,sad,neutral,surprise\n");
    for face in 0..160 {
        let (site, person) = (face % 2, face % 40);
        writeln!(text, "{face}.jpg,{site},{person},{},{SURE}", person % 5).unwrap();
    }
    let table = write(&folder, "happy.csv", &text);
    let sites = ["--by", "site", "--cluster", "person", "--json"];
    let shares = json(&insight("shares", &table, &sites));
    for name in ["happy", "sad", "neutral", "surprise"] {
        let figure = &shares["total"]["shares"][name];
        let ends = [&figure["ci95"][0], &figure["estimate"], &figure["ci95"][1]];
        let ends = ends.map(|end| end.as_f64().unwrap());
        assert!(
            ends.is_sorted() && ends[0] >= 0.0 && ends[2] <= 1.0,
            "{name}: {ends:?}"
        );
    }
    assert_eq!(shares["total"]["shares"]["happy"]["counted"], 1.0);
    let pairs = json(&insight("compare", &table, &sites));
    let happy = &pairs["pairs"][0]["differences"]["happy"];
    assert_eq!(happy["p_adjusted"], 1.0, "{happy}");
    // No face differs from another, so none goes with the outcome.
    let relate = ["--cluster", "person", "--outcome", "csat", "--json"];
    let run = insight("relate", &table, &relate);
    let reason = "the faces of all 40 units are read alike";
    assert!(
        run.code == 1 && run.stderr.contains(reason),
        "{}",
        run.stderr
    );
    assert!(run.stdout.is_empty());
}

#[test]
fn times_out_of_order_change_nothing_and_mixed_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let header = "path,time,day,person,happy,sad,neutral,surprise\n";
    let smile = |face: usize| {
        if face % 7 < 3 {
            SURE
        } else {
            "0.01,0.01,0.97,0.01"
        }
    };
    let mut rows: Vec<String> = (0..600_usize)
        .map(|face| {
            let (time, person) = (face / 2, face % 2);
            let day = 1 + time / 12;
            format!(
                "v.mp4,{time},2026-03-{day:02},{person},{}\n",
                smile(face * face)
            )
        })
        .collect();
    let mut answers = Vec::new();
    for name in ["ordered.csv", "turned.csv"] {
        let table = write(&folder, name, &format!("{header}{}", rows.concat()));
        let week = [
            "--time",
            "day",
            "--every",
            "week",
            "--json",
            "--cluster",
            "time",
        ];
        let only = ["--where", "person=0", "--purpose", "customers", "--json"];
        let found = [
            insight("trend", &table, &week),
            insight("timeline", &table, &only),
        ];
        assert!(found.iter().all(|run| run.code == 0), "{}", found[1].stderr);
        answers.push(found.map(|run| run.stdout));
        rows.reverse();
        rows.rotate_left(77);
    }
    assert_eq!(answers[0], answers[1]);
    let mixed = format!("{header}{}v.mp4,x,2026-03-01,0,{SURE}\n", rows.concat());
    let table = write(&folder, "mixed.csv", &mixed);
    let only = ["--where", "person=0", "--purpose", "customers"];
    let run = insight("timeline", &table, &only);
    let reason = "row 601: expected the time in seconds; found \"x\"";
    assert!(
        run.code == 1 && run.stderr.contains(reason),
        "{}",
        run.stderr
    );
    let mixed = format!("{header}{}v.mp4,1,17.5,0,{SURE}\n", rows.concat());
    let table = write(&folder, "mixed.csv", &mixed);
    let run = insight("trend", &table, &["--time", "day", "--every", "week"]);
    let reason = "row 601: times must be either all seconds or all dates";
    assert!(
        run.code == 1 && run.stderr.contains(reason),
        "{}",
        run.stderr
    );
}

/// A sheet saved by a spreadsheet with semicolons and decimal commas reads as before; a label that matches no face is refused.
#[test]
fn sheets_may_be_edited_in_a_spreadsheet_but_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut faces = String::from("path,face,x,y,width,height,happy,sad,neutral,surprise\n");
    for face in 0..120 {
        writeln!(faces, "{face}.jpg,0,1,2,30,30,{SURE}").unwrap();
    }
    let table = write(&folder, "faces.csv", &faces);
    let sheet = |rows: usize| {
        let mut text = String::from("path,face,x,y,width,height,label\n");
        for face in 0..rows {
            let label = if face.is_multiple_of(3) {
                "sad"
            } else {
                "happy"
            };
            writeln!(text, "{face}.jpg,0,1,2,30,30,{label}").unwrap();
        }
        text
    };
    let shares = |sheet: &std::path::Path| {
        insight(
            "shares",
            &table,
            &["--json", "--labels", sheet.to_str().unwrap()],
        )
    };
    let plain = write(&folder, "plain.csv", &sheet(100));
    let edited = sheet(100).replace(',', ";").replace('\n', "\r\n");
    let edited = edited
        .replace(";0;1;2;30;30;", ";0,0;1,0;2,0;30,0;30,0;")
        .replace(";sad", ";Sad");
    let edited = write(
        &folder,
        "edited.csv",
        &format!("\u{feff}{edited};;;;;;\r\n"),
    );
    let answers = [shares(&plain), shares(&edited)].map(|run| json(&run));
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["labels"]["used"], 100);
    let page = folder.path().join("page.html");
    let made_up = write(&folder, "more.csv", &sheet(121));
    let arguments = [
        "--labels",
        made_up.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
    ];
    let run = insight("shares", &table, &arguments);
    assert_eq!(run.code, 1);
    let reason = "row 121 of the labels: the labeled face must be in the table; found 120.jpg";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
    assert!(run.stdout.is_empty() && !page.exists());
}

/// The reference is a sample itself: a field that tells more than it does is warned of.
#[test]
fn fields_larger_than_the_reference_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = |faces: usize| {
        let mut text = String::from("path,happy,sad,neutral,surprise\n");
        for face in 0..faces {
            let p = [SURE, "0.01,0.01,0.97,0.01"][face % 2];
            writeln!(text, "{face}.jpg,{p}").unwrap();
        }
        let table = write(&folder, "faces.csv", &text);
        let shares = json(&insight("shares", &table, &["--json", "--draws", "200"]));
        let warnings = shares["warnings"].as_array().unwrap().clone();
        warnings
            .iter()
            .any(|warning| warning["kind"] == "large_field")
    };
    assert!(!kinds(1_200));
    assert!(kinds(1_400));
}
