//! Faces drawn at random from a table, for people to label.

use std::collections::BTreeMap;

use crate::face_key::{FaceKey, KEY_COLUMNS};
use crate::random::{Purpose, Random, place};
use crate::row::{Columns, Record, Rows};
use crate::sheet::{BOX_COLUMNS, Sheet, SheetFace, invalid, read_box};
use crate::table::FaceTable;
use crate::{Error, Result};

/// The most faces that a sheet may have.
pub const MAX_SAMPLE: usize = 10_000;

/// The settings of [`sample`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// Faces to draw, 1 to [`MAX_SAMPLE`].
    pub count: usize,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            count: 200,
            seed: 0,
        }
    }
}

/// Faces drawn from a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The faces, in random order, without labels.
    pub sheet: Sheet,
    /// Counts of the rows of the table.
    pub rows: Rows,
    /// `true` if clusters were drawn, and one face of each.
    pub clustered: bool,
}

/// Draws faces of a table with equal chances: `count` faces, or, in a table with clusters, `count` clusters and one face
/// of each, so that the labels are independent and weigh as people do in the shares.
///
/// The draw depends on the seed and on which faces the table has, not on their order. Memory grows with `count` alone.
///
/// The table has the column `path`, and `face`, or `time` and `person`, where an image has several faces; the face box is
/// in `x`, `y`, `width` and `height`. These are the columns of `fer predict --format csv`.
///
/// ```
/// use fer_insight::{Columns, Csv, SampleOptions, sample};
///
/// let table = "path,happy,sad,neutral,surprise\na.png,0.9,0.1,0,0\nb.png,0,0,1,0\nc.png,0,0,1,0\n";
/// let options = SampleOptions { count: 2, seed: 7 };
/// let drawn = sample(Csv(table.as_bytes()), &Columns::default(), &options)?;
/// assert_eq!((drawn.sheet.faces().len(), drawn.rows.used), (2, 3));
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for a count out of range, [`Error::InvalidRow`] for a face that the table has twice,
/// [`Error::Empty`] without a face, and those of the table.
pub fn sample(table: impl FaceTable, columns: &Columns, options: &SampleOptions) -> Result<Sample> {
    if !(1..=MAX_SAMPLE).contains(&options.count) {
        return Err(Error::InvalidArgument {
            name: "count",
            expected: format!("1 to {MAX_SAMPLE}"),
            found: options.count.to_string(),
        });
    }
    let mut drawn = Smallest {
        options: *options,
        units: BTreeMap::new(),
    };
    let mut clustered = false;
    let rows = table.read(&face_columns(columns), &mut |record| {
        clustered = record.cluster.is_some();
        let face = face_of(record)?;
        let unit = match &record.cluster {
            Some(cluster) => cluster.to_string(),
            None => face.key.text(),
        };
        drawn.offer(unit, face, record.row)
    })?;
    if drawn.units.is_empty() {
        return Err(Error::Empty {
            what: "no face to draw".into(),
        });
    }
    let faces = drawn.units.into_values().map(|(_, face)| face);
    Ok(Sample {
        sheet: Sheet::new(faces.collect()),
        rows,
        clustered,
    })
}

/// Returns the columns with those of the face's place.
pub(crate) fn face_columns(columns: &Columns) -> Columns {
    let mut columns = columns.clone();
    columns.values.push(KEY_COLUMNS[0].into());
    let optional = KEY_COLUMNS[1..].iter().chain(&BOX_COLUMNS);
    columns
        .optional
        .extend(optional.map(|&name| name.to_owned()));
    columns
}

/// Returns the face of a record that was read with [`face_columns`].
pub(crate) fn face_of(record: &Record<'_>) -> Result<SheetFace> {
    let places = KEY_COLUMNS.len() + BOX_COLUMNS.len();
    let cells: Vec<&str> = record.values[record.values.len() - places..]
        .iter()
        .map(AsRef::as_ref)
        .collect();
    let [path, face, time, person, x, y, width, height] = cells[..] else {
        return Err(invalid(
            record.row,
            "expected the place of the face",
            "none",
        ));
    };
    Ok(SheetFace {
        key: FaceKey::new([path, face, time, person]),
        bounds: read_box([x, y, width, height], record.row)?,
        label: None,
    })
}

/// The units of the smallest ranks so far, each with the face of the smallest rank. Ranks are random numbers of the seed
/// and the name alone, so that the order of the rows does not matter.
struct Smallest {
    options: SampleOptions,
    units: BTreeMap<(u64, String), ((u64, FaceKey), SheetFace)>,
}

