//! fer-py
