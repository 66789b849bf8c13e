//! The network on the CPU, on the kernels of `fer-kernels`.

use fer_core::Weights;
use fer_kernels::{Batch, InferencePlan, InstructionSet, NetworkSpec, Threads, TrainPlan};

use super::Network;
use crate::batches::TrainingBatch;
use crate::error::Result;

pub(super) struct KernelNetwork {
    spec: NetworkSpec,
    plan: TrainPlan,
    set: InstructionSet,
    threads: Threads,
}

impl KernelNetwork {
    pub(super) fn new(spec: &NetworkSpec, max_batch: usize, threads: &Threads) -> Result<Self> {
        let set = InstructionSet::best();
        let plan = TrainPlan::new(spec, max_batch, set, threads.clone())?;
        Ok(Self {
            spec: spec.clone(),
            plan,
            set,
            threads: threads.clone(),
        })
    }
}

impl Network for KernelNetwork {
    fn gradients(
        &mut self,
        weights: &mut Weights,
        momentum: f32,
        batch: &TrainingBatch,
        gradients: &mut [f32],
    ) -> Result<f32> {
        let batch = Batch {
            input: &batch.input,
            targets: &batch.targets,
            dropout: batch.dropout.as_deref(),
        };
        let loss = self.plan.step(
            &weights.parameters,
            &mut weights.statistics,
            momentum,
            &batch,
        )?;
        gradients.copy_from_slice(self.plan.gradients());
        Ok(loss)
    }

    fn logits(&mut self, weights: &Weights, input: &[f32]) -> Result<Vec<f32>> {
        let plan = InferencePlan::new(
            &self.spec,
            &weights.parameters,
            &weights.statistics,
            self.set,
        )?;
        let faces = input.len() / self.spec.input_len();
        let mut logits = vec![0.0; faces * self.spec.classes];
        plan.logits(input, &mut logits, &self.threads)?;
        Ok(logits)
    }
}
