use candle_core::{DType, Device, Result, Tensor, Var};

use super::{BlockOutput, ConvBlock};
use crate::testing::oracle::{self, NetworkResult, noise, relative_error, widen};
use crate::{BlockSpec, InstructionSet, NetworkSpec, Threads};

/// A network of Candle variables, each block one operation.
struct Net {
    spec: NetworkSpec,
    blocks: Vec<(ConvBlock, Var, Var)>,
    head: (Var, Var),
}

fn spec() -> NetworkSpec {
    let block = |(out_channels, pool)| BlockSpec { out_channels, pool };
    NetworkSpec {
        height: 9,
        width: 8,
        in_channels: 1,
        blocks: [(16, false), (12, true), (32, true)].map(block).to_vec(),
        classes: 3,
    }
}

fn var(values: &[f32], shape: impl Into<candle_core::Shape>) -> Result<Var> {
    Var::from_tensor(&Tensor::from_slice(values, shape, &Device::Cpu)?)
}

impl Net {
    fn new(spec: &NetworkSpec, parameters: &[f32], threads: &Threads) -> Result<Self> {
        let slots = spec.parameters();
        let values = |index: usize| &parameters[slots[index].range.clone()];
        let mut blocks = Vec::new();
        for (index, block) in spec.blocks.iter().enumerate() {
            let operation =
                ConvBlock::new(block.pool, InstructionSet::best(), threads.clone()).unwrap();
            let weight = var(values(3 * index), slots[3 * index].shape.as_slice())?;
            let gamma_beta = [values(3 * index + 1), values(3 * index + 2)].concat();
            let gamma_beta = var(&gamma_beta, (2, block.out_channels))?;
            blocks.push((operation, weight, gamma_beta));
        }
        let last = slots.len() - 2;
        let head = (
            var(values(last), slots[last].shape.as_slice())?,
            var(values(last + 1), spec.classes)?,
        );
        Ok(Self {
            spec: spec.clone(),
            blocks,
            head,
        })
    }

    fn variables(&self) -> Vec<&Var> {
        let blocks = self.blocks.iter();
        let blocks = blocks.flat_map(|(_, weight, gamma_beta)| [weight, gamma_beta]);
        blocks.chain([&self.head.0, &self.head.1]).collect()
    }

    fn loss(&self, x: &Tensor, targets: &Tensor) -> Result<(Tensor, Vec<f32>)> {
        let (mut x, mut statistics) = (x.clone(), Vec::new());
        for (block, weight, gamma_beta) in &self.blocks {
            let output: BlockOutput = block.forward(&x, weight, gamma_beta)?;
            x = output.activation;
            statistics.extend(output.statistics.mean.iter());
            statistics.extend(output.statistics.variance.iter());
        }
        let features = x.mean((1, 2))?;
        let logits = features
            .matmul(&self.head.0.t()?)?
            .broadcast_add(&self.head.1)?;
        let log_sum = logits.exp()?.sum_keepdim(1)?.log()?;
        let log_probabilities = logits.broadcast_sub(&log_sum)?;
        let loss = (log_probabilities * targets)?.sum(1)?.mean(0)?.neg()?;
        Ok((loss, statistics))
    }
}

struct Case {
    parameters: Vec<f32>,
    x: Vec<f32>,
    targets: Vec<f32>,
}

const IMAGES: usize = 5;

impl Case {
    fn new(spec: &NetworkSpec) -> Self {
        Self {
            parameters: oracle::parameters(spec, 1),
            x: noise(IMAGES * spec.input_len(), 2),
            targets: noise(IMAGES * spec.classes, 3)
                .iter()
                .map(|v| v.abs())
                .collect(),
        }
    }

    fn tensors(&self, spec: &NetworkSpec) -> Result<(Tensor, Tensor)> {
        let shape = (IMAGES, spec.height, spec.width, spec.in_channels);
        let x = Tensor::from_slice(&self.x, shape, &Device::Cpu)?;
        let targets = Tensor::from_slice(&self.targets, (IMAGES, spec.classes), &Device::Cpu)?;
        Ok((x, targets))
    }

