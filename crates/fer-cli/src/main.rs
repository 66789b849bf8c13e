//! The `fer` command.
fn main() {}
