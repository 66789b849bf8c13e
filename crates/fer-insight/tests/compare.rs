//! Comparisons: what they find, what they must not find, and what they may show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod simulation;

use fer_core::Emotion;
use fer_insight::{
    Adjust, CompareOptions, Comparison, Face, Reference, ShareOptions, Tally, Weight, compare,
};
use simulation::{GOLDEN_REFERENCE, MIXES, World, answer};

fn quick() -> CompareOptions {
    CompareOptions {
        shares: ShareOptions {
            draws: 200,
            ..Default::default()
        },
        permutations: 199,
        ..Default::default()
    }
}

fn run(tally: &Tally, options: &CompareOptions) -> Comparison {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    compare(tally, &reference, options).unwrap()
}

/// People of the same habits in both groups, whose errors repeat from frame to frame.
#[test]
fn false_alarms_under_clustering_are_as_rare_as_promised() {
    const REPETITIONS: usize = 400;
    let mut world = World::new(3);
    let (strata, _) = world.strata(&MIXES[0], 0.14);
    let mut alarms = 0;
    for seed in 0..REPETITIONS as u64 {
        let mut tally = Tally::new(&["group"], true);
        for group in ["a", "b"] {
            world.people(&strata, 12, &mut tally, &[group]);
        }
        let mut options = quick();
        options.shares.seed = seed;
        options.shares.draws = 100;
        let pair = &run(&tally, &options).pairs[0];
        let smallest = pair
            .differences
            .unwrap()
            .0
            .map(|d| d.p_adjusted)
            .into_iter()
            .fold(1.0, f64::min);
        alarms += usize::from(smallest <= 0.05);
    }
    // .03 to .07 is the promise; the bounds add two standard errors of 400 repetitions.
    let rate = alarms as f64 / REPETITIONS as f64;
    assert!((0.02..=0.08).contains(&rate), "{rate}");
}

#[test]
fn a_difference_is_found_and_its_interval_holds_it() {
    let mut world = World::new(4);
    let mut tally = Tally::new(&["group"], true);
    let (a, truth_a) = world.strata(&MIXES[3], 0.1);
    let (b, truth_b) = world.strata(&MIXES[2], 0.1);
    world.people(&a, 60, &mut tally, &["a"]);
    world.people(&b, 60, &mut tally, &["b"]);
    for weight in [Weight::Cluster, Weight::Faces] {
        let mut options = quick();
        options.shares.weight = weight;
        let pair = &run(&tally, &options).pairs[0];
        assert_eq!(
            (pair.a[0].as_str(), pair.b[0].as_str(), pair.paired),
            ("a", "b", 0)
        );
        let happy = pair.differences.unwrap()[Emotion::Happy];
        assert_eq!(happy.p, 1.0 / 200.0);
        let truth = truth_a[0] - truth_b[0];
        assert!(
            happy.estimate.low < truth && truth < happy.estimate.high,
            "{happy:?} {truth}"
        );
        assert!(pair.net.unwrap().p_adjusted <= 0.01);
    }
}

/// Every person smiles somewhat more in `after`: seen only because people are compared with themselves.
#[test]
fn people_seen_in_both_groups_are_compared_with_themselves() {
    let mut paired = Tally::new(&["phase"], true);
    let mut apart = Tally::new(&["phase"], true);
    for person in 0..12 {
        for (phase, more) in [("before", 0), ("after", 4)] {
            for frame in 0..100 {
                let smiles = frame < 8 * person + more;
                let probabilities = answer(if smiles { 0 } else { 8 });
                let name = person.to_string();
                let face = Face {
                    probabilities,
                    group: &[phase],
                    cluster: Some(&name),
                };
                paired.add(&face).unwrap();
                let name = format!("{phase} {person}");
                apart
                    .add(&Face {
                        cluster: Some(&name),
                        ..face
                    })
                    .unwrap();
            }
        }
    }
    let p = |tally: &Tally| run(tally, &quick()).pairs[0].differences.unwrap()[Emotion::Happy].p;
    assert_eq!(run(&paired, &quick()).pairs[0].paired, 12);
    assert!(p(&paired) < 0.02, "{}", p(&paired));
    assert!(p(&apart) > 0.5, "{}", p(&apart));
}

