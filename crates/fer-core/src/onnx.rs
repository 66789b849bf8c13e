//! The network as an ONNX file, for runtimes that know nothing of this library.

mod graph;
mod protobuf;

use fer_kernels::{BATCH_NORM_EPSILON, NetworkSpec};

use crate::{Model, Normalization, OtherOutputs, Priors, Result};
use graph::{Attribute, Element, Graph};
use protobuf::Message;

/// The version of the file's structure (`IR_VERSION`), and that of the operators: the oldest with all that is used here, so that old
/// runtimes read the file too.
const IR_VERSION: i64 = 8;
const OPERATOR_VERSION: i64 = 17;

/// The attribute of a `Gemm` whose weights are `[outputs, inputs]`.
const TRANSPOSED: (&str, Attribute<'_>) = ("transB", Attribute::Int(1));

const DESCRIPTION: &str = "Apparent expression of faces. Input: gray square crops of one face each, as fer cuts and resizes them. \
Not in the graph: finding and cropping faces, resizing, label sets.";

impl Model {
    /// Returns the model as the content of an ONNX file, with probabilities under `priors`.
    ///
    /// Its input `faces` is `[N, input_size, input_size]` of bytes, as made by
    /// [`Preprocessing::face_bytes`](crate::Preprocessing::face_bytes); normalization, network, temperature and priors are part of
    /// the graph. Its outputs are `logits`, as of [`Classifier::logits`](crate::Classifier::logits), and `probabilities`, both
    /// `[N, classes]` of `f32`; and `other`, `[N]`, the share of people who would see another expression, if the model tells it. The
    /// file's metadata holds labels, preprocessing, priors and all else that the metadata of a model file tells, each as JSON. The
    /// same model gives the same bytes.
    ///
    /// Label sets are not part of the graph, nor are finding, cutting out and resizing faces.
    ///
    /// # Errors
    /// As [`Model::validate`]; [`Error::InvalidPriors`](crate::Error::InvalidPriors) for a custom mix that is no distribution.
    pub fn to_onnx(&self, priors: Priors) -> Result<Vec<u8>> {
        let spec = self.validate()?;
        let mut graph = Graph::default();
        let faces = "faces";
        graph.input(faces, Element::Byte, &[spec.height, spec.width]);
        let input = add_normalization(&mut graph, faces, self.preprocessing.normalization);
        let maps = self.add_blocks(&mut graph, &spec, input);
        let features = self.add_head(&mut graph, &spec, &maps);
        self.add_probabilities(&mut graph, &spec, priors)?;
        if let Some(other) = &self.other {
            add_other(&mut graph, other, &features);
        }

        let operators = Message::default().text(1, "").int(2, OPERATOR_VERSION);
        let file = Message::default()
            .int(1, IR_VERSION)
            .text(2, "fer")
            .text(3, env!("CARGO_PKG_VERSION"))
            .text(6, DESCRIPTION)
            .message(7, &graph.into_message("fer"))
            .message(8, &operators);
        let entries = self.onnx_metadata(priors)?;
        Ok(file.messages(14, &entries).into_bytes())
    }

    /// Adds the blocks, batch norm folded into the convolutions, and returns the name of their maps `[N, C, H, W]`.
    fn add_blocks(&self, graph: &mut Graph, spec: &NetworkSpec, input: String) -> String {
        let (parameters, statistics) = (spec.parameters(), spec.statistics());
        let slots = parameters
            .chunks_exact(3)
            .zip(statistics.chunks_exact(2))
            .zip(&spec.blocks)
            .enumerate();
        let mut maps = input;
        for (index, ((block, running), spec)) in slots {
            let parameter = |slot: usize| &self.weights.parameters[block[slot].range.clone()];
            let statistic = |slot: usize| &self.weights.statistics[running[slot].range.clone()];
            let folded = Folded::new(
                [parameter(0), parameter(1), parameter(2)],
                [statistic(0), statistic(1)],
            );
            let (inputs, outputs) = (block[0].shape[2], block[0].shape[3]);
            let name = |part| format!("blocks.{index}.{part}");
            let weight = graph.floats(&name("weight"), &[outputs, inputs, 3, 3], &folded.weight);
            let bias = graph.floats(&name("bias"), &[outputs], &folded.bias);
            let padding = ("pads", Attribute::Ints(&[1; 4]));
            maps = graph.node("Conv", &[&maps, &weight, &bias], &[padding]);
            maps = graph.node("Relu", &[&maps], &[]);
            if spec.pool {
                let window = ("kernel_shape", Attribute::Ints(&[2, 2]));
                let step = ("strides", Attribute::Ints(&[2, 2]));
                maps = graph.node("MaxPool", &[&maps], &[window, step]);
            }
        }
        maps
    }

    /// Adds the mean over all positions and the linear layer, whose output is `logits`; returns the name of the means, `[N, C]`.
    fn add_head(&self, graph: &mut Graph, spec: &NetworkSpec, maps: &str) -> String {
        let mean = graph.node("GlobalAveragePool", &[maps], &[]);
        let features = graph.node("Flatten", &[&mean], &[]);
        let mut inputs = vec![features.clone()];
        for slot in &spec.parameters()[3 * spec.blocks.len()..] {
            let values = &self.weights.parameters[slot.range.clone()];
            inputs.push(graph.floats(&slot.name, &slot.shape, values));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        graph.node_named("Gemm", &inputs, &[TRANSPOSED], "logits");
        graph.output("logits", Element::Float, &[spec.classes]);
        features
    }

    /// Adds `probabilities`, the softmax of logits over temperature plus the shift of the priors.
    fn add_probabilities(
        &self,
        graph: &mut Graph,
        spec: &NetworkSpec,
        priors: Priors,
    ) -> Result<()> {
        let temperature = [self.calibration.temperature()];
        let temperature = graph.floats("temperature", &[], &temperature);
        let mut scores = graph.node("Div", &["logits", &temperature], &[]);
        if priors != Priors::Natural {
            let shift = priors.logit_shift(&self.class_mix)?;
            let shift = graph.floats("prior_shift", &[shift.len()], &shift);
            scores = graph.node("Add", &[&scores, &shift], &[]);
        }
        let last = ("axis", Attribute::Int(-1));
        graph.node_named("Softmax", &[&scores], &[last], "probabilities");
        graph.output("probabilities", Element::Float, &[spec.classes]);
        Ok(())
    }

    /// The entries of the file's metadata: those of a model file and the priors, each as JSON.
    fn onnx_metadata(&self, priors: Priors) -> Result<Vec<Message>> {
        let mut entries = self.metadata_entries()?;
        entries.insert("priors".into(), priors.to_string().into());
        let entry = |(key, value): (&String, &serde_json::Value)| {
            Message::default().text(1, key).text(2, &value.to_string())
        };
        Ok(entries.iter().map(entry).collect())
    }
}

/// Adds the way from bytes `[N, H, W]` to the network's input `[N, 1, H, W]`, and returns the input's name.
fn add_normalization(graph: &mut Graph, faces: &str, normalization: Normalization) -> String {
    let to_float = ("to", Attribute::Int(Element::Float as i64));
    let numbers = graph.node("Cast", &[faces], &[to_float]);
    let over_pixels = [("axes", Attribute::Ints(&[1, 2]))];
    let (mean, least) = match normalization {
        Normalization::Fixed { mean, std } => (graph.floats("mean", &[], &[mean]), std),
        Normalization::PerImage { min_std } => {
            (graph.node("ReduceMean", &[&numbers], &over_pixels), min_std)
        }
    };
    let mut divisor = graph.floats("least_divisor", &[], &[least]);
    let centered = graph.node("Sub", &[&numbers, &mean], &[]);
    if let Normalization::PerImage { .. } = normalization {
        let squares = graph.node("Mul", &[&centered, &centered], &[]);
        let variance = graph.node("ReduceMean", &[&squares], &over_pixels);
        let deviation = graph.node("Sqrt", &[&variance], &[]);
        divisor = graph.node("Max", &[&deviation, &divisor], &[]);
    }
    let normalized = graph.node("Div", &[&centered, &divisor], &[]);
    let channel = graph.integers("channel_axis", &[1]);
    graph.node("Unsqueeze", &[&normalized, &channel], &[])
}

/// Adds `other`, the share of [`OtherOutputs`] given the features `[N, C]` and the node `logits`.
fn add_other(graph: &mut Graph, other: &OtherOutputs, features: &str) {
    let outputs = other.biases.len();
    let shape = [outputs, other.weights.len() / outputs];
    let weight = graph.floats("other.weight", &shape, &other.weights);
    let bias = graph.floats("other.bias", &[outputs], &other.biases);
    let logits = graph.node("Gemm", &[features, &weight, &bias], &[TRANSPOSED]);
    let over_outputs = [
        ("axes", Attribute::Ints(&[1])),
        ("keepdims", Attribute::Int(0)),
    ];
    let others = graph.node("ReduceLogSumExp", &[&logits], &over_outputs);
    let emotions = graph.node("ReduceLogSumExp", &["logits"], &over_outputs);
    let log_odds = graph.node("Sub", &[&others, &emotions], &[]);
    let slope = graph.floats("other.slope", &[], &[other.calibration.slope]);
    let offset = graph.floats("other.offset", &[], &[other.calibration.offset]);
    let scaled = graph.node("Mul", &[&log_odds, &slope], &[]);
    let shifted = graph.node("Add", &[&scaled, &offset], &[]);
    graph.node_named("Sigmoid", &[&shifted], &[], "other");
    graph.output("other", Element::Float, &[]);
}

/// A convolution with its batch norm folded in.
struct Folded {
    /// `[C_out, C_in, 3, 3]`
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Folded {
    /// Folds weight `[3, 3, C_in, C_out]`, gamma and beta, and running mean and variance; in `f64`, rounded once.
    fn new([weight, gamma, beta]: [&[f32]; 3], [mean, variance]: [&[f32]; 2]) -> Self {
        let channels = gamma.len();
        let scales: Vec<f64> = gamma
            .iter()
            .zip(variance)
            .map(|(&gamma, &variance)| {
                f64::from(gamma) / (f64::from(variance) + f64::from(BATCH_NORM_EPSILON)).sqrt()
            })
            .collect();
        let inputs = weight.len() / (9 * channels);
        let mut folded = Vec::with_capacity(weight.len());
        for (output, scale) in scales.iter().enumerate() {
            for input in 0..inputs {
                for tap in 0..9 {
                    let value = weight[(tap * inputs + input) * channels + output];
                    folded.push((f64::from(value) * scale) as f32);
                }
            }
        }
        let bias = beta
            .iter()
            .zip(mean)
            .zip(&scales)
            .map(|((&beta, &mean), scale)| (f64::from(beta) - f64::from(mean) * scale) as f32)
            .collect();
        Self {
            weight: folded,
            bias,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Calibration, ErrorKind, ModelConfig, OtherCalibration, PerEmotion, Preprocessing,
        Provenance, Weights,
    };

    fn model() -> Model {
        let config = ModelConfig {
            input_size: 8,
            channels: vec![2],
            blocks_per_stage: 1,
        };
        let spec = config.network_spec().unwrap();
        Model {
            preprocessing: Preprocessing {
                input_size: 8,
                ..Preprocessing::default()
            },
            weights: Weights {
                parameters: vec![0.5; spec.parameter_count()],
                statistics: vec![1.0; spec.statistics_count()],
            },
            config,
            calibration: Calibration::default(),
            other: None,
            class_mix: PerEmotion([0.25; 4]),
            provenance: Provenance::default(),
        }
    }

    #[test]
    fn the_same_model_gives_the_same_bytes_and_priors_are_part_of_them() {
        let natural = model().to_onnx(Priors::Natural).unwrap();
        assert!(natural == model().to_onnx(Priors::Natural).unwrap());
        assert!(natural != model().to_onnx(Priors::Uniform).unwrap());
        let text = String::from_utf8_lossy(&natural);
        assert!(text.contains(r#"["happy","sad","neutral","surprise"]"#));
        assert!(text.contains("catmull_rom"));
    }

    #[test]
    fn the_share_of_other_expressions_is_an_output_where_the_model_tells_it() {
        let (without, mut with) = (model(), model());
        with.other = Some(OtherOutputs {
            weights: vec![0.5; 2 * 2],
            biases: vec![0.0; 2],
            calibration: OtherCalibration {
                slope: 1.0,
                offset: 0.0,
                threshold: 0.5,
            },
        });
        let tells = |model: &Model| {
            let file = model.to_onnx(Priors::Natural).unwrap();
            String::from_utf8_lossy(&file).contains("ReduceLogSumExp")
        };
        assert!(tells(&with) && !tells(&without));
    }

    #[test]
    fn priors_that_are_no_distribution_are_refused() {
        let error = model().to_onnx(Priors::Custom([0.0; 4])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn folding_computes_what_batch_norm_does() {
        let weight: Vec<f32> = (0..18).map(|i| i as f32 - 4.0).collect();
        let (gamma, beta) = ([2.0, -1.0], [0.5, 0.25]);
        let (mean, variance) = ([3.0, -2.0], [4.0, 0.0]);
        let folded = Folded::new([&weight, &gamma, &beta], [&mean, &variance]);
        let patch: Vec<f32> = (0..9).map(|i| (i * i) as f32).collect();
        for channel in 0..2 {
            let sum = |weights: &mut dyn Iterator<Item = f32>| -> f32 {
                weights.zip(&patch).map(|(w, x)| w * x).sum()
            };
            let raw = sum(&mut weight.iter().copied().skip(channel).step_by(2));
            let deviation = (variance[channel] + BATCH_NORM_EPSILON).sqrt();
            let expected = (raw - mean[channel]) / deviation * gamma[channel] + beta[channel];
            let found = sum(&mut folded.weight[9 * channel..][..9].iter().copied());
            let found = found + folded.bias[channel];
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
        }
    }
}
