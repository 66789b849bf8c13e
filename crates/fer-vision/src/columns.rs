//! Types of the columns of tables of faces.

/// The type of a column's values, any of which may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// Text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number, of 64 bits where the format has several sizes.
    Integer,
    /// A number of 32 bits, such as a probability.
    Float,
    /// A number of 64 bits, such as a time.
    Double,
}
