//! One call's share of a run: epochs, validation, checkpoints.

use std::time::{Duration, Instant};

use fer_core::Weights;
use fer_kernels::Threads;

use super::resume::StartingPoint;
use super::validation::Validation;
use super::{TrainOptions, finish};
use crate::batches::{Batches, TrainingBatch};
use crate::checkpoint::{self, Best, RunState};
use crate::config::{Monitor, TrainConfig};
use crate::data::TrainingData;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::logits::Logits;
use crate::progress::{
    EpochMetrics, EpochSeconds, Observer, RunStart, StepProgress, ValidationMetrics,
};
use crate::run_directory::RunDirectory;
use crate::training_run::{Ending, TrainingRun};

/// A run in the making.
pub(super) struct Session<'a> {
    run: &'a RunDirectory,
    config: &'a TrainConfig,
    options: &'a TrainOptions,
    data: &'a TrainingData,
    batches: Batches<'a>,
    validation: Validation<'a>,
    engine: Engine,
    position: RunState,
    history: Vec<EpochMetrics>,
    parameters: usize,
    threads: Threads,
    last_checkpoint: Instant,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        run: &'a RunDirectory,
        config: &'a TrainConfig,
        options: &'a TrainOptions,
        data: &'a TrainingData,
        weights: Weights,
        place: StartingPoint,
        threads: &Threads,
    ) -> Result<Self> {
        let spec = config.training_spec()?;
        let max_batch = config.batch_size.min(data.examples.len());
        let mut engine = Engine::new(options.device, config, weights, max_batch, threads)?
            .with_logit_shift(data.logit_shift);
        if let Some(state) = place.state {
            engine.restore(state)?;
        }
        let batches = Batches::new(
            &data.train,
            &data.examples,
            &data.teachers,
            config,
            &spec,
            threads,
        );
        refuse_beyond_end(run, &place.position, config.epochs, batches.steps())?;
        Ok(Self {
            run,
            config,
            options,
            data,
            batches,
            validation: Validation::new(&data.validation, &data.labels),
            engine,
            position: place.position,
            history: place.history,
            parameters: spec.parameter_count(),
            threads: threads.clone(),
            last_checkpoint: Instant::now(),
        })
    }

    /// Trains until the run is complete or the observer asks to stop.
    pub(super) fn run(mut self, observer: &mut dyn Observer) -> Result<TrainingRun> {
        observer.started(&self.start());
        let ending = loop {
            if self.position.epoch == self.config.epochs {
                break Ending::Completed;
            }
            if self.has_stopped_improving() {
                break Ending::EarlyStopped;
            }
            if !self.train_epoch(observer)? {
                break Ending::Interrupted;
            }
        };
        let run = TrainingRun {
            directory: self.run.path().to_owned(),
            model: self.run.best(),
            ending,
            config: self.config.clone(),
            data: self.data.summary.clone(),
            best_epoch: self.position.best.map(|best| best.epoch),
            history: self.history,
            gain: None,
        };
        Ok(run)
    }

    fn start(&self) -> RunStart<'_> {
        RunStart {
            directory: self.run.path(),
            data: &self.data.summary,
            parameters: self.parameters,
            epochs: self.config.epochs,
            completed_epochs: self.position.epoch,
            steps_per_epoch: self.batches.steps(),
            threads: self.threads.count(),
        }
    }

    fn has_stopped_improving(&self) -> bool {
        let patience = self.config.early_stopping;
        let best = self.position.best.map_or(0, |best| best.epoch);
        patience > 0 && self.position.epoch >= best + patience
    }

    /// Trains and validates one epoch, from wherever the run stands in it; `false` if the observer stopped it.
    fn train_epoch(&mut self, observer: &mut dyn Observer) -> Result<bool> {
        let began = Instant::now();
        let mut pace = Pace::default();
        let mut stopped = false;
        // The batches are lent to the loop, which changes the rest of the session.
        let batches = self.batches.clone();
        batches.for_each(
            self.position.epoch + 1,
            self.position.step,
            |step, batch, wait| {
                let began = Instant::now();
                self.train_step(step, &batch)?;
                pace.add(batch.len(), wait, began.elapsed());
                observer.step(&self.progress(&pace));
                stopped = observer.should_stop();
                if stopped || self.last_checkpoint.elapsed() >= self.options.checkpoint_every {
                    self.write_checkpoint()?;
                }
                Ok(!stopped)
            },
        )?;
        if stopped {
            return Ok(false);
        }

        let validation_began = Instant::now();
        let logits = self.validation.logits(&mut self.engine)?;
        let seconds = EpochSeconds {
            total: began.elapsed().as_secs_f64(),
            wait: pace.wait.as_secs_f64(),
            step: pace.step.as_secs_f64(),
            validation: validation_began.elapsed().as_secs_f64(),
        };
        self.complete_epoch(&logits, pace.images_per_second(), seconds)?;
        if let Some(epoch) = self.history.last() {
            observer.epoch(epoch);
        }
        Ok(true)
    }

    fn train_step(&mut self, step: usize, batch: &TrainingBatch) -> Result<()> {
        let learning_rate = self.learning_rate(step);
        let loss = self.engine.step(batch, learning_rate)?;
        if !loss.is_finite() {
            return Err(Error::Diverged {
                epoch: self.position.epoch + 1,
                step: step + 1,
                loss,
            });
        }
        self.position.loss_sum += f64::from(loss);
        self.position.step = step + 1;
        Ok(())
    }

    /// The learning rate of a step of the current epoch.
    fn learning_rate(&self, step: usize) -> f64 {
        let steps = self.batches.steps();
        let (at, total) = (
            self.position.epoch * steps + step,
            self.config.epochs * steps,
        );
        self.config
            .schedule
            .learning_rate(self.config.learning_rate, self.config.warmup, at, total)
    }

    fn progress(&self, pace: &Pace) -> StepProgress {
        let RunState {
            epoch,
            step,
            loss_sum,
            ..
        } = self.position;
        let steps = self.batches.steps();
        let steps_left = (self.config.epochs - epoch) * steps - step;
        StepProgress {
            epoch: epoch + 1,
            step,
            steps_per_epoch: steps,
            loss: loss_sum / step as f64,
            learning_rate: self.learning_rate(step - 1),
            images_per_second: pace.images_per_second(),
            seconds_left: steps_left as f64 * pace.seconds_a_step(),
        }
    }

    /// Writes down an epoch: metrics, the model if it is the best, and last the checkpoint, which makes it final.
    fn complete_epoch(
        &mut self,
        logits: &[Logits],
        images_per_second: f64,
        seconds: EpochSeconds,
    ) -> Result<()> {
        let steps = self.batches.steps();
        let epoch = self.position.epoch + 1;
        let of_dataset = self.data.labels_of_dataset;
        let extra = of_dataset..logits.len();
        let chosen_by = self.validation.metrics(logits, 0..logits.len());
        let validation = self.validation.metrics(logits, 0..of_dataset);
        self.history.push(EpochMetrics {
            epoch,
            train_loss: self.position.loss_sum / steps as f64,
            learning_rate: self.learning_rate(steps - 1),
            extra_validation: (!extra.is_empty()).then(|| self.validation.metrics(logits, extra)),
            validation,
            images_per_second,
            seconds,
        });
        self.run.write_history(&self.history)?;
        let candidate = Best {
            epoch,
            score: monitored(self.config.monitor, &chosen_by),
            loss: chosen_by.loss,
        };
        if self.position.best.is_none_or(|best| candidate.beats(&best)) {
            let provenance = finish::provenance(self.config, self.data, epoch, &validation);
            let weights = self.engine.average();
            let other = finish::other_outputs(self.data, &self.validation, &mut self.engine)?;
            finish::write_best(
                self.run,
                self.config,
                self.data,
                weights,
                &logits[..of_dataset],
                other,
                provenance,
            )?;
            self.position.best = Some(candidate);
        }
        self.position.epoch = epoch;
        self.position.step = 0;
        self.position.loss_sum = 0.0;
        self.write_checkpoint()
    }

    fn write_checkpoint(&mut self) -> Result<()> {
        checkpoint::save(&self.run.last(), &self.position, &self.engine.state())?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }
}

