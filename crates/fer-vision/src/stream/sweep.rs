//! Whole frames searched a part at a time, so that no frame waits for all of it.

use super::look::Look;
use crate::{FaceBox, FaceSearch};

/// Side of a part, in sides of the smallest faces that it is searched for.
const TILE: u32 = 15;
/// A part is searched for faces of up to 5/2 sides of the smallest. Those of the next sizes begin at 2: a face at the end of a range
/// is found by fewer windows, and scores less.
const RANGE: (u32, u32) = (5, 2);

type Size = (u32, u32);

/// Divides the search of whole frames among the frames of an interval.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Size of the frames that `looks` are for.
    size: Size,
    looks: Vec<Look>,
    /// Time of the last frame that was searched as a whole.
    started: f64,
    /// Looks taken since then.
    taken: usize,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            size: (0, 0),
            looks: Vec::new(),
            started: f64::NEG_INFINITY,
            taken: 0,
        }
    }
}

impl Sweep {
    /// The looks to be taken at the frame of this time, so that each comes once an interval, the first of them for the largest
    /// faces; `None` for a whole frame at once, if all are due.
    pub(super) fn due(
        &mut self,
        time: f64,
        interval: f64,
        size: Size,
        search: &FaceSearch,
    ) -> Option<Vec<Look>> {
        if self.size != size {
            *self = Self {
                size,
                looks: looks(size, search),
                ..Self::default()
            };
        }
        let count = self.looks.len();
        // A cast to whole numbers saturates: the first frame and an interval of 0 ask for all.
        let goal = ((time - self.started) / interval * count as f64) as usize;
        let taken = std::mem::replace(&mut self.taken, goal);
        if goal - taken.min(goal) >= count {
            self.started = time;
            self.taken = 0;
            return None;
        }
        let due = (taken..goal).map(|number| self.looks[number % count].clone());
        Some(due.collect())
    }

    /// The look for the largest faces: the whole frame, at a small scale.
    pub(super) fn largest(&self) -> Option<&Look> {
        self.looks.first()
    }
}

/// Looks that together find the faces that `search` asks for, the largest first. Each costs about the same: parts are the larger,
/// the larger their faces.
fn looks((width, height): Size, search: &FaceSearch) -> Vec<Look> {
    let smallest = search.min_face_for(width, height) as u32;
    let mut looks = Vec::new();
    let mut least = smallest;
    loop {
        let count = |side: u32| side.div_ceil(least.saturating_mul(TILE)).max(1);
        let (columns, rows) = (count(width), count(height));
        let most = least.saturating_mul(RANGE.0) / RANGE.1;
        let is_last = columns * rows == 1 || search.max_face.is_some_and(|limit| limit <= most);
        let search = FaceSearch {
            min_face: Some(least),
            max_face: if is_last { search.max_face } else { Some(most) },
            // Of small faces that would take several times as long as the rest.
            tilted: search.tilted && (is_last || least > smallest),
            ..search.clone()
        };
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (part(column, columns, width), part(row, rows, height));
                let (wide, high) = (widened(x, most / 2, width), widened(y, most / 2, height));
                looks.push(Look {
                    area: from_sides(wide, high),
                    centers: from_sides(x, y),
                    search: search.clone(),
                });
            }
        }
        if is_last {
            break;
        }
        least *= 2;
    }
    looks.reverse();
    looks
}

/// Start and end of the part of that number out of `count` equal ones of a length.
fn part(number: u32, count: u32, length: u32) -> Size {
    let start = |number: u32| (u64::from(length) * u64::from(number) / u64::from(count)) as u32;
    (start(number), start(number + 1))
}

/// A part with a margin around it, inside the length.
fn widened((start, end): Size, margin: u32, length: u32) -> Size {
    (
        start.saturating_sub(margin),
        end.saturating_add(margin).min(length),
    )
}

