//! Files that a command writes, checked before its work.

use std::path::{Path, PathBuf};

use fer_core::check_targets;

use crate::Result;
use crate::args::Command;
use crate::insight::args::{InsightCommand, StudyArgs};

/// Refuses targets that cannot be written, or would take the place of an input, an image, a folder or each other.
///
/// # Errors
/// Those of [`check_targets`].
pub(crate) fn check(command: &Command) -> Result<()> {
    let (targets, inputs) = match command {
        Command::Evaluate(args) => (
            vec![&args.json, &args.html],
            vec![&args.votes, &args.groups, &args.exclude],
        ),
        Command::Compare(args) => (vec![&args.json], vec![&args.exclude]),
        Command::Audit(args) => (vec![&args.json, &args.html], vec![]),
        Command::Insight(args) => return check_insight(&args.command),
        // These plan their targets, or write new files only.
        Command::Predict(_)
        | Command::Train(_)
        | Command::Info(_)
        | Command::Export(_)
        | Command::Demo(_)
        | Command::Completions { .. } => return Ok(()),
    };
    let models = match command {
        Command::Evaluate(args) => args.model.model.as_slice(),
        Command::Compare(args) => &[args.a.clone(), args.b.clone()],
        _ => &[],
    };
    let models = models.iter().map(Path::new);
    let inputs: Vec<&Path> = given(inputs).chain(models).collect();
    Ok(check_targets(given(targets), &inputs)?)
}

fn check_insight(command: &InsightCommand) -> Result<()> {
    match command {
        InsightCommand::Shares(args) => check_study(
            &args.study,
            vec![&args.units],
            vec![&args.correction.labels],
        ),
        InsightCommand::Compare(args) => {
            check_study(&args.study, vec![], vec![&args.correction.labels])
        }
        InsightCommand::Trend(args) => {
            check_study(&args.study, vec![], vec![&args.correction.labels])
        }
        InsightCommand::Timeline(args) => {
            check_study(&args.study, vec![&args.episodes], vec![&args.markers])
        }
        InsightCommand::Baseline(args) => check_study(&args.study, vec![], vec![]),
        InsightCommand::Relate(args) => check_study(&args.study, vec![], vec![]),
        InsightCommand::Sample(args) => {
            let targets = given(vec![&args.html]).chain([args.out.as_path()]);
            let faces = args.table.faces.as_path();
            let inputs: Vec<&Path> = given(vec![&args.table.join]).chain([faces]).collect();
            Ok(check_targets(targets, &inputs)?)
        }
        InsightCommand::Simulate(args) => {
            let inputs: Vec<&Path> = given(vec![&args.reference]).collect();
            Ok(check_targets([args.out.as_path()], &inputs)?)
        }
        InsightCommand::Reference(args) => {
            Ok(check_targets([args.out.as_path()], &[&args.evaluation])?)
        }
        InsightCommand::Agreement(_) => Ok(()),
    }
}

fn check_study<'a>(
    study: &'a StudyArgs,
    mut targets: Vec<&'a Option<PathBuf>>,
    mut inputs: Vec<&'a Option<PathBuf>>,
) -> Result<()> {
    targets.push(&study.html);
    inputs.extend([&study.table.join, &study.reference]);
    let inputs: Vec<&Path> = given(inputs).chain([study.table.faces.as_path()]).collect();
    Ok(check_targets(given(targets), &inputs)?)
}

/// The paths that were given.
fn given(paths: Vec<&Option<PathBuf>>) -> impl Iterator<Item = &Path> {
    paths.into_iter().flatten().map(PathBuf::as_path)
}
