//! The network's numbers: against PyTorch, against finite differences, and against the inference kernels.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use fer_core::{EmotionNet, ModelConfig, Weights};
use fer_kernels::candle::max_pool2x2;
use fer_kernels::{InferencePlan, InstructionSet, Slot, Threads};
use serde::Deserialize;

use crate::{noise, noisy_weights, small_config};

const FACES: usize = 3;
const MOMENTUM: f32 = 0.1;

#[derive(Deserialize)]
struct Golden {
    inference_logits: Vec<f64>,
    training_logits: Vec<f64>,
    loss: f64,
    gradients: BTreeMap<String, Vec<f64>>,
    statistics: BTreeMap<String, Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../data/network/golden.json")).unwrap()
}

fn net(weights: &Weights, dtype: DType) -> EmotionNet {
    EmotionNet::with_dtype(&small_config(), weights, dtype, &Device::Cpu).unwrap()
}

fn faces(dtype: DType) -> Tensor {
    let side = small_config().input_size;
    let pixels = noise(1_000_000, FACES * side * side);
    let faces = Tensor::from_vec(pixels, (FACES, side, side, 1), &Device::Cpu);
    faces.unwrap().to_dtype(dtype).unwrap()
}

/// Mean cross-entropy against targets of 0.7 for the face's own class and 0.1 for each other.
fn loss(logits: &Tensor) -> Tensor {
    let targets: Vec<f64> = (0..FACES * 4)
        .map(|i| if i / 4 == i % 4 { 0.7 } else { 0.1 })
        .collect();
    let targets = Tensor::from_vec(targets, (FACES, 4), &Device::Cpu).unwrap();
    let targets = targets.to_dtype(logits.dtype()).unwrap();
    let largest = logits.max_keepdim(1).unwrap();
    let shifted = logits.broadcast_sub(&largest).unwrap();
    let total = shifted.exp().unwrap().sum_keepdim(1).unwrap();
    let log_p = shifted.broadcast_sub(&total.log().unwrap()).unwrap();
    let sum = targets.mul(&log_p).unwrap().sum_all().unwrap();
    (sum * (-1.0 / FACES as f64)).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().unwrap().to_dtype(DType::F64).unwrap();
    flat.to_vec1().unwrap()
}

/// Largest difference relative to the largest expected value.
fn distance(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-12, |s: f64, v| s.max(v.abs()));
    let differences = found.iter().zip(expected).map(|(f, e)| (f - e).abs());
    differences.fold(0.0, f64::max) / scale
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    let distance = distance(found, expected);
    assert!(distance <= tolerance, "{what}: off by {distance:e}");
}

/// Tolerances of logits and of gradients: f64 is the algebra, f32 the arithmetic that trains.
const PRECISIONS: [(DType, f64, f64); 2] = [(DType::F64, 1e-6, 1e-6), (DType::F32, 1e-5, 1e-3)];

#[test]
fn agrees_with_pytorch() {
    let golden = golden();
    let config = small_config();
    let spec = config.network_spec().unwrap();
    for (dtype, logit_tolerance, gradient_tolerance) in PRECISIONS {
        let net = net(&noisy_weights(&config), dtype);
        let inference = net.forward(&faces(dtype)).unwrap();
        assert_close(
            "inference logits",
            &values(&inference),
            &golden.inference_logits,
            logit_tolerance,
        );

        let logits = net.forward_train(&faces(dtype), MOMENTUM, None).unwrap();
        assert_close(
            "training logits",
            &values(&logits),
            &golden.training_logits,
            logit_tolerance,
        );
        let loss = loss(&logits);
        assert_close("loss", &values(&loss), &[golden.loss], logit_tolerance);

        let gradients = loss.backward().unwrap();
        for (slot, variable) in spec.parameters().iter().zip(net.variables()) {
            let found = values(gradients.get(&variable).unwrap());
            assert_close(
                &slot.name,
                &found,
                &golden.gradients[&slot.name],
                gradient_tolerance,
            );
        }

        let statistics = net.weights().unwrap().statistics;
        for Slot { name, range, .. } in spec.statistics() {
            let found: Vec<f64> = statistics[range].iter().map(|&v| f64::from(v)).collect();
            assert_close(&name, &found, &golden.statistics[&name], 1e-5);
        }
    }
}

#[test]
fn training_does_not_depend_on_the_threads_it_is_given() {
    let weights = noisy_weights(&small_config());
    let trained = |threads: Threads| {
        let net = net(&weights, DType::F32).with_threads(threads);
        let logits = net.forward_train(&faces(DType::F32), MOMENTUM, None);
        (values(&logits.unwrap()), net.weights().unwrap())
    };
    assert_eq!(
        trained(Threads::single()),
        trained(Threads::new(3).unwrap())
    );
}

