//! Tables of shares and differences for people, as wide as the terminal allows.

use comfy_table::Table;
use fer_core::Emotion;
use fer_insight::{Comparison, Difference, Estimate, GroupShares, Shares};

use crate::Result;
use crate::terminal::{self, print, print_table, printable};

const UNIT: &str = "Answers in 100 if each face were shown to one person, with the interval; net is happy minus sad.";

/// Shares of several groups: one row a group where the terminal is wide enough, else one row a figure.
pub(super) struct Listing<'a> {
    columns: Vec<String>,
    rows: Vec<(Vec<String>, &'a GroupShares)>,
}

impl<'a> Listing<'a> {
    /// Returns an empty listing whose groups are named in these columns.
    pub(super) fn new<'c>(columns: impl IntoIterator<Item = &'c str>) -> Self {
        Self {
            columns: columns.into_iter().map(String::from).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a group by the cells that name it.
    pub(super) fn add(&mut self, names: impl IntoIterator<Item = String>, group: &'a GroupShares) {
        self.rows.push((names.into_iter().collect(), group));
    }

    /// Prints the listing.
    pub(super) fn print(&self) -> Result<()> {
        let (wide, narrow) = (self.wide(true), self.wide(false));
        print_table(first_that_fits(&[&wide, &narrow], &self.long()))
    }

    fn wide(&self, all: bool) -> Table {
        let mut header: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        header.push("people");
        if all {
            header.push("faces");
        }
        header.extend(Emotion::ALL.map(Emotion::label));
        header.push("net");
        if all {
            header.push("unclear");
        }
        let mut table = terminal::table(&header);
        for (names, group) in self.rows.iter().cloned() {
            let mut row = names;
            let Some(counts) = &group.counts else {
                row.push("suppressed".into());
                row.resize(header.len(), String::new());
                table.add_row(row);
                continue;
            };
            row.push(counts.people.to_string());
            if all {
                row.push(counts.faces.to_string());
            }
            let figures = group.estimates.as_ref();
            for emotion in Emotion::ALL {
                row.push(share(figures.map(|figures| &figures.shares[emotion])));
            }
            row.push(share(figures.map(|figures| &figures.net)));
            if all {
                row.push(share(figures.and_then(|figures| figures.unclear.as_ref())));
            }
            table.add_row(row);
        }
        table
    }

    fn long(&self) -> Table {
        let mut header: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        header.extend(["figure", "share", "counted"]);
        let mut table = terminal::table(&header);
        for (names, group) in &self.rows {
            let mut add = |cells: [String; 3]| {
                table.add_row(names.iter().cloned().chain(cells));
            };
            let Some(counts) = &group.counts else {
                add(["people".into(), "suppressed".into(), String::new()]);
                continue;
            };
            add(["people".into(), counts.people.to_string(), String::new()]);
            let figures = group.estimates.as_ref();
            for emotion in Emotion::ALL {
                add([
                    emotion.label().into(),
                    share(figures.map(|figures| &figures.shares[emotion])),
                    points(counts.counted[emotion], 0),
                ]);
            }
            add([
                "net".into(),
                share(figures.map(|figures| &figures.net)),
                String::new(),
            ]);
        }
        table
    }
}

/// Prints the shares of each group.
pub(super) fn shares(shares: &Shares) -> Result<()> {
    listing(shares).print()?;
    print_words(&shares.headline())?;
    print_words(UNIT)
}

/// Lists the groups, and the total if there are several.
fn listing(shares: &Shares) -> Listing<'_> {
    let mut listing = Listing::new(shares.columns.iter().map(String::as_str));
    for group in &shares.groups {
        listing.add(group.by.iter().map(|value| printable(value)), group);
    }
    if shares.groups.len() > 1 {
        let names = (0..shares.columns.len()).map(|column| match column {
            0 => "total".to_owned(),
            _ => String::new(),
        });
        listing.add(names, &shares.total);
    }
    listing
}

/// Prints the differences, one row a pair if the terminal is wide enough, else one row a figure; then the shares.
pub(super) fn comparison(comparison: &Comparison) -> Result<()> {
    let wide = wide_pairs(comparison);
    let long = long_pairs(comparison);
    print_table(first_that_fits(&[&wide], &long))?;
    print("")?;
    listing(&comparison.shares).print()?;
    print_words(&comparison.headline())?;
    print_words("p: adjusted for all the tests of this table.")?;
    print_words(UNIT)
}

