//! Pages that show a training, an evaluation or an audit: one HTML file each, with pictures and charts inside and nothing outside.

mod audit_page;
mod charts;
mod scores_page;
mod template;
mod thumbnails;

pub use audit_page::audit_html;
pub use scores_page::{evaluation_html, training_html};
