//! The context that passes over a batch run in.

use crate::Threads;
use crate::buffer::ScratchPool;
use crate::cpu::Cpu;

/// The context of one pass over a batch.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) cpu: Cpu,
    pub(crate) threads: &'a Threads,
    pub(crate) scratch_pool: &'a ScratchPool,
    /// Images in the batch.
    pub(crate) images: usize,
    /// `true` to begin with the last images: those that the pass before came to last are still in the cache.
    pub(crate) backwards: bool,
}

impl Context<'_> {
    /// Runs tasks that are independent of one another, each on one thread.
    pub(crate) fn run<T: Send>(&self, tasks: impl Iterator<Item = T>, body: impl Fn(T) + Sync) {
        let mut tasks: Vec<T> = tasks.collect();
        if self.backwards {
            tasks.reverse();
        }
        self.threads.for_each(tasks, body);
    }
}

/// The resources that all passes of a plan share.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) cpu: Cpu,
    pub(crate) threads: Threads,
    pub(crate) scratch_pool: ScratchPool,
}

impl Runtime {
    /// The context of a step's `pass`, counted from 0: every other one walks the batch backwards.
    pub(crate) fn context(&self, images: usize, pass: usize) -> Context<'_> {
        Context {
            cpu: self.cpu,
            threads: &self.threads,
            scratch_pool: &self.scratch_pool,
            images,
            backwards: pass % 2 == 1,
        }
    }
}