impl Smallest {
    fn offer(&mut self, unit: String, face: SheetFace, row: u64) -> Result<()> {
        let rank =
            |purpose, name: &str| Random::new(self.options.seed, purpose, place(name)).bits();
        let unit = (rank(Purpose::SampleUnit, &unit), unit);
        let is_full = self.units.len() == self.options.count;
        if is_full
            && self
                .units
                .last_key_value()
                .is_some_and(|(last, _)| *last < unit)
        {
            return Ok(());
        }
        let order = (
            rank(Purpose::SampleFace, &face.key.text()),
            face.key.clone(),
        );
        match self.units.get_mut(&unit) {
            Some((kept, _)) if *kept == order => {
                let what = "each face must be in the table once";
                return Err(invalid(row, what, &face.key.to_string()));
            }
            Some((kept, _)) if *kept < order => {}
            Some(kept) => *kept = (order, face),
            None => {
                if is_full {
                    self.units.pop_last();
                }
                self.units.insert(unit, (order, face));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv_table::Csv;

    const HEADER: &str = "path,face,x,y,width,height,happy,sad,neutral,surprise,badge\n";

    fn rows(people: usize, faces: usize) -> Vec<String> {
        let row = |i: usize| format!("{i}.jpg,0,1,2,30,40,0.9,0.1,0,0,p{}\n", i % people);
        (0..faces).map(row).collect()
    }

    fn draw(rows: &[String], cluster: Option<&str>, count: usize, seed: u64) -> Result<Sample> {
        let columns = Columns {
            cluster: cluster.map(Into::into),
            ..Default::default()
        };
        let table = format!("{HEADER}{}", rows.concat());
        sample(
            Csv(table.as_bytes()),
            &columns,
            &SampleOptions { count, seed },
        )
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing() {
        for cluster in [None, Some("badge")] {
            let mut rows = rows(40, 300);
            let one = draw(&rows, cluster, 25, 3).unwrap();
            rows.reverse();
            rows.rotate_left(77);
            let other = draw(&rows, cluster, 25, 3).unwrap();
            assert_eq!(one, other);
            assert_eq!(one.sheet.to_csv().unwrap(), other.sheet.to_csv().unwrap());
            assert_ne!(one.sheet, draw(&rows, cluster, 25, 4).unwrap().sheet);
            assert_eq!(one.sheet.faces()[0].bounds, Some([1, 2, 30, 40]));
        }
    }

    #[test]
    fn every_face_has_the_same_chance() {
        let rows = rows(20, 100);
        let mut drawn = [0; 100];
        for seed in 0..1000 {
            for face in draw(&rows, None, 10, seed).unwrap().sheet.faces() {
                let number: usize = face.key.path().trim_end_matches(".jpg").parse().unwrap();
                drawn[number] += 1;
            }
        }
        // Binomial with mean 100 and standard deviation 9.5; chi-squared with 99 degrees of freedom, 0.999: 148.
        let squares: f64 = drawn
            .iter()
            .map(|&n| (f64::from(n) - 100.0).powi(2) / 90.0)
            .sum();
        assert!(squares < 148.0, "{squares}");
    }

    #[test]
    fn a_cluster_gives_one_face_however_many_it_has() {
        let mut rows = rows(12, 12);
        let many = (0..500).map(|i| format!("more{i}.jpg,0,1,2,30,40,0.9,0.1,0,0,p3\n"));
        rows.extend(many);
        let drawn = draw(&rows, Some("badge"), 200, 0).unwrap();
        assert!(drawn.clustered);
        assert_eq!(drawn.sheet.faces().len(), 12);
        let more = drawn
            .sheet
            .faces()
            .iter()
            .filter(|face| face.key.path().starts_with("more"));
        assert!(more.count() <= 1);
    }

    #[test]
    fn faults_are_named() {
        let mut twice = rows(5, 5);
        twice.push(twice[2].clone());
        for cluster in [None, Some("badge")] {
            let error = draw(&twice, cluster, 10, 0).unwrap_err().to_string();
            assert_eq!(
                error,
                "row 6: each face must be in the table once; found 2.jpg, face 0"
            );
        }
        let error = draw(&rows(5, 5), None, 0, 0).unwrap_err().to_string();
        assert_eq!(error, "count is 0: expected 1 to 10000");
        assert_eq!(
            draw(&[], None, 5, 0).unwrap_err().to_string(),
            "no face to draw"
        );
    }
}
