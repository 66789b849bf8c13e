//! Reads the cascade's model file.

use super::lab::BoostedClassifier;
use super::mlp::{Layer, Mlp};
use super::surf::{FEATURE_LENGTH, SurfClassifier};

/// SeetaFace's frontal model (`LICENSES-third-party.md`) as `build.rs` lays it out: the first bytes of all its words, then the second
/// ones, and so on.
const EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/finder.planes"));

/// Bytes of a word of the model: an integer or a float.
const WORD: usize = 4;

const BOOSTED: i32 = 0;
const SURF_MLP: i32 = 1;

/// The funnel-structured cascade of Wu et al. (Neurocomputing 221, 2017): three boosted classifiers, one for each range of
/// poses, propose windows; networks of growing size reject and align them.
#[derive(Debug)]
pub(super) struct Cascade {
    pub(super) proposers: Vec<BoostedClassifier>,
    pub(super) refiners: Vec<SurfClassifier>,
    /// Refiners before this one come in one group that removes duplicates between its stages.
    pub(super) first_group: usize,
}

impl Cascade {
    pub(super) fn embedded() -> Result<Self, ModelError> {
        Self::read(planes(EMBEDDED))
    }

    fn read(planes: [&[u8]; WORD]) -> Result<Self, ModelError> {
        let mut reader = Reader { planes };
        let levels = reader.count()?;
        let mut proposers = Vec::new();
        for _ in 0..reader.count()? {
            proposers.extend(reader.stages(Reader::boosted)?);
        }
        let mut refiners = Vec::new();
        let mut first_group = 0;
        for level in 1..levels {
            if reader.count()? != 1 {
                return Err(ModelError("a refining level has several branches"));
            }
            refiners.extend(reader.stages(Reader::surf_mlp)?);
            if level == 1 {
                first_group = refiners.len();
            }
        }
        if proposers.is_empty() || refiners.is_empty() {
            return Err(ModelError("the cascade lacks a level"));
        }
        if reader.words_left() > 0 {
            return Err(ModelError("bytes follow the last classifier"));
        }
        Ok(Self {
            proposers,
            refiners,
            first_group,
        })
    }
}

/// Reasons for which a model file is refused.
#[derive(Debug, thiserror::Error)]
#[error("the face detector's model does not read: {0}")]
pub(super) struct ModelError(&'static str);

/// The parts of a model that hold the first, second, third and last bytes of its words.
fn planes(bytes: &[u8]) -> [&[u8]; WORD] {
    let words = bytes.len() / WORD;
    std::array::from_fn(|place| &bytes[place * words..][..words])
}

/// Little-endian integers and floats, with every count checked against what is left.
struct Reader<'a> {
    /// The bytes left of each place in a word, all of one length.
    planes: [&'a [u8]; WORD],
}

impl Reader<'_> {
    fn words_left(&self) -> usize {
        self.planes[0].len()
    }

    fn word(&mut self) -> Result<[u8; WORD], ModelError> {
        let mut word = [0; WORD];
        for (byte, plane) in word.iter_mut().zip(&mut self.planes) {
            let (first, rest) = plane.split_first().ok_or(ModelError("it ends early"))?;
            *byte = *first;
            *plane = rest;
        }
        Ok(word)
    }

    fn integer(&mut self) -> Result<i32, ModelError> {
        self.word().map(i32::from_le_bytes)
    }

    fn float(&mut self) -> Result<f32, ModelError> {
        self.word().map(f32::from_le_bytes)
    }

    /// A count of things that take at least one word each.
    fn count(&mut self) -> Result<usize, ModelError> {
        let count = self.integer()?;
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= self.words_left())
            .ok_or(ModelError("a count is out of range"))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ModelError> {
        (0..count).map(|_| self.float()).collect()
    }

    /// The stages of one branch. The list of branches that feed it is implied by the cascade's shape.
    fn stages<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, ModelError>,
    ) -> Result<Vec<T>, ModelError> {
        let count = self.count()?;
        let stages = (0..count).map(|_| read(self)).collect::<Result<_, _>>()?;
        // The proposers, which nothing feeds, say so by a count of -1.
        for _ in 0..self.integer()? {
            self.integer()?;
        }
        Ok(stages)
    }

    fn expect_kind(&mut self, expected: i32) -> Result<(), ModelError> {
        if self.integer()? == expected {
            Ok(())
        } else {
            Err(ModelError("unexpected kind of classifier"))
        }
    }

    fn boosted(&mut self) -> Result<BoostedClassifier, ModelError> {
        self.expect_kind(BOOSTED)?;
        let features = self.count()?;
        let largest_value = self.count()?;
        if largest_value != usize::from(u8::MAX) {
            return Err(ModelError(
                "a boosted classifier does not cover all 256 feature values",
            ));
        }
        let offsets = (0..features)
            .map(|_| Ok((self.count()?, self.count()?)))
            .collect::<Result<Vec<_>, _>>()?;
        let thresholds = self.floats(features)?;
        let tables = (0..features)
            .map(|_| {
                let table = self.floats(256)?;
                table
                    .try_into()
                    .map_err(|_| ModelError("a weight table is not 256 long"))
            })
            .collect::<Result<Vec<[f32; 256]>, _>>()?;
        BoostedClassifier::new(&offsets, &thresholds, &tables)
            .ok_or(ModelError("a boosted feature lies outside the window"))
    }

    fn surf_mlp(&mut self) -> Result<SurfClassifier, ModelError> {
        self.expect_kind(SURF_MLP)?;
        let sizes = self.count()?;
        let features = self.count()?;
        let ids = (0..features)
            .map(|_| self.count())
            .collect::<Result<Vec<_>, _>>()?;
        let threshold = self.float()?;
        let mut inputs = self.count()?;
        if inputs != features * FEATURE_LENGTH {
            return Err(ModelError("a network's input disagrees with its features"));
        }
        let mut layers = Vec::new();
        for _ in 1..sizes {
            let outputs = self.count()?;
            let weights = inputs
                .checked_mul(outputs)
                .ok_or(ModelError("a layer is too large"))?;
            let layer = Layer::new(inputs, &self.floats(weights)?, &self.floats(outputs)?);
            layers.push(layer.ok_or(ModelError("a layer is empty"))?);
            inputs = outputs;
        }
        let mlp = Mlp::new(layers).ok_or(ModelError(
            "a network does not end in a score and three shifts",
        ))?;
        SurfClassifier::new(&ids, threshold, mlp).ok_or(ModelError("unknown gradient feature"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_is_the_published_one() {
        use sha2::{Digest, Sha256};

        const PUBLISHED: &str = "c4619d066ed35e84d9a8e842860b0dff567aba0cbb139881075538761db3ff5d";
        let planes = planes(EMBEDDED);
        let published: Vec<u8> = (0..EMBEDDED.len())
            .map(|place| planes[place % WORD][place / WORD])
            .collect();
        let digest = Sha256::digest(published);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, PUBLISHED);
    }

    #[test]
    fn embedded_model_has_the_published_shape() {
        let cascade = Cascade::embedded().unwrap();
        assert_eq!(cascade.proposers.len(), 3);
        assert_eq!(cascade.refiners.len(), 3);
        assert_eq!(cascade.first_group, 2);
    }

    #[test]
    fn a_cut_model_is_refused_at_every_length() {
        for words in (0..EMBEDDED.len() / WORD).step_by(2477) {
            let cut = planes(EMBEDDED).map(|plane| &plane[..words]);
            assert!(Cascade::read(cut).is_err(), "{words} words");
        }
    }
}
