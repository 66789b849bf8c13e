//! Our side of `peers.py`: a warm process that measures on command.
//!
//! `peer FILE` reads weights and images from a safetensors file, then one command a line from standard input, and answers each
//! with a line of JSON: the seconds of every repetition, or where the values asked for were written. SET is an instruction set, or
//! `best`.
//!
//! ```text
//! infer  SET|candle THREADS BATCH REPEATS        {"seconds": [..], "peak_bytes": ..}
//! train  SET|candle THREADS BATCH REPEATS        {"seconds": [..], "peak_bytes": ..}
//! logits SET|candle THREADS BATCH OUTPUT_FILE    {"written": ".."}      little-endian f32, [BATCH, 4]
//! gradients SET     THREADS BATCH OUTPUT_FILE    {"written": ".."}      laid out as the parameters
//! ```

mod as_is;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{BufRead, Write};
use std::time::Instant;

use fer_kernels::{
    AdamW, AdamWConfig, Batch, BlockSpec, InferencePlan, InstructionSet, NetworkSpec, Threads,
    TrainPlan,
};
use safetensors::SafeTensors;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const CLASSES: usize = 4;
const LEARNING_RATE: f32 = 1e-3;

/// The network that everyone runs: two blocks a stage, each stage ending in a pool.
fn reference() -> NetworkSpec {
    let stage = |channels| {
        [false, true].map(|pool| BlockSpec {
            out_channels: channels,
            pool,
        })
    };
    NetworkSpec {
        height: 48,
        width: 48,
        in_channels: 1,
        blocks: [32, 64, 128, 256].into_iter().flat_map(stage).collect(),
        classes: CLASSES,
    }
}

/// Weights and images, as `peers.py` wrote them.
struct Data {
    spec: NetworkSpec,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    input: Vec<f32>,
    targets: Vec<f32>,
}

impl Data {
    fn read(path: &str) -> Result<Self> {
        let bytes = std::fs::read(path)?;
        let tensors = SafeTensors::deserialize(&bytes)?;
        let values = |name: &str| -> Result<Vec<f32>> {
            let (values, _) = tensors.tensor(name)?.data().as_chunks::<4>();
            Ok(values
                .iter()
                .map(|&value| f32::from_le_bytes(value))
                .collect())
        };
        Ok(Self {
            spec: reference(),
            parameters: values("parameters")?,
            statistics: values("statistics")?,
            input: values("input")?,
            targets: values("targets")?,
        })
    }

    fn input(&self, batch: usize) -> Result<&[f32]> {
        let values = self.input.get(..batch * self.spec.input_len());
        values.ok_or_else(|| format!("there are fewer than {batch} images").into())
    }

    fn batch(&self, batch: usize) -> Result<Batch<'_>> {
        Ok(Batch {
            input: self.input(batch)?,
            targets: &self.targets[..batch * CLASSES],
            dropout: None,
        })
    }
}

/// What a run of training moves.
struct Training {
    plan: TrainPlan,
    optimizer: AdamW,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    threads: Threads,
}

impl Training {
    fn new(data: &Data, set: InstructionSet, threads: &Threads, batch: usize) -> Result<Self> {
        Ok(Self {
            plan: TrainPlan::new(&data.spec, batch, set, threads.clone())?,
            optimizer: AdamW::new(&data.spec, AdamWConfig::default())?,
            parameters: data.parameters.clone(),
            statistics: data.statistics.clone(),
            threads: threads.clone(),
        })
    }

    fn step(&mut self, batch: &Batch<'_>) -> Result<()> {
        let (parameters, statistics) = (&mut self.parameters, &mut self.statistics);
        self.plan.step(parameters, statistics, 0.1, batch)?;
        let gradients = self.plan.gradients();
        self.optimizer
            .step(parameters, gradients, LEARNING_RATE, &self.threads)?;
        Ok(())
    }
}

/// Plans stay warm between commands.
struct Peer {
    data: Data,
    threads: HashMap<usize, Threads>,
    inference: HashMap<String, InferencePlan>,
    training: HashMap<(String, usize, usize), Training>,
}