/// Refuses a place that no run of so many epochs and steps an epoch comes by: the file was changed.
fn refuse_beyond_end(
    run: &RunDirectory,
    position: &RunState,
    epochs: usize,
    steps: usize,
) -> Result<()> {
    let RunState { epoch, step, .. } = *position;
    let within = (epoch < epochs && step <= steps) || (epoch == epochs && step == 0);
    let has_best = position
        .best
        .map_or(epoch == 0, |best| (1..=epoch).contains(&best.epoch));
    if within && has_best {
        return Ok(());
    }
    Err(Error::Checkpoint {
        path: run.last(),
        reason: format!(
            "it is at epoch {epoch} of {epochs}, step {step} of {steps}, the best epoch being {:?}",
            position.best.map(|best| best.epoch)
        ),
    })
}

/// Times that the parts of an epoch took.
#[derive(Debug, Default)]
struct Pace {
    images: usize,
    steps: usize,
    wait: Duration,
    step: Duration,
}

impl Pace {
    fn add(&mut self, images: usize, wait: Duration, step: Duration) {
        self.images += images;
        self.steps += 1;
        self.wait += wait;
        self.step += step;
    }

    fn seconds(&self) -> f64 {
        (self.wait + self.step).as_secs_f64()
    }

    fn images_per_second(&self) -> f64 {
        if self.steps == 0 {
            0.0
        } else {
            self.images as f64 / self.seconds()
        }
    }

    fn seconds_a_step(&self) -> f64 {
        if self.steps == 0 {
            0.0
        } else {
            self.seconds() / self.steps as f64
        }
    }
}

/// Returns the figure that `monitor` compares between epochs: higher is better.
fn monitored(monitor: Monitor, validation: &ValidationMetrics) -> f64 {
    match monitor {
        Monitor::Accuracy => validation.accuracy,
        Monitor::BalancedAccuracy => validation.balanced_accuracy,
        Monitor::Loss => -validation.loss,
    }
}
