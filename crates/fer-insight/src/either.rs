//! Tables of one kind or another.

use std::num::NonZeroUsize;

use crate::Result;
use crate::row::RowVisitor;
use crate::table::FaceTable;

/// A table of faces that is of one of two kinds.
#[derive(Debug)]
pub enum EitherTable<A, B> {
    /// A table of the first kind.
    First(A),
    /// A table of the second kind.
    Second(B),
}

impl<A: FaceTable, B: FaceTable> FaceTable for EitherTable<A, B> {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        match self {
            Self::First(table) => table.visit(start),
            Self::Second(table) => table.visit(start),
        }
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        match self {
            Self::First(table) => table.visit_in_parts(threads, start),
            Self::Second(table) => table.visit_in_parts(threads, start),
        }
    }
}
