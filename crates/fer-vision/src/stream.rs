//! People followed through frames.

mod assign;
mod track;

use std::collections::HashSet;

use fer_core::{ImageView, PerEmotion, Prediction};
use serde::Serialize;

use self::assign::{assign, without_duplicates};
use self::track::Track;
use crate::prepare::Place;
use crate::{Analyzer, Detection, Error, Face, FaceBox, FaceSearch, Result};

/// Options of a [`FaceStream`] for following people. Times are in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOptions {
    /// Whole frames are searched at least this often; between, faces are looked for only where they were.
    pub search_interval: f64,
    /// A person not seen for longer than this is a new person afterwards.
    pub max_gap: f64,
    /// Time constant of the exponential smoothing of probabilities: after a change, 63 % of it shows after so long. What can wait
    /// for later frames is smoothed without that lag by a [`CenteredSmoother`](crate::CenteredSmoother).
    pub smoothing: f64,
    /// The least intersection over union of the boxes of one person in successive frames.
    pub min_overlap: f32,
}

impl Default for StreamOptions {
    /// Whole frames twice a second, gaps of up to a second, smoothing over 0.3 s, overlap of at least 0.2.
    fn default() -> Self {
        Self {
            search_interval: 0.5,
            max_gap: 1.0,
            smoothing: 0.3,
            min_overlap: 0.2,
        }
    }
}

/// A face of a frame and whose it is.
///
/// As JSON: a face's fields, `"person"` and `"smoothed": {"happy", "sad", "neutral", "surprise"}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackedFace {
    /// Number of the person in this stream, from 0 in the order of appearance.
    pub person: u64,
    /// The face in this frame.
    #[serde(flatten)]
    pub face: Face,
    /// The person's probabilities smoothed over the frames so far, or by a [`CenteredSmoother`](crate::CenteredSmoother) also over
    /// those to come; they sum to 1.
    pub smoothed: PerEmotion<f32>,
}

impl TrackedFace {
    /// Returns the face with the person's smoothed probabilities, for drawing; its label sets are those of this frame.
    #[must_use]
    pub fn to_smoothed(&self) -> Face {
        let now = self.face.prediction;
        // Rounding may leave a hair more than 1.
        let smoothed = self.smoothed.0.map(|share| share.clamp(0.0, 1.0));
        Face {
            prediction: Prediction::from_parts(smoothed, now.p_values(), now.other_share())
                .unwrap_or(now),
            ..self.face.clone()
        }
    }
}

/// Follows people through frames: which face belongs to whom, and how their expression runs.
///
/// Frames are always searched for faces, whatever the analyzer's [`FaceMode`](crate::FaceMode) option says. Faces are matched to people by the
/// assignment of greatest total overlap (Kuhn, 1955; Munkres, 1957).
#[derive(Debug)]
pub struct FaceStream {
    analyzer: Analyzer,
    options: StreamOptions,
    tracks: Vec<Track>,
    people: u64,
    last_frame: Option<f64>,
    last_search: Option<f64>,
}

impl FaceStream {
    /// A stream without people.
    pub fn new(analyzer: Analyzer, options: StreamOptions) -> Self {
        Self {
            analyzer,
            options,
            tracks: Vec::new(),
            people: 0,
            last_frame: None,
            last_search: None,
        }
    }

    /// The faces of the next frame, taken at `time` seconds, in the order of people.
    ///
    /// # Errors
    /// [`Error::FrameTime`] unless times increase; otherwise those of [`Analyzer::image`]. After an error the stream goes on with the
    /// next frame.
    pub fn push(&mut self, time: f64, frame: &ImageView<'_>) -> Result<Vec<TrackedFace>> {
        self.advance_to(time)?;
        let found = self.find(time, frame)?;
        let places: Vec<Place> = found.into_iter().map(|face| Some(face).into()).collect();
        let prepared = self.analyzer.prepare_places(frame, &places)?;
        let faces = self.analyzer.predict_one(prepared)?;
        Ok(self.follow(time, faces))
    }

    /// Moves on to the time of the next frame and forgets people who were away for too long.
    fn advance_to(&mut self, time: f64) -> Result<()> {
        let previous = self.last_frame.unwrap_or(f64::NEG_INFINITY);
        if !time.is_finite() || time <= previous {
            return Err(Error::FrameTime {
                previous,
                found: time,
            });
        }
        self.last_frame = Some(time);
        let max_gap = self.options.max_gap;
        self.tracks
            .retain(|track| time - track.last_seen() <= max_gap);
        Ok(())
    }