/// Returns the first of several tables of the same figures that fits the terminal, or else the narrowest.
fn first_that_fits<'a>(wider: &[&'a Table], narrowest: &'a Table) -> &'a Table {
    let limit = terminal::width().unwrap_or(usize::MAX);
    let mut wider = wider.iter().copied();
    wider
        .find(|table| width(table) <= limit)
        .unwrap_or(narrowest)
}

/// Returns the width of a table whose cells are not wrapped.
fn width(table: &Table) -> usize {
    let cells = table.column_max_content_widths();
    let borders = 3 * cells.len() + 1;
    cells.iter().map(|&cell| usize::from(cell)).sum::<usize>() + borders
}

fn wide_pairs(comparison: &Comparison) -> Table {
    let mut header = vec!["a", "b"];
    header.extend(within(comparison));
    let figures = Emotion::ALL.map(Emotion::label).into_iter().chain(["net"]);
    for name in figures {
        header.extend([name, "p"]);
    }
    let mut table = terminal::table(&header);
    for pair in &comparison.pairs {
        let mut row = pair_names(&pair.a, &pair.b);
        for emotion in Emotion::ALL {
            row.extend(difference(pair.differences.as_ref().map(|d| &d[emotion])));
        }
        row.extend(difference(pair.net.as_ref()));
        table.add_row(row);
    }
    table
}

fn long_pairs(comparison: &Comparison) -> Table {
    let mut header = vec!["a", "b"];
    header.extend(within(comparison));
    header.extend(["figure", "a - b", "p"]);
    let mut table = terminal::table(&header);
    for pair in &comparison.pairs {
        let names = pair_names(&pair.a, &pair.b);
        let mut add = |name: &str, figure: Option<&Difference>| {
            let cells = std::iter::once(name.to_owned()).chain(difference(figure));
            table.add_row(names.iter().cloned().chain(cells));
        };
        for emotion in Emotion::ALL {
            let figure = pair.differences.as_ref().map(|all| &all[emotion]);
            add(emotion.label(), figure);
        }
        add("net", pair.net.as_ref());
    }
    table
}

fn within(comparison: &Comparison) -> impl Iterator<Item = &str> {
    let columns = comparison.shares.columns.iter();
    columns.skip(1).map(String::as_str)
}

fn pair_names(a: &[String], b: &[String]) -> Vec<String> {
    let first = |values: &[String]| values.first().map(|value| printable(value));
    let (a_name, b_name) = (first(a), first(b));
    let names = [a_name, b_name].into_iter().map(Option::unwrap_or_default);
    names
        .chain(a.iter().skip(1).map(|value| printable(value)))
        .collect()
}

fn share(figure: Option<&Estimate>) -> String {
    figure.map_or_else(
        || "-".into(),
        |figure| {
            let ends = [figure.low, figure.high].map(|x| points(x, 0));
            format!("{} [{}, {}]", points(figure.estimate, 0), ends[0], ends[1])
        },
    )
}

fn difference(figure: Option<&Difference>) -> [String; 2] {
    let p = figure.map_or_else(
        || "-".into(),
        |figure| {
            if figure.p_adjusted < 0.001 {
                "<.001".into()
            } else {
                format!("{:.3}", figure.p_adjusted)
                    .trim_start_matches('0')
                    .into()
            }
        },
    );
    [share(figure.map(|figure| &figure.estimate)), p]
}

/// Returns a share in hundredths with a number of decimals.
pub(super) fn points(share: f64, decimals: usize) -> String {
    let unit = 10_f64.powi(decimals as i32);
    let points = (100.0 * share * unit).round() / unit;
    // Minus zero is no different share.
    format!("{:.decimals$}", points + 0.0)
}

/// Prints words in lines that fit the terminal.
pub(super) fn print_words(text: &str) -> Result<()> {
    let limit = terminal::width().unwrap_or(usize::MAX);
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && longer > limit {
            print(&line)?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&printable(word));
    }
    print(&line)
}