#[test]
fn gradients_are_finite_differences() {
    const STEP: f32 = 1.0 / 65536.0;
    let config = small_config();
    let weights = noisy_weights(&config);
    let loss_at = |weights: &Weights| {
        let net = net(weights, DType::F64);
        loss(
            &net.forward_train(&faces(DType::F64), MOMENTUM, None)
                .unwrap(),
        )
    };
    let at = net(&weights, DType::F64);
    let loss = loss(
        &at.forward_train(&faces(DType::F64), MOMENTUM, None)
            .unwrap(),
    );
    let gradients = loss.backward().unwrap();
    let spec = config.network_spec().unwrap();
    for (slot, variable) in spec.parameters().iter().zip(at.variables()) {
        let gradient = values(gradients.get(&variable).unwrap());
        // The first element of each tensor and one from its middle.
        for index in [0, gradient.len() / 2] {
            let moved = |step: f32| {
                let mut moved = weights.clone();
                moved.parameters[slot.range.start + index] += step;
                (
                    moved.parameters[slot.range.start + index],
                    values(&loss_at(&moved))[0],
                )
            };
            let ((x0, y0), (x1, y1)) = (moved(-STEP), moved(STEP));
            let slope = (y1 - y0) / f64::from(x1 - x0);
            let error = (slope - gradient[index]).abs();
            assert!(
                error < 2e-5,
                "{}[{index}]: {slope} and {}",
                slot.name,
                gradient[index]
            );
        }
    }
}

#[test]
fn agrees_with_the_inference_kernels() {
    for config in [
        small_config(),
        ModelConfig {
            input_size: 48,
            channels: vec![16, 32, 48],
            blocks_per_stage: 2,
        },
    ] {
        let spec = config.network_spec().unwrap();
        let mut weights = noisy_weights(&config);
        for (value, noise) in weights
            .statistics
            .iter_mut()
            .zip(noise(5, spec.statistics_count()))
        {
            *value += 0.5 * noise;
        }
        let side = config.input_size;
        let input = noise(1_000_000, FACES * side * side);
        let tensor = Tensor::from_slice(&input, (FACES, side, side, 1), &Device::Cpu).unwrap();
        let net = EmotionNet::new(&config, &weights, &Device::Cpu).unwrap();
        let expected = values(&net.forward(&tensor).unwrap());

        let Weights {
            parameters,
            statistics,
        } = &weights;
        let plan =
            InferencePlan::new(&spec, parameters, statistics, InstructionSet::best()).unwrap();
        let mut logits = vec![0.0; FACES * spec.classes];
        plan.logits(&input, &mut logits, &Threads::new(1).unwrap())
            .unwrap();
        let found: Vec<f64> = logits.into_iter().map(f64::from).collect();
        assert_close("logits", &found, &expected, 1e-4);
    }
}

/// Candle 0.11.1's own `max_pool2d` hands 0.25 of the gradient to the maximum of a 2x2 window.
#[test]
fn the_whole_gradient_of_a_pool_goes_to_its_maximum() {
    let map =
        candle_core::Var::from_slice(&[1f32, 2.0, 3.0, 4.0], (1, 2, 2, 1), &Device::Cpu).unwrap();
    let pooled = max_pool2x2(&map).unwrap();
    assert_eq!(values(&pooled), [4.0]);
    let gradients = pooled.sum_all().unwrap().backward().unwrap();
    assert_eq!(values(gradients.get(&map).unwrap()), [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn dropout_multiplies_features() {
    let config = small_config();
    let net = net(&noisy_weights(&config), DType::F32);
    let none = Tensor::zeros((FACES, 8), DType::F32, &Device::Cpu).unwrap();
    let logits = net
        .forward_train(&faces(DType::F32), MOMENTUM, Some(&none))
        .unwrap();
    let bias = values(net.variables().last().unwrap());
    for row in values(&logits).chunks(4) {
        assert_close("the bias alone", row, &bias, 1e-6);
    }
}

#[test]
fn inputs_of_a_wrong_shape_are_errors() {
    let config = small_config();
    let net = net(&noisy_weights(&config), DType::F32);
    for shape in [vec![10, 10, 1], vec![1, 10, 10, 2]] {
        let input = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert_eq!(
            net.forward(&input).unwrap_err().kind(),
            fer_core::ErrorKind::Compute
        );
    }
}
