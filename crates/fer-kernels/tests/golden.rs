//! Whole networks against what PyTorch computes in float64 (`golden/make.py`).

#![allow(clippy::unwrap_used, missing_docs)]

use fer_kernels::{
    Batch, BlockSpec, InferencePlan, InstructionSet, NetworkSpec, Threads, TrainPlan,
};
use safetensors::SafeTensors;

const MOMENTUM: f32 = 0.1;

fn spec() -> NetworkSpec {
    let block = |(out_channels, pool)| BlockSpec { out_channels, pool };
    let blocks = [(16, false), (16, true), (32, false), (24, true)]
        .map(block)
        .to_vec();
    NetworkSpec {
        height: 13,
        width: 12,
        in_channels: 1,
        blocks,
        classes: 4,
    }
}

struct Golden(SafeTensors<'static>);

impl Golden {
    fn load() -> Self {
        Self(SafeTensors::deserialize(include_bytes!("golden/network.safetensors")).unwrap())
    }

    fn f32(&self, name: &str) -> Vec<f32> {
        let bytes = self.0.tensor(name).unwrap().data().as_chunks().0;
        bytes
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect()
    }

    fn f64(&self, name: &str) -> Vec<f64> {
        let bytes = self.0.tensor(name).unwrap().data().as_chunks().0;
        bytes
            .iter()
            .map(|&bytes| f64::from_le_bytes(bytes))
            .collect()
    }
}

/// Largest difference relative to the largest magnitude.
fn relative_error(found: &[f32], truth: &[f64]) -> f64 {
    assert_eq!(found.len(), truth.len());
    let scale = truth.iter().fold(0.0f64, |max, v| max.max(v.abs()));
    found.iter().zip(truth).fold(0.0, |max, (f, t)| {
        max.max((f64::from(*f) - t).abs() / scale)
    })
}

#[test]
fn training_agrees_with_pytorch() {
    let (golden, spec) = (Golden::load(), spec());
    let (input, targets, dropout) = (
        golden.f32("input"),
        golden.f32("targets"),
        golden.f32("dropout"),
    );
    let batch = Batch {
        input: &input,
        targets: &targets,
        dropout: Some(&dropout),
    };
    let gradients = golden.f64("gradients");
    for set in InstructionSet::available() {
        let mut plan = TrainPlan::new(&spec, 7, set, Threads::new(2).unwrap()).unwrap();
        let mut statistics: Vec<f32> = spec
            .statistics()
            .iter()
            .flat_map(|slot| {
                vec![if slot.name.ends_with("var") { 1.0 } else { 0.0 }; slot.range.len()]
            })
            .collect();
        let loss = plan
            .step(&golden.f32("parameters"), &mut statistics, MOMENTUM, &batch)
            .unwrap();
        assert!(relative_error(&[loss], &golden.f64("loss")) < 1e-5, "{set}");
        assert!(
            relative_error(plan.logits(), &golden.f64("logits")) < 1e-5,
            "{set}"
        );
        assert!(
            relative_error(&statistics, &golden.f64("statistics")) < 1e-5,
            "{set}"
        );
        for slot in spec.parameters() {
            let error = relative_error(
                &plan.gradients()[slot.range.clone()],
                &gradients[slot.range],
            );
            assert!(error < 1e-4, "{}: {error} with {set}", slot.name);
        }
    }
}
#[test]
fn inference_agrees_with_pytorch() {
    let (golden, spec) = (Golden::load(), spec());
    let statistics: Vec<f32> = golden
        .f64("statistics")
        .into_iter()
        .map(|v| v as f32)
        .collect();
    let truth = golden.f64("inference_logits");
    for set in InstructionSet::available() {
        let plan = InferencePlan::new(&spec, &golden.f32("parameters"), &statistics, set).unwrap();
        let mut logits = vec![0.0; truth.len()];
        plan.logits(&golden.f32("input"), &mut logits, &Threads::new(2).unwrap())
            .unwrap();
        let error = relative_error(&logits, &truth);
        assert!(error < 1e-5, "{error} with {set}");
    }
}
