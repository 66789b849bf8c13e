//! Suppression: no cell below the minimum can be derived from a printed table by subtraction.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use fer_insight::{
    Columns, CompareOptions, Csv, Declaration, Every, Reference, ShareOptions, Study, TrendOptions,
};
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

fn study(by: &[&str]) -> Study {
    Study {
        columns: Columns {
            by: by.iter().map(|&name| name.into()).collect(),
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
    }
}

/// The people of the cells that a printed table hides, and how many cells these are. Those that it shows are of enough people
/// and all their faces; of a hidden one there is its name alone.
fn hidden<'a>(
    printed: impl IntoIterator<Item = (&'a Value, Vec<String>)>,
    cells: &Cells,
) -> Result<(usize, BTreeSet<usize>), TestCaseError> {
    let (mut count, mut hidden) = (0, BTreeSet::new());
    for (cell, key) in printed {
        let (people, faces) = &cells[&key];
        if cell["suppressed"] == true {
            prop_assert_eq!(cell.as_object().unwrap().len(), 2, "{} shows figures", cell);
            count += 1;
            hidden.extend(people);
        } else {
            prop_assert!(people.len() >= MIN_PEOPLE, "{} is shown", cell);
            prop_assert_eq!(cell["faces"].as_u64(), Some(*faces));
        }
    }
    Ok((count, hidden))
}

fn key(by: &Value, columns: &[&str]) -> Vec<String> {
    let value = |name: &&str| by[*name].as_str().unwrap().to_owned();
    columns.iter().map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A reader has the shown cells and, if it is shown, the total: one equation, whose rest is what the hidden cells have
    /// together. It must be of several cells, and of enough people.
    #[test]
    fn no_cell_of_few_people_can_be_derived(rows in visits(), columns in 1..=2_usize) {
        let (table, cells) = by_columns(&rows, columns);
        let names = &["site", "day"][..columns];
        let document = study(names).shares(Csv(table.as_bytes())).unwrap();
        let printed = serde_json::to_value(document).unwrap();
        let groups = printed["groups"].as_array().unwrap();
        let groups = groups.iter().map(|group| (group, key(&group["by"], names)));
        let (count, people) = hidden(groups, &cells)?;
        if printed["total"]["faces"].is_u64() {
            prop_assert!(count != 1, "the total gives the one hidden cell");
            prop_assert!(count == 0 || people.len() >= MIN_PEOPLE, "{} people", people.len());
        }
    }

    /// As of shares, and no difference is of a hidden group.
    #[test]
    fn no_difference_is_of_a_cell_of_few_people(rows in visits()) {
        let (table, cells) = by_columns(&rows, 1);
        let options = CompareOptions { permutations: 99, ..CompareOptions::default() };
        let document = study(&["site"]).compare(Csv(table.as_bytes()), &options);
        // A single group compares with nothing.
        prop_assume!(document.is_ok());
        let printed = serde_json::to_value(document.unwrap()).unwrap();
        let groups = printed["groups"].as_array().unwrap();
        let groups = groups.iter().map(|group| (group, key(&group["by"], &["site"])));
        let (count, people) = hidden(groups.clone(), &cells)?;
        if printed["total"]["faces"].is_u64() {
            prop_assert!(count != 1 && (count == 0 || people.len() >= MIN_PEOPLE));
        }
        let shown: BTreeSet<_> = groups
            .filter(|(group, _)| group["suppressed"] == false)
            .map(|(_, key)| key[0].clone())
            .collect();
        for pair in printed["pairs"].as_array().unwrap() {
            let both = ["a", "b"].iter().all(|side| shown.contains(pair[*side].as_str().unwrap()));
            prop_assert_eq!(pair["net"].is_object(), both, "{}", pair);
            prop_assert_eq!(pair["differences"].is_object(), both, "{}", pair);
        }
    }

    /// The total of a site over all days and the days that are shown do not give a day of few people.
    #[test]
    fn no_period_of_few_people_can_be_derived(rows in visits()) {
        let (table, cells) = by_columns(&rows, 2);
        let options = TrendOptions { time: "day".into(), every: Every::Seconds(1) };
        let document = study(&["site"]).trend(Csv(table.as_bytes()), &options).unwrap();
        let printed = serde_json::to_value(document).unwrap();
        for group in printed["groups"].as_array().unwrap() {
            let periods = group["periods"].as_array().unwrap();
            let named = periods.iter().map(|period| {
                let day = period["start"].as_str().unwrap().to_owned();
                (period, vec![group["by"]["site"].as_str().unwrap().to_owned(), day])
            });
            let (count, people) = hidden(named, &cells)?;
            let is_safe = count == 0 || (count > 1 && people.len() >= MIN_PEOPLE);
            prop_assert!(is_safe || count == periods.len(), "{}", group);
        }
    }
}
