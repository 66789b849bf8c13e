//! People followed through frames.

mod assign;
mod look;
mod sweep;
mod track;

use std::collections::HashSet;

use fer_core::{ImageView, PerEmotion, Prediction};
use serde::Serialize;

use self::assign::{assign, without_duplicates};
use self::look::Look;
use self::sweep::Sweep;
use self::track::Track;
use crate::crop::bounds_of;
use crate::prepare::Place;
use crate::{Analyzer, Detection, Error, Face, FaceBox, Result};

/// Options of a [`FaceStream`] for following people. Times are in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOptions {
    /// Every part of the frame is searched at least this often: a new face is found within this time. The parts are divided among
    /// the frames of the interval; frames that are farther apart are searched as a whole, and so is the first.
    pub search_interval: f64,
    /// A person not seen for longer than this is a new person afterwards; until then, their face is looked for where it was.
    pub max_gap: f64,
    /// Time constant of the exponential smoothing of probabilities: after a change, 63 % of it shows after so long. What can wait
    /// for later frames is smoothed without that lag by a [`CenteredSmoother`](crate::CenteredSmoother).
    pub smoothing: f64,
    /// The least intersection over union of the boxes of one person in successive frames.
    pub min_overlap: f32,
}

impl Default for StreamOptions {
    /// Every part of the frame twice a second, gaps of up to a second, smoothing over 0.3 s, overlap of at least 0.2.
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
    sweep: Sweep,
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
            sweep: Sweep::default(),
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
        let prepare = |face| {
            let place = Place::from(Some(face));
            self.analyzer.prepare_places(frame, &[place])
        };
        let prepared = self.analyzer.threads().map(found, prepare);
        let faces = self
            .analyzer
            .predict(prepared.into_iter().collect::<Result<_>>()?)?;
        // The box of what was judged, which noise moves less than the detector's.
        let settled = |mut face: Face| {
            let framing = face.framing.as_ref();
            let bounds =
                framing.and_then(|framing| bounds_of(framing, frame.width(), frame.height()));
            face.bounds = bounds.or(face.bounds);
            face
        };
        Ok(self.follow(time, faces.into_iter().flatten().map(settled).collect()))
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

    /// Looks where the faces were, and in the parts of the frame whose turn it is.
    fn find(&mut self, time: f64, frame: &ImageView<'_>) -> Result<Vec<Detection>> {
        let search = &self.analyzer.options().search;
        let interval = self.options.search_interval;
        let size = (frame.width(), frame.height());
        let Some(due) = self.sweep.due(time, interval, size, search) else {
            return self.analyzer.detect(frame, search);
        };

        // Looking for tilted heads takes the longest: that of a person in the last frame, or of anybody if nobody was.
        let is_empty = !self.tracks.iter().any(Track::is_visible);
        let near = |track: &Track| {
            let look = Look::near(&track.bounds(), size, search)?;
            Some(look.tilted(track.is_visible()))
        };
        let near: Vec<Option<Look>> = self.tracks.iter().map(near).collect();
        let parts = due.iter().map(|look| look.clone().tilted(is_empty));
        let looks: Vec<Option<Look>> = near.into_iter().chain(parts.map(Some)).collect();
        let find = |look: &Option<Look>| {
            let found = look.as_ref().map(|look| look.faces(&self.analyzer, frame));
            found.unwrap_or_else(|| Ok(Vec::new()))
        };
        let mut found: Vec<Vec<Detection>> = self
            .analyzer
            .threads()
            .map(&looks, find)
            .into_iter()
            .collect::<Result<_>>()?;

        let is_gone = |(track, found): (&Track, &Vec<_>)| track.is_visible() && found.is_empty();
        if self.tracks.iter().zip(&found).any(is_gone)
            && let Some(largest) = self.sweep.largest()
            && !due.contains(largest)
        {
            found.push(find(&Some(largest.clone().tilted(false)))?);
        }
        let mut faces = without_duplicates(found.into_iter().flatten().collect());
        faces.truncate(search.max_faces.unwrap_or(usize::MAX));
        Ok(faces)
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