    /// Looks where the faces were; in the whole frame when that is due or a face is no longer there.
    fn find(&mut self, time: f64, frame: &ImageView<'_>) -> Result<Vec<Detection>> {
        let interval = self.options.search_interval;
        let due = self.last_search.is_none_or(|last| time - last >= interval);
        if !due && let Some(found) = self.find_where_they_were(frame)? {
            return Ok(found);
        }
        self.last_search = Some(time);
        self.analyzer.detect(frame, &self.analyzer.options().search)
    }

    /// The faces around those of the last frame; `None` if one of them is gone.
    fn find_where_they_were(&self, frame: &ImageView<'_>) -> Result<Option<Vec<Detection>>> {
        let mut found = Vec::new();
        for track in self.tracks.iter().filter(|track| track.is_visible()) {
            let near = self.find_near(frame, &track.bounds())?;
            if near.is_empty() {
                return Ok(None);
            }
            found.extend(near);
        }
        Ok(Some(without_duplicates(found)))
    }

    /// Searches the neighborhood of a face for faces of about its size.
    fn find_near(&self, frame: &ImageView<'_>, bounds: &FaceBox) -> Result<Vec<Detection>> {
        let Some(area) = neighborhood(bounds, frame.width(), frame.height()) else {
            return Ok(Vec::new());
        };
        let side = bounds.width.max(bounds.height);
        let search = FaceSearch {
            min_face: Some(side * 2 / 3),
            max_face: Some(side * 3 / 2),
            ..self.analyzer.options().search.clone()
        };
        let part = frame.crop(area.x, area.y, area.width, area.height)?;
        let mut found = self.analyzer.detect(&part, &search)?;
        for face in &mut found {
            face.bounds.x += area.x;
            face.bounds.y += area.y;
        }
        Ok(found)
    }

    /// Matches faces to people, takes up new people, and tells whose each face is.
    fn follow(&mut self, time: f64, faces: Vec<Face>) -> Vec<TrackedFace> {
        let known: Vec<FaceBox> = self.tracks.iter().map(Track::bounds).collect();
        let bounds: Vec<FaceBox> = faces.iter().filter_map(|face| face.bounds).collect();
        let owners = assign(&known, &bounds, self.options.min_overlap);
        let seen: HashSet<usize> = owners.iter().flatten().copied().collect();
        for (index, track) in self.tracks.iter_mut().enumerate() {
            track.set_visible(seen.contains(&index));
        }

        let mut tracked = Vec::with_capacity(faces.len());
        for ((face, bounds), owner) in faces.into_iter().zip(bounds).zip(owners) {
            let probabilities = face.prediction.probabilities();
            let index = owner.unwrap_or(self.tracks.len());
            match self.tracks.get_mut(index) {
                Some(track) => track.update(time, bounds, probabilities, self.options.smoothing),
                None => {
                    self.tracks
                        .push(Track::new(self.people, time, bounds, probabilities));
                    self.people += 1;
                }
            }
            let track = &self.tracks[index];
            tracked.push(TrackedFace {
                person: track.person(),
                face,
                smoothed: track.smoothed(),
            });
        }
        tracked.sort_by_key(|face| face.person);
        tracked
    }
}

/// The box with its own size again on each side, inside the image.
fn neighborhood(bounds: &FaceBox, width: u32, height: u32) -> Option<FaceBox> {
    let [x, y, w, h] = <[u32; 4]>::from(*bounds).map(|pixels| pixels as f32);
    FaceBox::clamped(x - w, y - h, 3.0 * w, 3.0 * h, width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighborhoods_stay_inside() {
        let near = |bounds: [u32; 4]| {
            neighborhood(&FaceBox::try_from(bounds).unwrap(), 100, 80).map(<[u32; 4]>::from)
        };
        assert_eq!(near([40, 30, 10, 10]), Some([30, 20, 30, 30]));
        assert_eq!(near([0, 60, 20, 20]), Some([0, 40, 40, 40]));
        assert_eq!(near([300, 60, 20, 20]), None);
    }
}
