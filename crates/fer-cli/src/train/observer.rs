//! A training as seen from a terminal.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fer_train::{EpochMetrics, Observer, Preparation, RunStart, StepProgress};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::progress::say;

/// Shows a bar an epoch on a terminal and a line an epoch everywhere; stops at Ctrl-C.
pub(super) struct Terminal {
    interrupted: Arc<AtomicBool>,
    quiet: bool,
    bar: ProgressBar,
    epochs: usize,
}

impl Terminal {
    /// Stops the training once `interrupted` is set.
    pub(super) fn new(interrupted: Arc<AtomicBool>, quiet: bool) -> Self {
        Self {
            interrupted,
            quiet,
            bar: ProgressBar::hidden(),
            epochs: 0,
        }
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| say(line));
        }
    }
}

impl Observer for Terminal {
    fn preparing(&mut self, stage: Preparation) {
        self.say(&stage.to_string());
    }

    fn started(&mut self, run: &RunStart<'_>) {
        self.epochs = run.epochs;
        let data = run.data;
        self.say(&format!(
            "training {} parameters on {} images, {} threads{}",
            run.parameters,
            data.trained_on,
            run.threads,
            if run.completed_epochs > 0 {
                format!(", after {} epochs", run.completed_epochs)
            } else {
                String::new()
            },
        ));
        if data.copies_removed > 0 {
            self.say(&format!(
                "left out {} training images that have a copy in validation or test (--keep-copies keeps them)",
                data.copies_removed
            ));
        }
        if let Some(extra) = &data.extra {
            self.say(&format!(
                "of these, {} are extra images; left out {} of them that have a copy in validation or test, and {} without \
                 enough votes",
                extra.trained_on, extra.copies_removed, extra.without_votes
            ));
        }
        let of_extra = data.extra.iter().flat_map(|extra| &extra.unreadable);
        for unreadable in data.unreadable.iter().chain(of_extra) {
            self.say(&format!(
                "cannot read {}: {}",
                unreadable.path.display(),
                unreadable.reason
            ));
        }
        if !self.quiet && io::stderr().is_terminal() {
            self.bar = epoch_bar(run.steps_per_epoch as u64);
        }
    }

    fn step(&mut self, step: &StepProgress) {
        if step.step == 1 {
            self.bar.reset();
            self.bar
                .set_prefix(format!("epoch {}/{}", step.epoch, self.epochs));
        }
        let left = HumanDuration(std::time::Duration::from_secs_f64(
            step.seconds_left.clamp(0.0, 1e9),
        ));
        self.bar.set_position(step.step as u64);
        self.bar.set_message(format!(
            "loss {:.3}, {:.0} images/s, {left} left",
            step.loss, step.images_per_second
        ));
    }

    fn epoch(&mut self, epoch: &EpochMetrics) {
        self.say(&format!(
            "epoch {:>3}/{}  loss {:.4}  validation: accuracy {:.4}, balanced {:.4}, loss {:.4}{}  {:.0} images/s, {:.0} s",
            epoch.epoch,
            self.epochs,
            epoch.train_loss,
            epoch.validation.accuracy,
            epoch.validation.balanced_accuracy,
            epoch.validation.loss,
            epoch.extra_validation.map_or_else(String::new, |extra| format!(
                "; extra: {:.4}, {:.4}",
                extra.accuracy, extra.balanced_accuracy
            )),
            epoch.images_per_second,
            epoch.seconds.total,
        ));
    }

    fn warning(&mut self, message: &str) {
        self.say(&format!("warning: {message}"));
    }

    fn should_stop(&mut self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn epoch_bar(steps: u64) -> ProgressBar {
    let template = "{prefix} {wide_bar:.cyan/dim} {pos}/{len} {msg}";
    // The template is a constant: if it did not parse, the default style would do.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps).with_style(style)
}
