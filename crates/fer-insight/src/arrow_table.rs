//! Faces from Arrow batches, such as those of a data frame.

use std::num::NonZeroUsize;

use arrow_array::{RecordBatch, RecordBatchReader};

use crate::arrow_cells::{ArrowRow, ColumnCells, cells_of};
use crate::parts::share_out;
use crate::row::RowVisitor;
use crate::table::FaceTable;
use crate::{Error, Result};

/// Rows of a part that one thread reads.
const PART: usize = 1 << 16;

/// A table of faces as a stream of Arrow batches, whose memory is read where it lies. Columns may hold numbers, text, flags,
/// dates, times and dictionaries of these; those of other types are refused if an analysis asks for their cells.
///
/// Times with a zone are taken in UTC, a duration as its seconds.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchIterator};
/// use fer_insight::{ArrowTable, Columns, tally};
///
/// let column = |value| Arc::new(Float64Array::from(vec![value; 3])) as ArrayRef;
/// let batch = RecordBatch::try_from_iter([
///     ("happy", column(0.9)),
///     ("sad", column(0.1)),
///     ("neutral", column(0.0)),
///     ("surprise", column(0.0)),
/// ])?;
/// let table = ArrowTable(RecordBatchIterator::new([Ok(batch.clone())], batch.schema()));
/// let (tally, _) = tally(table, &Columns::default(), NonZeroUsize::MIN)?;
/// assert_eq!(tally.faces(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ArrowTable<R>(pub R);

impl<R: RecordBatchReader + Send> FaceTable for ArrowTable<R> {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        let header = header(&self.0);
        let mut visitor = start(&header)?;
        let (mut parts, mut before) = (Parts::new(self.0), 0);
        while let Some(batch) = parts.next()? {
            before += visit_batch(&batch, &header, before, &mut visitor)?;
        }
        Ok(visitor)
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let header = header(&self.0);
        let mut parts = Parts::new(self.0);
        let workers = share_out(
            threads,
            || Ok((start(&header)?, None)),
            |(_, batch)| {
                *batch = parts.next()?;
                Ok(batch.is_some())
            },
            |(visitor, batch)| match batch {
                Some(batch) => visit_batch(batch, &header, 0, visitor),
                None => Ok(0),
            },
        );
        Ok(workers?.into_iter().map(|(visitor, _)| visitor).collect())
    }
}

fn header(batches: &impl RecordBatchReader) -> Vec<String> {
    let schema = batches.schema();
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}

/// Passes each row of a batch to `visitor` and returns their number. They are numbered from `before + 1`.
fn visit_batch(
    batch: &RecordBatch,
    header: &[String],
    before: u64,
    visitor: &mut impl RowVisitor,
) -> Result<u64> {
    let columns: Vec<ColumnCells<'_>> = batch
        .columns()
        .iter()
        .map(|column| cells_of(column))
        .collect();
    for row in 0..batch.num_rows() {
        let number = before + row as u64 + 1;
        visitor.row(
            number,
            &ArrowRow {
                columns: &columns,
                header,
                row,
                number,
            },
        )?;
    }
    Ok(batch.num_rows() as u64)
}

/// The batches, cut to parts: a data frame may come as one.
struct Parts<R> {
    batches: R,
    rest: Option<RecordBatch>,
}

impl<R: RecordBatchReader> Parts<R> {
    fn new(batches: R) -> Self {
        Self {
            batches,
            rest: None,
        }
    }

    fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.rest.take().filter(|batch| batch.num_rows() > 0) {
                let rows = batch.num_rows().min(PART);
                self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
                return Ok(Some(batch.slice(0, rows)));
            }
            let Some(batch) = self.batches.next() else {
                return Ok(None);
            };
            self.rest = Some(batch.map_err(|source| Error::Stream {
                source: source.into(),
            })?);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::StringDictionaryBuilder;
    use arrow_array::types::Int8Type;
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, DurationMillisecondArray, Float32Array, Float64Array,
        Int16Array, LargeStringArray, RecordBatchIterator, StringArray, StringViewArray,
        TimestampMicrosecondArray, UInt64Array,
    };

    use super::*;
    use crate::counting::tally;
    use crate::csv_table::read_csv;
    use crate::row::{Columns, Row};

    /// A column of one text or number, as each kind of array that may hold it.
    fn table(columns: Vec<(&str, ArrayRef)>) -> ArrowTable<impl RecordBatchReader + Send> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        ArrowTable(RecordBatchIterator::new(
            [Ok(batch.clone())],
            batch.schema(),
        ))
    }

    #[derive(Default)]
    struct Texts(Vec<Vec<String>>);

    impl RowVisitor for Texts {
        fn row(&mut self, _: u64, row: &impl Row) -> Result<()> {
            let cells = (0..10).map(|column| row.text(column).map(Into::into));
            self.0.push(cells.collect::<Result<_>>()?);
            Ok(())
        }
    }

    #[test]
    fn cells_of_every_type_are_the_texts_of_a_csv() {
        let mut coded = StringDictionaryBuilder::<Int8Type>::new();
        coded.append_value("north");
        coded.append_null();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("text", Arc::new(StringArray::from(vec![Some("a"), None]))),
            (
                "large",
                Arc::new(LargeStringArray::from(vec![Some("a"), None])),
            ),
            (
                "view",
                Arc::new(StringViewArray::from(vec![Some("a"), None])),
            ),
            ("coded", Arc::new(coded.finish())),
            ("whole", Arc::new(Int16Array::from(vec![Some(-7), None]))),
            (
                "natural",
                Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
            ),
            (
                "short",
                Arc::new(Float32Array::from(vec![Some(0.9), Some(f32::NAN)])),
            ),
            ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("day", Arc::new(Date32Array::from(vec![Some(20_514), None]))),
            (
                "time",
                Arc::new(
                    TimestampMicrosecondArray::from(vec![Some(1_500_000), None])
                        .with_timezone("UTC"),
                ),
            ),
        ];
        let texts = table(columns).visit(|_| Ok(Texts::default())).unwrap().0;
        assert_eq!(
            texts[0],
            [
                "a",
                "a",
                "a",
                "north",
                "-7",
                "18446744073709551615",
                "0.9",
                "true",
                "2026-03-02",
                "1970-01-01T00:00:01.500Z",
            ]
        );
        assert!(texts[1].iter().all(String::is_empty), "{:?}", texts[1]);
    }

    #[test]
    fn batches_and_csv_give_the_same_tally_on_any_number_of_threads() {
        let rows = 150_000;
        let sure = |index: usize| if index.is_multiple_of(3) { 0.9 } else { 0.1 };
        let mut csv = String::from("happy,sad,neutral,surprise,site\n");
        for index in 0..rows {
            let happy = sure(index);
            csv += &format!("{happy},0,{},0,{}\n", 1.0 - happy, index % 7);
        }
        let columns = Columns {
            by: vec!["site".into()],
            ..Columns::default()
        };
        let (expected, expected_rows) = read_csv(csv.as_bytes(), &columns).unwrap();
        for threads in [1, 2, 7] {
            let reals = |value: &dyn Fn(usize) -> f64| -> ArrayRef {
                Arc::new(Float64Array::from_iter_values((0..rows).map(value)))
            };
            let shorts = |value: &dyn Fn(usize) -> f32| -> ArrayRef {
                Arc::new(Float32Array::from_iter_values((0..rows).map(value)))
            };
            let table = table(vec![
                // In single precision 0.9 is less than in double.
                ("happy", shorts(&|index| sure(index) as f32)),
                ("sad", reals(&|_| 0.0)),
                ("neutral", reals(&|index| 1.0 - sure(index))),
                ("surprise", reals(&|_| 0.0)),
                (
                    "site",
                    Arc::new(Int16Array::from_iter_values(
                        (0..rows).map(|i| (i % 7) as i16),
                    )),
                ),
            ]);
            let threads = NonZeroUsize::new(threads).unwrap();
            let (found, found_rows) = tally(table, &columns, threads).unwrap();
            assert_eq!(found.groups(), expected.groups());
            assert_eq!(found_rows, expected_rows);
        }
    }

    #[test]
    fn faults_name_the_row_of_the_table() {
        let happy: Vec<f64> = (0..2 * PART)
            .map(|row| if row == PART + 4 { 1.5 } else { 1.0 })
            .collect();
        let zero = || Arc::new(Float64Array::from(vec![0.0; 2 * PART])) as ArrayRef;
        let table = |happy| {
            table(vec![
                ("happy", Arc::new(Float64Array::from(happy)) as ArrayRef),
                ("sad", zero()),
                ("neutral", zero()),
                ("surprise", zero()),
                (
                    "length",
                    Arc::new(DurationMillisecondArray::from(vec![1500; 2 * PART])),
                ),
            ])
        };
        for threads in [1, 3] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let error = tally(table(happy.clone()), &Columns::default(), threads).unwrap_err();
            let text = format!(
                "row {}: probabilities must lie between 0 and 1; found 1.5",
                PART + 5
            );
            assert_eq!(error.to_string(), text);
        }
        let columns = Columns {
            by: vec!["length".into()],
            ..Columns::default()
        };
        let (found, _) = tally(table(vec![1.0; 2 * PART]), &columns, NonZeroUsize::MIN).unwrap();
        assert_eq!(found.groups()[0].values(), ["1.5"]);
    }
}
