//! Cells of Arrow arrays, as the texts and numbers that a CSV has in their place.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTimestampType, Date32Type, Date64Type, Decimal128Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BooleanArray, Float32Array, Float64Array, LargeStringArray, NullArray, PrimitiveArray,
    StringArray, StringViewArray,
};

use crate::period::time_text;
use crate::row::{Row, missing_if, read_number};
use crate::{Error, Result};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A column of a batch.
pub(crate) struct ColumnCells<'a> {
    array: &'a dyn Array,
    cells: Cells<'a>,
}

/// The cells of an array that are not missing.
enum Cells<'a> {
    Missing,
    Flags(&'a BooleanArray),
    Whole(Box<dyn Fn(usize) -> i128 + 'a>),
    Short(&'a Float32Array),
    Real(&'a Float64Array),
    /// Numbers in another form.
    Computed(Box<dyn Fn(usize) -> f64 + 'a>),
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    ViewedText(&'a StringViewArray),
    Time(Time<'a>),
    /// Places of the cells in a column of distinct ones.
    Coded(Vec<usize>, Box<ColumnCells<'a>>),
    /// Cells of a type that is not read.
    Other,
}

/// Times in units of a second since 1970 (see [`time_text`]).
struct Time<'a> {
    value: Box<dyn Fn(usize) -> i64 + 'a>,
    units: i64,
    utc: Option<bool>,
}

/// Returns the cells of an array.
pub(crate) fn cells_of(array: &dyn Array) -> ColumnCells<'_> {
    let cells = numbers(array)
        .or_else(|| texts(array))
        .or_else(|| times(array))
        .or_else(|| coded(array));
    ColumnCells {
        array,
        cells: cells.unwrap_or(Cells::Other),
    }
}

fn numbers(array: &dyn Array) -> Option<Cells<'_>> {
    whole::<Int8Type>(array)
        .or_else(|| whole::<Int16Type>(array))
        .or_else(|| whole::<Int32Type>(array))
        .or_else(|| whole::<Int64Type>(array))
        .or_else(|| whole::<UInt8Type>(array))
        .or_else(|| whole::<UInt16Type>(array))
        .or_else(|| whole::<UInt32Type>(array))
        .or_else(|| whole::<UInt64Type>(array))
        .or_else(|| array.as_primitive_opt::<Float64Type>().map(Cells::Real))
        .or_else(|| array.as_primitive_opt::<Float32Type>().map(Cells::Short))
        .or_else(|| computed::<Float16Type>(array, |value| value.to_f64()))
        .or_else(|| decimals(array))
        .or_else(|| array.as_boolean_opt().map(Cells::Flags))
}

fn texts(array: &dyn Array) -> Option<Cells<'_>> {
    let is_null = array.as_any().is::<NullArray>();
    let text = array.as_string_opt::<i32>().map(Cells::Text);
    text.or_else(|| array.as_string_opt::<i64>().map(Cells::LargeText))
        .or_else(|| array.as_string_view_opt().map(Cells::ViewedText))
        .or_else(|| is_null.then_some(Cells::Missing))
}

fn times(array: &dyn Array) -> Option<Cells<'_>> {
    time::<Date32Type>(array, 1, None, |days| i64::from(days) * DAY)
        .or_else(|| time::<Date64Type>(array, 1000, None, |value| value))
        .or_else(|| stamps::<TimestampSecondType>(array, 1))
        .or_else(|| stamps::<TimestampMillisecondType>(array, 1_000))
        .or_else(|| stamps::<TimestampMicrosecondType>(array, 1_000_000))
        .or_else(|| stamps::<TimestampNanosecondType>(array, 1_000_000_000))
        .or_else(|| computed::<DurationSecondType>(array, |value| value as f64))
        .or_else(|| computed::<DurationMillisecondType>(array, |value| value as f64 / 1e3))
        .or_else(|| computed::<DurationMicrosecondType>(array, |value| value as f64 / 1e6))
        .or_else(|| computed::<DurationNanosecondType>(array, |value| value as f64 / 1e9))
}

fn coded(array: &dyn Array) -> Option<Cells<'_>> {
    let dictionary = array.as_any_dictionary_opt()?;
    let values = dictionary.values();
    if values.is_empty() {
        return Some(Cells::Missing);
    }
    let values = cells_of(values);
    Some(Cells::Coded(dictionary.normalized_keys(), Box::new(values)))
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<Cells<'_>>
where
    T::Native: Into<i128>,
{
    let array = array.as_primitive_opt::<T>()?;
    Some(Cells::Whole(Box::new(move |row| array.value(row).into())))
}

fn computed<T: ArrowPrimitiveType>(
    array: &dyn Array,
    number: impl Fn(T::Native) -> f64 + 'static,
) -> Option<Cells<'_>> {
    let array = array.as_primitive_opt::<T>()?;
    Some(Cells::Computed(Box::new(move |row| {
        number(array.value(row))
    })))
}

/// Reads decimals, as DuckDB takes `0.9`. Those of up to 15 digits become the number that their text gives, since both
/// parts of the quotient are exact (Clinger 1990).
fn decimals(array: &dyn Array) -> Option<Cells<'_>> {
    let array = array.as_primitive_opt::<Decimal128Type>()?;
    let unit = 10_f64.powi(i32::from(array.scale()));
    Some(Cells::Computed(Box::new(move |row| {
        array.value(row) as f64 / unit
    })))
}

