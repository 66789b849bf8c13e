//! `fer train`: a folder of labeled images to a run folder.

mod observer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fer_kit::{TrainRequest, train};
use fer_train::{Ending, RunDirectory, TrainingRun};
use serde_json::{Map, Value};

use crate::args::TrainArgs;
use crate::progress::say;
use crate::terminal;
use crate::{Error, Result, Status};
use observer::Terminal;

pub(crate) fn run(args: &TrainArgs, quiet: bool) -> Result<Status> {
    let request = request(args)?;
    if args.print_config {
        terminal::print(request.settings()?.to_toml()?.trim_end())?;
        return Ok(Status::Success);
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // Where no handler can be set, Ctrl-C ends the process, and the last checkpoint serves the resume.
    let handler = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    if let Err(error) = handler {
        say(format_args!(
            "warning: Ctrl-C will stop without a checkpoint: {error}"
        ));
    }
    let run = train(&request, &mut Terminal::new(interrupted, quiet))?;
    conclude(&run, &request.data)
}

fn request(args: &TrainArgs) -> Result<TrainRequest> {
    let mut options = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    set("epochs", args.epochs.map(Value::from));
    set("batch_size", args.batch_size.map(Value::from));
    set("seed", args.seed.map(Value::from));
    set("votes", section(&[("file", &args.votes)])?);
    set(
        "extra",
        section(&[("folder", &args.extra), ("votes", &args.extra_votes)])?,
    );
    let mut start = section(&[("model", &args.from)])?;
    if let (Some(start), Some(stages)) = (&mut start, args.freeze) {
        start["freeze"] = Value::from(stages);
    }
    set("start", start);
    set(
        "remove_copies",
        args.keep_copies.then_some(Value::Bool(false)),
    );
    Ok(TrainRequest {
        data: args.data.clone().unwrap_or_default(),
        out: args.out.clone().unwrap_or_default(),
        config: args.config.clone(),
        options,
        resume: args.resume,
        ignore_unknown: args.ignore_unknown,
        device: args.device,
        threads: args.threads,
    })
}

/// Returns a section of settings that are paths, of those that are given.
fn section(paths: &[(&str, &Option<PathBuf>)]) -> Result<Option<Value>> {
    let mut section = Map::new();
    for (name, path) in paths {
        if let Some(path) = path {
            let text = path
                .to_str()
                .ok_or_else(|| Error::NotUnicode { path: path.clone() })?;
            section.insert((*name).to_owned(), Value::from(text));
        }
    }
    Ok((!section.is_empty()).then_some(Value::Object(section)))
}

/// Prints the results and the next command.
fn conclude(run: &TrainingRun, data: &Path) -> Result<Status> {
    let directory = run.directory.display();
    if run.ending == Ending::Interrupted {
        say(format_args!(
            "stopped; the same command with --resume continues {directory}"
        ));
        return Ok(Status::Failure);
    }
    let mut table = terminal::table(&["result", "value"]);
    if let Some(best) = run.best() {
        table.add_row([
            "best epoch".to_owned(),
            format!("{} of {}", best.epoch, run.config.epochs),
        ]);
        table.add_row([
            "validation accuracy".to_owned(),
            format!("{:.4}", best.validation.accuracy),
        ]);
        table.add_row([
            "validation balanced accuracy".to_owned(),
            format!("{:.4}", best.validation.balanced_accuracy),
        ]);
    }
    if let Some(gain) = &run.gain {
        table.add_row([
            "against the start".to_owned(),
            format!(
                "{:.4} was {:.4}: {} images gained, {} lost, p = {:.2}",
                gain.after, gain.before, gain.gained, gain.lost, gain.p_value
            ),
        ]);
    }
    table.add_row(["model".to_owned(), run.model.display().to_string()]);
    table.add_row([
        "report".to_owned(),
        RunDirectory::at(&run.directory)
            .report_html()
            .display()
            .to_string(),
    ]);
    terminal::print_table(&table)?;
    terminal::print(format_args!(
        "evaluate with: fer evaluate {} --model {}",
        terminal::quoted(&data.join("test")),
        terminal::quoted(&run.directory)
    ))?;
    Ok(Status::Success)
}
