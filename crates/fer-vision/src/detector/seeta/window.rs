//! Square windows with scores and the removal of duplicates among them.

use super::mlp::Opinion;

/// Side of the window that the cascade judges, in pixels.
pub(super) const WINDOW: usize = 40;
/// Distance between neighboring windows of a level, in pixels.
pub(super) const STEP: usize = 4;
/// The pixels of a window, row by row.
pub(super) type WindowPixels = [[u8; WINDOW]; WINDOW];

/// A square of the image that may hold a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) side: f32,
    pub(super) score: f32,
}

impl Window {
    /// The window as a network's opinion moves and sizes it: each shift is up to one side either way, growth up to double.
    pub(super) fn aligned(self, opinion: Opinion) -> Self {
        let side = self.side * 2.0 * opinion.growth;
        let centerd = (self.side - side) / 2.0;
        Self {
            x: self.x + (2.0 * opinion.shift_x - 1.0) * self.side + centerd,
            y: self.y + (2.0 * opinion.shift_y - 1.0) * self.side + centerd,
            side,
            score: opinion.score,
        }
    }

    /// Returns `true` if the intersection over the union of both windows exceeds `share`.
    fn overlaps(&self, other: &Self, share: f32) -> bool {
        let shared = |a: f32, a_side: f32, b: f32, b_side: f32| {
            ((a + a_side).min(b + b_side) - a.max(b)).max(0.0)
        };
        let intersection = shared(self.x, self.side, other.x, other.side)
            * shared(self.y, self.side, other.y, other.side);
        let union = self.side * self.side + other.side * other.side - intersection;
        intersection > share * union
    }
}

/// Keeps the best of windows whose intersection over union exceeds `max_overlap`; it takes over the scores of those it replaces.
pub(super) fn merge_duplicates(windows: &mut Vec<Window>, max_overlap: f32) {
    windows.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<(Window, f32)> = Vec::new();
    for window in windows.drain(..) {
        match kept
            .iter_mut()
            .find(|(best, _)| best.overlaps(&window, max_overlap))
        {
            Some((_, score)) => *score += window.score,
            None => kept.push((window, window.score)),
        }
    }
    windows.extend(
        kept.into_iter()
            .map(|(window, score)| Window { score, ..window }),
    );
}

/// Keeps the best of windows whose intersection over union exceeds `max_overlap`, best first, with its own score.
pub(super) fn keep_best(windows: &mut Vec<Window>, max_overlap: f32) {
    windows.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Window> = Vec::new();
    for window in windows.drain(..) {
        if !kept.iter().any(|best| best.overlaps(&window, max_overlap)) {
            kept.push(window);
        }
    }
    *windows = kept;
}

/// Merges windows that show the same face, as [`merge_duplicates`] does; where each face is, the windows near the best of it say
/// together: their mean by score. One window more or less, which noise may decide, moves it little.
pub(super) fn merge_faces(windows: &mut Vec<Window>, max_overlap: f32, least_overlap: f32) {
    let all = windows.clone();
    merge_duplicates(windows, max_overlap);
    for face in windows {
        let near = || {
            let overlapping = |window: &&Window| window.overlaps(face, least_overlap);
            all.iter().filter(overlapping)
        };
        let total: f32 = near().map(|window| window.score).sum();
        if total > 0.0 {
            let mean = |part: fn(&Window) -> f32| {
                near()
                    .map(|window| window.score * part(window))
                    .sum::<f32>()
                    / total
            };
            *face = Window {
                x: mean(|window| window.x),
                y: mean(|window| window.y),
                side: mean(|window| window.side),
                score: face.score,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn windows() -> impl Strategy<Value = Vec<Window>> {
        let window = (
            -50.0..500.0_f32,
            -50.0..500.0_f32,
            1.0..300.0_f32,
            0.0..1.0_f32,
        )
            .prop_map(|(x, y, side, score)| Window { x, y, side, score });
        prop::collection::vec(window, 0..40)
    }

    proptest! {
        #[test]
        fn merged_windows_do_not_overlap_and_keep_the_total_score(mut windows in windows(), limit in 0.1..0.9_f32) {
            let total: f32 = windows.iter().map(|window| window.score).sum();
            merge_duplicates(&mut windows, limit);
            for (i, a) in windows.iter().enumerate() {
                prop_assert!(windows[i + 1..].iter().all(|b| !a.overlaps(b, limit)));
            }
            let merged: f32 = windows.iter().map(|window| window.score).sum();
            prop_assert!((total - merged).abs() <= 1e-4 * total.max(1.0));
        }
    }

    #[test]
    fn a_face_lies_in_the_middle_of_its_windows() {
        let window = |x, score| Window {
            x,
            y: 0.0,
            side: 40.0,
            score,
        };
        // The last shows the same face, but not the same place.
        let mut windows = vec![window(10.0, 1.0), window(14.0, 3.0), window(30.0, 0.5)];
        merge_faces(&mut windows, 0.3, 0.6);
        assert_eq!(windows, [window(13.0, 4.5)]);
    }

    #[test]
    fn a_neutral_opinion_leaves_the_window() {
        let window = Window {
            x: 10.0,
            y: -3.0,
            side: 40.0,
            score: 2.0,
        };
        let neutral = Opinion {
            score: 0.9,
            shift_x: 0.5,
            shift_y: 0.5,
            growth: 0.5,
        };
        assert_eq!(
            window.aligned(neutral),
            Window {
                score: 0.9,
                ..window
            }
        );
        let opinion = Opinion {
            score: 0.9,
            shift_x: 0.75,
            shift_y: 0.5,
            growth: 1.0,
        };
        assert_eq!(
            window.aligned(opinion),
            Window {
                x: 10.0,
                y: -23.0,
                side: 80.0,
                score: 0.9
            }
        );
    }
}