fn from_sides((left, right): Size, (top, bottom): Size) -> FaceBox {
    FaceBox {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HD: Size = (1280, 720);

    /// Windows that a search visits, in units of its own: the pixels at the scale of its smallest faces.
    fn cost(area: u64, least: u32) -> f64 {
        area as f64 / f64::from(least).powi(2)
    }

    // A small frame is divided into fewer parts.
    #[test]
    fn no_look_costs_more_than_a_sixth_of_a_whole_search() {
        let search = FaceSearch::default();
        for size in [HD, (640, 480), (1920, 1080), (3840, 2160)] {
            let whole = cost(
                u64::from(size.0) * u64::from(size.1),
                search.min_face_for(size.0, size.1) as u32,
            );
            let costs: Vec<f64> = looks(size, &search)
                .iter()
                .map(|look| cost(look.area.area(), look.search.min_face.unwrap()) / whole)
                .collect();
            let limit = if size == (640, 480) {
                1.0 / 3.0
            } else {
                1.0 / 6.0
            };
            assert!(
                costs.iter().all(|&cost| cost < limit),
                "{size:?}: {costs:?}"
            );
            assert!(costs.iter().sum::<f64>() < 1.8, "{size:?}: {costs:?}");
        }
    }

    #[test]
    fn small_frames_are_searched_as_a_whole() {
        let search = FaceSearch::default();
        let looks = looks((320, 240), &search);
        let [look] = looks.as_slice() else {
            panic!("{looks:?}");
        };
        assert_eq!(<[u32; 4]>::from(look.area), [0, 0, 320, 240]);
        assert_eq!(
            (look.search.min_face, look.search.max_face),
            (Some(24), None)
        );
        assert!(look.search.tilted);
    }

    proptest! {
        #[test]
        fn every_face_lies_whole_in_a_look_for_its_size_and_place(
            size in (1_u32..3000, 1_u32..2200),
            place in (0.0..1.0_f64, 0.0..1.0_f64),
            side in 24_u32..800,
            max_face in prop::option::of(30_u32..400),
        ) {
            let (width, height) = size;
            let search = FaceSearch { max_face, ..FaceSearch::default() };
            let smallest = search.min_face_for(width, height) as u32;
            prop_assume!((smallest..=width.min(height).min(max_face.unwrap_or(u32::MAX))).contains(&side));
            let at = |share: f64, length: u32| (share * f64::from(length - side)) as u32;
            let face = FaceBox { x: at(place.0, width), y: at(place.1, height), width: side, height: side };
            let looks = looks(size, &search);
            let holds = |look: &&Look| {
                let FaceBox { x, y, width, height } = look.area;
                look.search.min_face.unwrap() <= side
                    && look.search.max_face.is_none_or(|most| side <= most)
                    && look.is_for(&face)
                    && x <= face.x && face.x + side <= x + width
                    && y <= face.y && face.y + side <= y + height
            };
            prop_assert!(looks.iter().any(|look| holds(&look)), "{face:?} in {looks:?}");
        }
    }

    #[test]
    fn each_look_comes_once_an_interval_whatever_the_frame_rate() {
        let search = FaceSearch::default();
        for rate in [7.0, 30.0, 120.0] {
            let mut sweep = Sweep::default();
            assert!(sweep.due(0.0, 0.5, HD, &search).is_none());
            let mut taken = Vec::new();
            for number in 1..=(2.0 * rate) as u32 {
                let time = f64::from(number) / rate;
                let due = sweep.due(time, 0.5, HD, &search).unwrap();
                taken.extend(due);
            }
            let all = looks(HD, &search);
            assert!(taken.len().abs_diff(4 * all.len()) <= 1, "{}", taken.len());
            for (number, look) in taken.iter().enumerate() {
                assert_eq!(look, &all[number % all.len()], "{number} at {rate}");
            }
        }
    }

    #[test]
    fn rare_frames_and_frames_of_another_size_are_searched_at_once() {
        let search = FaceSearch::default();
        let mut sweep = Sweep::default();
        let mut is_whole = |time, size| sweep.due(time, 0.5, size, &search).is_none();
        assert!(is_whole(3.0, HD));
        assert!(!is_whole(3.4, HD));
        assert!(is_whole(3.95, HD));
        assert!(!is_whole(4.2, HD));
        assert!(is_whole(4.3, (640, 480)));
        assert!(!is_whole(4.5, (640, 480)));
    }
}
