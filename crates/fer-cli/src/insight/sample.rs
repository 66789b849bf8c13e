//! `fer insight sample`.

use std::path::Path;

use fer_insight::{SampleOptions, sample};

use super::args::SampleArgs;
use super::study::{columns, open};
use crate::progress::say;
use crate::{Result, Status, files};

pub(super) fn run(args: &SampleArgs, quiet: bool) -> Result<Status> {
    let options = SampleOptions {
        count: args.count,
        seed: args.seed,
    };
    let columns = columns(&args.table, Vec::new());
    let drawn = sample(open(&args.table)?, &columns, &options)?;
    let sheet = drawn.sheet.to_csv()?;
    // The page first: if no image can be read, there is nothing to label.
    let page = match &args.html {
        Some(html) => {
            let page = fer_kit::make_label_page(&drawn.sheet, &stem(&args.out))?;
            Some((html, page))
        }
        None => None,
    };
    files::write_new_text(&args.out, &sheet)?;
    if let Some((html, page)) = &page {
        files::write_text(html, &page.html)?;
        for (path, error) in &page.unreadable {
            say(format_args!(
                "warning: left out of the page: {}: {}",
                path.display(),
                fer_core::chain(error)
            ));
        }
    }
    if quiet {
        return Ok(Status::Success);
    }
    let faces = drawn.sheet.faces().len();
    let units = if drawn.clustered {
        ", one of each person"
    } else {
        ""
    };
    say(format_args!(
        "{faces} of {} faces drawn{units}",
        drawn.rows.used
    ));
    if drawn.clustered && faces < args.count {
        say(format_args!("the table has no more people than {faces}"));
    }
    if let Some((html, _)) = &page {
        say(format_args!(
            "open {} in a browser to label them",
            html.display()
        ));
    }
    Ok(Status::Success)
}

/// Returns the name of a sheet, which begins the names of the files that its page saves.
fn stem(sheet: &Path) -> String {
    let stem = sheet.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
