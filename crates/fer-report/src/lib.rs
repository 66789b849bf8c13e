//! Self-contained HTML pages: one file each, with charts and images inside and nothing loaded from elsewhere.
//!
//! A crate that has a page to write keeps the page's own template and data; this crate holds what all pages share.
//!
//! 1. Place figures with [`charts`]: [`LineChart`](charts::LineChart), [`ReliabilityChart`](charts::ReliabilityChart), and
//!    with [`intervals`]: [`IntervalChart`](intervals::IntervalChart).
//! 2. Embed images with [`thumbnail`].
//! 3. Write a template that extends `page.html` (blocks `subtitle`, `content` and `footer`; it uses the variables
//!    `title` and `software`) and draws the charts with the macros of `charts.html`.
//! 4. [`render`] it.
//!
//! ```
//! use fer_report::{charts::LineChart, render, SOFTWARE};
//!
//! #[derive(serde::Serialize)]
//! struct Page { title: &'static str, software: &'static str, chart: LineChart }
//!
//! let template = r#"{% extends "page.html" %}{% import "charts.html" as charts %}
//! {% block content %}{{ charts.lines(chart) }}{% endblock %}"#;
//! let chart = LineChart::by_epoch("Loss", &[("validation", vec![0.9, 0.6, 0.5])], Some(3));
//! let html = render(&[("mine.html", template)], "mine.html", Page { title: "A run", software: SOFTWARE, chart })?;
//! assert!(html.contains("<svg") && html.contains("A run"));
//! # Ok::<(), fer_report::Error>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod charts;
mod error;
pub mod intervals;
mod page;
mod scale;
mod thumbnails;

pub use error::{Error, Result};
pub use page::{SOFTWARE, render};
pub use thumbnails::{thumbnail, thumbnail_of};