fn time<T: ArrowPrimitiveType>(
    array: &dyn Array,
    units: i64,
    utc: Option<bool>,
    value: impl Fn(T::Native) -> i64 + 'static,
) -> Option<Cells<'_>> {
    let array: &PrimitiveArray<T> = array.as_primitive_opt::<T>()?;
    Some(Cells::Time(Time {
        value: Box::new(move |row| value(array.value(row))),
        units,
        utc,
    }))
}

fn stamps<T: ArrowTimestampType>(array: &dyn Array, units: i64) -> Option<Cells<'_>> {
    let stamps = array.as_primitive_opt::<T>()?;
    time::<T>(array, units, Some(stamps.timezone().is_some()), |value| {
        value
    })
}

impl ColumnCells<'_> {
    fn is_missing(&self, row: usize) -> bool {
        self.array.is_null(row)
    }

    /// Returns the text of a cell; `None` for one of a type that has none.
    fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.is_missing(row) {
            return Some(Cow::Borrowed(""));
        }
        Some(match &self.cells {
            Cells::Missing => Cow::Borrowed(""),
            Cells::Flags(flags) => Cow::Borrowed(if flags.value(row) { "true" } else { "false" }),
            Cells::Whole(whole) => Cow::Owned(whole(row).to_string()),
            Cells::Short(numbers) => {
                let number = numbers.value(row);
                missing_if(number.is_nan(), number.to_string())
            }
            Cells::Real(numbers) => {
                let number = numbers.value(row);
                missing_if(number.is_nan(), number.to_string())
            }
            Cells::Computed(number) => {
                let number = number(row);
                missing_if(number.is_nan(), number.to_string())
            }
            Cells::Text(texts) => Cow::Borrowed(texts.value(row)),
            Cells::LargeText(texts) => Cow::Borrowed(texts.value(row)),
            Cells::ViewedText(texts) => Cow::Borrowed(texts.value(row)),
            Cells::Time(time) => Cow::Owned(time_text((time.value)(row), time.units, time.utc)?),
            Cells::Coded(keys, values) => return values.text(keys[row]),
            Cells::Other => return None,
        })
    }

    /// Returns the number in a cell, or its text.
    fn number(&self, row: usize) -> Option<Number<'_>> {
        if self.is_missing(row) {
            return Some(Number::Missing);
        }
        let number = match &self.cells {
            Cells::Missing => return Some(Number::Missing),
            Cells::Whole(whole) => whole(row) as f64,
            Cells::Short(numbers) => numbers.value(row).into(),
            Cells::Real(numbers) => numbers.value(row),
            Cells::Computed(number) => number(row),
            Cells::Text(texts) => return Some(Number::Text(texts.value(row))),
            Cells::LargeText(texts) => return Some(Number::Text(texts.value(row))),
            Cells::ViewedText(texts) => return Some(Number::Text(texts.value(row))),
            Cells::Coded(keys, values) => return values.number(keys[row]),
            Cells::Flags(_) | Cells::Time(_) | Cells::Other => return None,
        };
        Some(if number.is_nan() {
            Number::Missing
        } else {
            Number::Known(number)
        })
    }
}

enum Number<'a> {
    Missing,
    Known(f64),
    Text(&'a str),
}

/// A row of a batch.
pub(crate) struct ArrowRow<'a> {
    pub(crate) columns: &'a [ColumnCells<'a>],
    pub(crate) header: &'a [String],
    pub(crate) row: usize,
    /// The number of the row in the table, from 1.
    pub(crate) number: u64,
}

impl ArrowRow<'_> {
    fn invalid(&self, what: &str, column: usize) -> Error {
        Error::InvalidRow {
            row: self.number,
            what: what.into(),
            found: format!(
                "{} in {:?}",
                self.columns[column].array.data_type(),
                self.header[column]
            ),
        }
    }
}

impl Row for ArrowRow<'_> {
    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        let text = self.columns[column].text(self.row);
        text.ok_or_else(|| self.invalid("expected text, a number, a flag or a time", column))
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        match self.columns[column].number(self.row) {
            Some(Number::Known(number)) => Ok(Some(number)),
            Some(Number::Missing) => Ok(None),
            Some(Number::Text(text)) => read_number(text, self.number),
            None => Err(self.invalid("expected a number", column)),
        }
    }
}