impl Peer {
    fn threads(&mut self, count: usize) -> Result<Threads> {
        Ok(match self.threads.entry(count) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(Threads::new(count)?).clone(),
        })
    }

    fn plan(&mut self, set: &str) -> Result<&InferencePlan> {
        let Data {
            spec,
            parameters,
            statistics,
            ..
        } = &self.data;
        if !self.inference.contains_key(set) {
            let plan = InferencePlan::new(spec, parameters, statistics, instruction_set(set)?)?;
            self.inference.insert(set.to_owned(), plan);
        }
        Ok(&self.inference[set])
    }

    fn infer(&mut self, set: &str, threads: usize, batch: usize, repeats: usize) -> Result<String> {
        let mut logits = vec![0.0; batch * CLASSES];
        if set == "candle" {
            let net = as_is::Net::new(&self.data, threads)?;
            return times(repeats, || net.logits(self.data.input(batch)?).map(drop));
        }
        let threads = self.threads(threads)?;
        self.plan(set)?;
        let (plan, input) = (&self.inference[set], self.data.input(batch)?);
        times(repeats, || Ok(plan.logits(input, &mut logits, &threads)?))
    }

    fn train(&mut self, set: &str, threads: usize, batch: usize, repeats: usize) -> Result<String> {
        if set == "candle" {
            let net = as_is::Net::new(&self.data, threads)?;
            let batch = self.data.batch(batch)?;
            return times(repeats, || net.gradients(&batch));
        }
        let key = (set.to_owned(), threads, batch);
        if !self.training.contains_key(&key) {
            let threads = self.threads(threads)?;
            let training = Training::new(&self.data, instruction_set(set)?, &threads, batch)?;
            self.training.insert(key.clone(), training);
        }
        let batch = self.data.batch(batch)?;
        match self.training.get_mut(&key) {
            Some(training) => times(repeats, || training.step(&batch)),
            None => Err("the plan is gone".into()),
        }
    }

    fn logits(&mut self, set: &str, threads: usize, batch: usize) -> Result<Vec<f32>> {
        if set == "candle" {
            return as_is::Net::new(&self.data, threads)?.logits(self.data.input(batch)?);
        }
        let threads = self.threads(threads)?;
        self.plan(set)?;
        let mut logits = vec![0.0; batch * CLASSES];
        self.inference[set].logits(self.data.input(batch)?, &mut logits, &threads)?;
        Ok(logits)
    }

    fn gradients(&mut self, set: &str, threads: usize, batch: usize) -> Result<Vec<f32>> {
        let threads = self.threads(threads)?;
        let mut training = Training::new(&self.data, instruction_set(set)?, &threads, batch)?;
        let batch = self.data.batch(batch)?;
        let Training {
            plan,
            parameters,
            statistics,
            ..
        } = &mut training;
        plan.step(parameters, statistics, 0.1, &batch)?;
        Ok(plan.gradients().to_vec())
    }

    fn answer(&mut self, command: &str) -> Result<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let [verb, set, threads, batch, last] = words[..] else {
            return Err(format!("not a command: {command}").into());
        };
        let (threads, batch) = (threads.parse()?, batch.parse()?);
        match verb {
            "infer" => self.infer(set, threads, batch, last.parse()?),
            "train" => self.train(set, threads, batch, last.parse()?),
            "logits" => write(last, &self.logits(set, threads, batch)?),
            "gradients" => write(last, &self.gradients(set, threads, batch)?),
            _ => Err(format!("not a command: {command}").into()),
        }
    }
}

fn instruction_set(name: &str) -> Result<InstructionSet> {
    match name {
        "best" => Ok(InstructionSet::best()),
        name => Ok(name.parse()?),
    }
}

fn write(path: &str, values: &[f32]) -> Result<String> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    std::fs::write(path, bytes)?;
    Ok(format!("{{\"written\": {path:?}}}"))
}

/// Runs something several times and says how long each took.
fn times(repeats: usize, mut run: impl FnMut() -> Result<()>) -> Result<String> {
    let mut seconds = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let began = Instant::now();
        run()?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    Ok(format!(
        "{{\"seconds\": {seconds:?}, \"peak_bytes\": {}}}",
        peak_bytes()
    ))
}

/// The most memory that this process has had resident, 0 where the system does not say.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or("usage: peer FILE")?;
    let mut peer = Peer {
        data: Data::read(&path)?,
        threads: HashMap::new(),
        inference: HashMap::new(),
        training: HashMap::new(),
    };
    for command in std::io::stdin().lock().lines() {
        println!("{}", peer.answer(&command?)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}
