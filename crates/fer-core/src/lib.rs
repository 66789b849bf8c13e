//! fer-core
