//! Explanations: the parts of a face that an answer comes from.

use candle_core::{Device, Result as CandleResult, Tensor, Var};
use fer_kernels::{BlockSpec, NetworkSpec};

use crate::network::failed;
use crate::{Classifier, Emotion, EmotionNet, ImageView, Result};

/// The maps that are weighed are the deepest whose side is at least the input's divided by this: deep enough to mean
/// something, fine enough to show where.
const COARSEST_MAP: usize = 4;

/// A heat map over the square that the network saw: how much each place spoke for an emotion.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    emotion: Emotion,
    size: usize,
    heat: Vec<f32>,
}

impl Explanation {
    /// The emotion that is explained.
    pub fn emotion(&self) -> Emotion {
        self.emotion
    }

    /// Side of the heat map in pixels: the network's input size.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The heat map `[size, size]`, rows top to bottom, in [0, 1]: 1 where most spoke for the emotion, 0 where nothing
    /// did. All 0 if nothing anywhere did.
    pub fn heat(&self) -> &[f32] {
        &self.heat
    }
}

impl Classifier {
    /// Explains the prediction of one face by Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep
    /// Networks via Gradient-based Localization", 2017): feature maps, each weighed by the mean gradient of the
    /// emotion's logit with respect to it, summed, and cut at zero.
    ///
    /// Explains `emotion`, or the predicted one. Takes a few tens of milliseconds.
    ///
    /// # Errors
    /// [`Error::Network`](crate::Error::Network) if the gradient cannot be computed.
    pub fn explain(&self, view: &ImageView<'_>, emotion: Option<Emotion>) -> Result<Explanation> {
        let model = self.model();
        let preprocessing = &model.preprocessing;
        let mut face = vec![0; preprocessing.face_len()];
        preprocessing.face_bytes(view, &mut face)?;
        let mut input = vec![0.0; face.len()];
        preprocessing.normalize(&face, &mut input)?;
        let emotion = match emotion {
            Some(emotion) => emotion,
            None => self.predict(view)?.emotion(),
        };

        let size = preprocessing.input_size;
        let spec = model.config.network_spec()?;
        let (below, all) = (blocks_below(&spec), spec.blocks.len());
        let net = EmotionNet::new(&model.config, &model.weights, &Device::Cpu)?;
        let faces = Tensor::from_vec(input, (1, size, size, 1), &Device::Cpu).map_err(failed)?;
        let maps = Var::from_tensor(&net.maps(&faces, 0..below)?).map_err(failed)?;
        let logits = net.logits(&net.maps(&maps, below..all)?)?;
        Ok(Explanation {
            emotion,
            size,
            heat: heat(&maps, &logits, emotion, size).map_err(failed)?,
        })
    }
}

/// Counts the blocks before the maps that are weighed: those that end with maps fine enough.
fn blocks_below(spec: &NetworkSpec) -> usize {
    let mut side = spec.height;
    let is_fine_enough = |block: &&BlockSpec| {
        if block.pool {
            side /= 2;
        }
        side * COARSEST_MAP >= spec.height
    };
    spec.blocks.iter().take_while(is_fine_enough).count()
}

/// Grad-CAM over maps `[1, H, W, C]`, enlarged to `[size, size]` and scaled to at most 1.
fn heat(maps: &Var, logits: &Tensor, emotion: Emotion, size: usize) -> CandleResult<Vec<f32>> {
    let logit = logits.get(0)?.get(emotion.index())?;
    let gradients = logit.backward()?;
    let Some(gradient) = gradients.get(maps) else {
        candle_core::bail!("the logit does not depend on the maps");
    };
    let weights = gradient.mean_keepdim((1, 2))?;
    let evidence = maps.broadcast_mul(&weights)?.sum(3)?.relu()?;
    let enlarged = evidence
        .unsqueeze(1)?
        .upsample_bilinear2d(size, size, false)?;
    let mut heat = enlarged.flatten_all()?.to_vec1::<f32>()?;
    let hottest = heat.iter().copied().fold(0.0, f32::max);
    if hottest > 0.0 {
        heat.iter_mut().for_each(|value| *value /= hottest);
    }
    Ok(heat)
}