#[test]
fn without_clusters_faces_are_exchanged() {
    let mut world = World::new(6);
    let (strata, _) = world.strata(&MIXES[0], 0.14);
    let mut alarms = 0;
    for seed in 0..200 {
        let mut tally = Tally::new(&["group"], false);
        for i in 0..300 {
            let stratum = world.pick(&strata);
            let probabilities = answer(world.bin(stratum));
            let group = if i % 3 == 0 { "a" } else { "b" };
            tally
                .add(&Face {
                    probabilities,
                    group: &[group],
                    cluster: None,
                })
                .unwrap();
        }
        let mut options = quick();
        options.shares = ShareOptions {
            draws: 100,
            seed,
            ..Default::default()
        };
        let differences = run(&tally, &options).pairs[0].differences.unwrap();
        alarms += usize::from(differences.0.iter().any(|d| d.p_adjusted <= 0.05));
    }
    assert!((2..=20).contains(&alarms), "{alarms}");
}

fn sites(sites: &[&str], levels: &[&str], people: usize) -> Tally {
    let mut tally = Tally::new(&["site", "day"], true);
    for (i, site) in sites.iter().enumerate() {
        for level in levels {
            for frame in 0..people * 10 {
                let person = format!("{site} {}", frame % people);
                let probabilities = answer((frame * frame + i * frame / 3) % 16);
                tally
                    .add(&Face {
                        probabilities,
                        group: &[site, level],
                        cluster: Some(&person),
                    })
                    .unwrap();
            }
        }
    }
    tally
}

#[test]
fn pairs_stay_within_levels_and_versus_is_the_second() {
    let tally = sites(&["a", "b", "control"], &["mon", "tue"], 6);
    let all = run(&tally, &quick());
    assert_eq!(all.pairs.len(), 6);
    let versus = CompareOptions {
        versus: Some("control".into()),
        ..quick()
    };
    let pairs = run(&tally, &versus).pairs;
    let names: Vec<_> = pairs
        .iter()
        .map(|p| (p.a.join(" "), p.b.join(" ")))
        .collect();
    assert_eq!(
        names,
        [
            ("a mon".into(), "control mon".into()),
            ("b mon".into(), "control mon".into()),
            ("a tue".to_string(), "control tue".to_string()),
            ("b tue".into(), "control tue".into()),
        ]
    );
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    let unknown = CompareOptions {
        versus: Some("c".into()),
        ..quick()
    };
    let error = compare(&tally, &reference, &unknown).unwrap_err();
    assert_eq!(
        error.to_string(),
        "versus is \"c\": expected a value of the first column"
    );
    assert!(compare(&sites(&["a"], &["mon"], 6), &reference, &quick()).is_err());
}

#[test]
fn adjusted_values_are_never_below_those_of_one_pair() {
    let tally = sites(&["a", "b", "c"], &["mon"], 8);
    for adjust in [Adjust::Holm, Adjust::BenjaminiHochberg] {
        let result = run(&tally, &CompareOptions { adjust, ..quick() });
        for pair in &result.pairs {
            for difference in pair.differences.unwrap().0 {
                assert!(difference.p_adjusted >= difference.p && difference.p_adjusted <= 1.0);
            }
        }
    }
}

#[test]
fn small_groups_and_their_differences_are_suppressed() {
    let mut tally = sites(&["a", "b", "c"], &["mon"], 12);
    tally.merge(sites(&["small"], &["mon"], 6)).unwrap();
    let mut result = run(&tally, &quick());
    result.suppress(10);
    let hidden: Vec<bool> = result
        .shares
        .groups
        .iter()
        .map(|group| group.suppressed)
        .collect();
    assert_eq!(hidden.iter().filter(|hidden| **hidden).count(), 2);
    assert!(hidden[3] && !result.shares.total.suppressed);
    let shown = result
        .pairs
        .iter()
        .filter(|pair| pair.differences.is_some());
    assert_eq!(shown.count(), 1);
    let json = serde_json::to_value(&result).unwrap();
    let small = json["groups"][3].as_object().unwrap();
    assert_eq!(small.keys().collect::<Vec<_>>(), ["by", "suppressed"]);
    assert!(result.shares.groups[3].draws.is_empty());
}