    fn truth(&self, spec: &NetworkSpec) -> NetworkResult {
        let (parameters, x) = (widen(&self.parameters), widen(&self.x));
        oracle::network(spec, &parameters, &x, &widen(&self.targets), None)
    }
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn whole_networks_agree_with_the_oracle() -> Result<()> {
    let spec = spec();
    let case = Case::new(&spec);
    let truth = case.truth(&spec);
    let net = Net::new(&spec, &case.parameters, &Threads::new(2).unwrap())?;
    let (x, targets) = case.tensors(&net.spec)?;
    let (loss, statistics) = net.loss(&x, &targets)?;
    let found = loss.to_scalar::<f32>()?;
    assert!((f64::from(found) - truth.loss).abs() < 1e-5 * truth.loss);
    assert_eq!(statistics.len(), spec.statistics_count());

    // The second pass finds the first one's gradients where the raw outputs were.
    for pass in ["first", "second"] {
        let gradients = loss.backward()?;
        let found = net
            .variables()
            .into_iter()
            .flat_map(|var| flat(gradients.get(var).unwrap()));
        let found: Vec<f32> = found.collect();
        for slot in spec.parameters() {
            let error = relative_error(&found[slot.range.clone()], &truth.gradients[slot.range]);
            assert!(error < 1e-4, "{}: {error} in the {pass} pass", slot.name);
        }
        assert!(gradients.get(&x).is_none());
    }
    Ok(())
}

#[test]
fn inputs_receive_gradients_when_they_are_variables() -> Result<()> {
    let spec = spec();
    let case = Case::new(&spec);
    let net = Net::new(&spec, &case.parameters, &Threads::new(1).unwrap())?;
    let (x, targets) = case.tensors(&spec)?;
    let x = Var::from_tensor(&x)?;
    let gradient = net.loss(&x, &targets)?.0.backward()?.remove(&x).unwrap();
    let gradient = flat(&gradient);
    let direction = noise(gradient.len(), 7);
    let moved = |by: f64| {
        let values = case.x.iter().zip(&direction);
        let values = values.map(|(x, d)| f64::from(*x) + by * f64::from(*d));
        let (parameters, values) = (widen(&case.parameters), values.collect::<Vec<_>>());
        oracle::network(&spec, &parameters, &values, &widen(&case.targets), None).loss
    };
    let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
    let products = gradient.iter().zip(&direction);
    let analytic: f64 = products.map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
    let error = (numeric - analytic).abs();
    assert!(error < 1e-4 * analytic.abs(), "{numeric} {analytic}");
    Ok(())
}

#[test]
fn training_by_candle_learns_and_does_not_depend_on_threads() -> Result<()> {
    let spec = spec();
    let case = Case::new(&spec);
    let (x, targets) = case.tensors(&spec)?;
    let run = |threads: usize| -> Result<Vec<f32>> {
        let net = Net::new(&spec, &case.parameters, &Threads::new(threads).unwrap())?;
        let mut losses = Vec::new();
        for _ in 0..8 {
            let (loss, _) = net.loss(&x, &targets)?;
            let gradients = loss.backward()?;
            for var in net.variables() {
                var.set(&(var.as_tensor() - (gradients.get(var).unwrap() * 0.05)?)?)?;
            }
            losses.push(loss.to_scalar()?);
        }
        Ok(losses)
    };
    let losses = run(1)?;
    assert!(losses[7] < losses[0] * 0.9, "{losses:?}");
    assert_eq!(run(3)?, losses);
    Ok(())
}

#[test]
fn views_are_read_as_they_are_seen() -> Result<()> {
    let block = ConvBlock::new(false, InstructionSet::best(), Threads::new(1).unwrap()).unwrap();
    let x = Tensor::from_slice(&noise(2 * 6 * 5 * 3, 1), (2, 3, 6, 5), &Device::Cpu)?;
    let seen = x.permute((0, 2, 3, 1))?;
    let weight = Tensor::from_slice(&noise(9 * 3 * 4, 2), (4, 3, 3, 3), &Device::Cpu)?;
    let weight = weight.permute((2, 3, 1, 0))?;
    let gamma_beta = Tensor::ones((2, 4), DType::F32, &Device::Cpu)?;
    let found = block.forward(&seen, &weight, &gamma_beta)?;
    let copied = block.forward(
        &seen.force_contiguous()?,
        &weight.force_contiguous()?,
        &gamma_beta,
    )?;
    assert_eq!(flat(&found.activation), flat(&copied.activation));
    assert_eq!(found.statistics, copied.statistics);
    Ok(())
}

#[test]
fn wrong_tensors_are_errors() -> Result<()> {
    let block = ConvBlock::new(true, InstructionSet::best(), Threads::new(1).unwrap()).unwrap();
    let tensor = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu);
    let fails = |x: &Tensor, weight: &[usize], gamma_beta: &[usize]| {
        block
            .forward(x, &tensor(weight).unwrap(), &tensor(gamma_beta).unwrap())
            .is_err()
    };
    let x = tensor(&[1, 4, 4, 2])?;
    assert!(!fails(&x, &[3, 3, 2, 5], &[2, 5]));
    assert!(fails(&x, &[3, 3, 1, 5], &[2, 5]));
    assert!(fails(&x, &[3, 3, 2, 5], &[2, 4]));
    assert!(fails(&x, &[5, 5, 2, 5], &[2, 5]));
    assert!(fails(&tensor(&[1, 1, 4, 2])?, &[3, 3, 2, 5], &[2, 5]));
    assert!(fails(&tensor(&[0, 4, 4, 2])?, &[3, 3, 2, 5], &[2, 5]));
    assert!(fails(&x.to_dtype(DType::F64)?, &[3, 3, 2, 5], &[2, 5]));
    Ok(())
}
