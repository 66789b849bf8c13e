//! Tables of faces, whatever holds them.

use std::num::NonZeroUsize;

use crate::Result;
use crate::row::{Columns, Record, Row, RowVisitor, Rows};
use crate::selection::Selection;

/// A table of faces.
pub trait FaceTable: Sized {
    /// Passes the rows, in order, to the visitor that `start` makes from the names of the columns.
    ///
    /// # Errors
    /// Those of the table, of `start` and of the visitor.
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V>;

    /// Passes the rows to one or more visitors that `start` makes, on at most `threads` threads: each row to one of them,
    /// in any order. Numbers of rows may count from any row; those in errors count from the first.
    ///
    /// # Errors
    /// Those of [`Self::visit`]; of several, that of the row that comes first.
    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let _ = threads;
        Ok(vec![self.visit(start)?])
    }

    /// Passes the face of each row that `columns` lets through to `keep`, in order.
    ///
    /// # Errors
    /// [`crate::Error::Columns`] for a table without the columns or with one twice, [`crate::Error::InvalidRow`] with the number of the
    /// row, and those of `keep`.
    fn read(
        self,
        columns: &Columns,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<Rows> {
        let reader = self.visit(|header| {
            let selection = Selection::new(header, columns)?;
            Ok(Reader { selection, keep })
        })?;
        Ok(reader.selection.finish())
    }
}

struct Reader<'a> {
    selection: Selection,
    keep: &'a mut dyn FnMut(&Record<'_>) -> Result<()>,
}

impl RowVisitor for Reader<'_> {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        self.selection.take(number, row, self.keep)
    }
}
