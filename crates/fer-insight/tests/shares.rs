//! Shares against NumPy's draws of the same model, their promises, and their coverage.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod simulation;

use std::num::NonZeroUsize;

use fer_insight::{Face, Reference, ShareOptions, Tally, Weight, shares};
use serde_json::Value;
use simulation::{GOLDEN_REFERENCE, MIXES, World, answer};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/shares.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

fn add(tally: &mut Tally, counts: &Value, cluster: Option<&str>) {
    for (bin, count) in numbers(counts).into_iter().enumerate() {
        for _ in 0..count as usize {
            let probabilities = answer(bin);
            tally
                .add(&Face {
                    probabilities,
                    group: &[],
                    cluster,
                })
                .unwrap();
        }
    }
}

fn assert_draws(tally: &Tally, weight: Weight, case: &Value) -> fer_insight::GroupShares {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    let options = ShareOptions {
        draws: 10_000,
        weight,
        ..Default::default()
    };
    let total = shares(tally, &reference, &options).unwrap().total;
    let figures = total.estimates.clone().unwrap();
    let all = figures.shares.0.into_iter().chain([
        figures.unclear.unwrap(),
        figures.net,
        figures.expressive,
    ]);
    let [mean, sd, low, high] = ["mean", "sd", "low", "high"].map(|key| numbers(&case[key]));
    for (k, figure) in all.enumerate() {
        let off = |found: f64, expected: f64| (found - expected).abs() / sd[k];
        assert!(
            off(figure.estimate, mean[k]) < 0.08,
            "{k}: {figure:?}, expected {}",
            mean[k]
        );
        assert!(
            off(figure.low, low[k]) < 0.2,
            "{k}: {figure:?}, expected {}",
            low[k]
        );
        assert!(
            off(figure.high, high[k]) < 0.2,
            "{k}: {figure:?}, expected {}",
            high[k]
        );
    }
    assert!(total.r_hat.unwrap() < 1.05, "{:?}", total.r_hat);
    total
}

#[test]
fn shares_of_independent_faces_are_those_of_numpy() {
    for case in golden()["independent"].as_array().unwrap() {
        let mut tally = Tally::new(&[], false);
        add(&mut tally, &case["counts"], None);
        let total = assert_draws(&tally, Weight::Cluster, case);
        let fit = total.fit.unwrap();
        let expected = numbers(&case["fit"]);
        assert!(
            (fit.statistic - expected[0]).abs() < 1e-9 * expected[0],
            "{fit:?} {expected:?}"
        );
        assert!((fit.p - expected[1]).abs() < 1e-9, "{fit:?} {expected:?}");
    }
}

#[test]
fn shares_of_clusters_are_those_of_numpy() {
    for case in golden()["clustered"].as_array().unwrap() {
        let mut tally = Tally::new(&[], true);
        for (index, counts) in case["clusters"].as_array().unwrap().iter().enumerate() {
            add(&mut tally, counts, Some(&index.to_string()));
        }
        let weight = serde_json::from_value(case["weight"].clone()).unwrap();
        let total = assert_draws(&tally, weight, case);
        let counts = total.counts.unwrap();
        let expected = case["effective"].as_f64().unwrap();
        assert!(
            (counts.effective_faces - expected).abs() < 1e-9 * expected,
            "{}",
            counts.effective_faces
        );
        for (found, expected) in counts.counted.0.iter().zip(numbers(&case["counted"])) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}

fn grouped(order: impl Iterator<Item = usize>, groups: usize) -> Tally {
    let mut tally = Tally::new(&["site"], true);
    for i in order.filter(|i| i % 7 < groups) {
        let (site, person) = (format!("site {}", i % 7), format!("person {}", i % 91));
        let face = Face {
            probabilities: answer(i * i % 16),
            group: &[&site],
            cluster: Some(&person),
        };
        tally.add(&face).unwrap();
    }
    tally
}

#[test]
fn order_threads_and_other_groups_change_no_byte() {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    let options = ShareOptions {
        draws: 300,
        ..Default::default()
    };
    let whole = shares(&grouped(0..2000, 7), &reference, &options).unwrap();
    let json = serde_json::to_string(&whole).unwrap();
    for threads in [2, 7, 20] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let options = ShareOptions { threads, ..options };
        let other = shares(&grouped((0..2000).rev(), 7), &reference, &options).unwrap();
        assert_eq!(serde_json::to_string(&other).unwrap(), json);
        assert_eq!(other, whole);
    }
    let fewer = shares(&grouped(0..2000, 3), &reference, &options).unwrap();
    assert_eq!(fewer.groups[..], whole.groups[..3]);
    let seeded = shares(
        &grouped(0..2000, 3),
        &reference,
        &ShareOptions { seed: 1, ..options },
    )
    .unwrap();
    assert_ne!(seeded.groups, fewer.groups);
}

#[test]
fn groups_of_equal_faces_are_drawn_apart() {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    let mut tally = Tally::new(&["site"], false);
    for site in ["a", "b"] {
        for i in 0..400 {
            tally
                .add(&Face {
                    probabilities: answer(i % 16),
                    group: &[site],
                    cluster: None,
                })
                .unwrap();
        }
    }
    let result = shares(&tally, &reference, &ShareOptions::default()).unwrap();
    let [a, b] = &result.groups[..] else { panic!() };
    let same = a.draws.iter().zip(&b.draws).filter(|(a, b)| a == b).count();
    assert_eq!(same, 0);
}

#[test]
fn few_people_have_counts_only() {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    for people in [1, 4, 5] {
        let mut tally = Tally::new(&[], true);
        for i in 0..100 {
            let person = (i % people).to_string();
            let face = Face {
                probabilities: answer(i % 16),
                group: &[],
                cluster: Some(&person),
            };
            tally.add(&face).unwrap();
        }
        let total = shares(&tally, &reference, &ShareOptions::default())
            .unwrap()
            .total;
        assert_eq!(total.people(), people as u64);
        assert_eq!(total.estimates.is_some(), people >= 5);
        assert!((total.counts.unwrap().counted.0.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn options_out_of_range_and_empty_tallies_are_refused() {
    let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
    let tally = grouped(0..100, 7);
    let fails = |options: ShareOptions| {
        shares(&tally, &reference, &options)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fails(ShareOptions {
            draws: 10,
            ..Default::default()
        }),
        "draws is 10: expected 100 to 100000"
    );
    assert!(
        fails(ShareOptions {
            level: f64::NAN,
            ..Default::default()
        })
        .starts_with("level is NaN")
    );
    let empty = shares(
        &Tally::new(&[], false),
        &reference,
        &ShareOptions::default(),
    )
    .unwrap_err();
    assert_eq!(empty.to_string(), "no face to estimate shares from");
}

/// The full table is the example `coverage`.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    const REPETITIONS: usize = 300;
    let mut world = World::new(5);
    let (strata, truth) = world.strata(&MIXES[0], 0.14);
    let mut held = [0; 4];
    for seed in 0..REPETITIONS {
        let reference = world.reference();
        let tally = world.faces(&strata, 200);
        let options = ShareOptions {
            draws: 400,
            seed: seed as u64,
            ..Default::default()
        };
        let total = shares(&tally, &reference, &options).unwrap().total;
        for (k, figure) in total.estimates.unwrap().shares.0.iter().enumerate() {
            held[k] += usize::from(figure.low <= truth[k] && truth[k] <= figure.high);
        }
    }
    for held in held {
        let coverage = held as f64 / REPETITIONS as f64;
        assert!((0.90..=0.99).contains(&coverage), "{coverage}");
    }
}
