//! Suppression: no cell below the minimum can be derived from a printed table by subtraction.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use fer_insight::{Columns, Csv, Declaration, Reference, ShareOptions, Study};
use proptest::prelude::*;
use serde_json::Value;

/// The smallest number of people of a cell.
const MIN_PEOPLE: usize = 10;

/// The people of each cell, and their faces.
type Cells = BTreeMap<Vec<String>, (BTreeSet<usize>, u64)>;

/// Rows of a site, a day and a person; people may come to several sites on several days.
fn visits() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((0..4_usize, 0..3_usize, 0..60_usize), 1..250)
}

fn by_columns(rows: &[(usize, usize, usize)], columns: usize) -> (String, Cells) {
    let mut table = String::from("happy,sad,neutral,surprise,site,day,person\n");
    let mut cells = Cells::new();
    for (site, day, person) in rows {
        // Sites of falling size, so that there are large cells and small ones.
        let site = site * site / 4;
        table += &format!("0.9,0.05,0.05,0,{site},{day},{person}\n");
        let key = [site.to_string(), day.to_string()][..columns].to_vec();
        let cell = cells.entry(key).or_default();
        cell.0.insert(*person);
        cell.1 += 1;
    }
    (table, cells)
}

fn print(table: &str, columns: usize) -> Value {
    let study = Study {
        columns: Columns {
            by: ["site", "day"][..columns]
                .iter()
                .map(|&name| name.into())
                .collect(),
            cluster: Some("person".into()),
            ..Columns::default()
        },
        declaration: Declaration::default(),
        model: "crowd".into(),
        reference: Reference::named("crowd").unwrap(),
        options: ShareOptions {
            draws: 100,
            ..ShareOptions::default()
        },
    };
    serde_json::to_value(study.shares(Csv(table.as_bytes())).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A reader has the shown cells and, if it is shown, the total: one equation, whose rest is what the hidden cells have
    /// together. It must be of several cells, and of enough people.
    #[test]
    fn no_cell_of_few_people_can_be_derived(rows in visits(), columns in 1..=2_usize) {
        let (table, cells) = by_columns(&rows, columns);
        let printed = print(&table, columns);
        let mut hidden = BTreeSet::new();
        let mut hidden_people: BTreeSet<usize> = BTreeSet::new();
        let mut rest = printed["total"]["faces"].as_u64();
        for group in printed["groups"].as_array().unwrap() {
            let by = group["by"].as_object().unwrap();
            let key: Vec<String> = ["site", "day"][..columns]
                .iter()
                .map(|name| by[*name].as_str().unwrap().to_owned())
                .collect();
            let (people, faces) = &cells[&key];
            if group["suppressed"] == true {
                prop_assert_eq!(group.as_object().unwrap().len(), 2, "{} shows figures", group);
                hidden.insert(key);
                hidden_people.extend(people);
            } else {
                prop_assert!(people.len() >= MIN_PEOPLE, "{} is shown", group);
                prop_assert_eq!(group["faces"].as_u64(), Some(*faces));
                rest = rest.map(|rest| rest - faces);
            }
        }
        if let Some(rest) = rest {
            prop_assert!(hidden.len() != 1, "{} faces of one hidden cell", rest);
            prop_assert!(
                hidden.is_empty() || hidden_people.len() >= MIN_PEOPLE,
                "{} faces of {} people", rest, hidden_people.len()
            );
        }
    }
}
