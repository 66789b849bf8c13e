//! Shapes that things before a face are drawn of.

/// A place in the image, in shares of its sides.
pub(super) type Place = (f32, f32);

/// A shape, with places and lengths in shares of the image's sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A rectangle with round corners.
    Pane {
        center: Place,
        half: Place,
        corner: f32,
    },
    /// The border of a pane.
    Rim {
        center: Place,
        half: Place,
        corner: f32,
        width: f32,
    },
    /// A line with round ends.
    Bar { from: Place, to: Place, radius: f32 },
}

impl Shape {
    /// Returns the upper left and the lower right corner of the smallest upright rectangle around it.
    pub(super) fn bounds(self) -> (Place, Place) {
        let around = |low: Place, high: Place, margin: f32| {
            (
                (low.0 - margin, low.1 - margin),
                (high.0 + margin, high.1 + margin),
            )
        };
        let corners = |center: Place, half: Place| {
            (
                (center.0 - half.0, center.1 - half.1),
                (center.0 + half.0, center.1 + half.1),
            )
        };
        match self {
            Self::Pane { center, half, .. } => corners(center, half),
            Self::Rim {
                center,
                half,
                width,
                ..
            } => {
                let (low, high) = corners(center, half);
                around(low, high, width / 2.0)
            }
            Self::Bar { from, to, radius } => around(
                (from.0.min(to.0), from.1.min(to.1)),
                (from.0.max(to.0), from.1.max(to.1)),
                radius,
            ),
        }
    }

    /// Returns the distance of a place from the border, negative within.
    pub(super) fn distance(self, (x, y): Place) -> f32 {
        match self {
            Self::Pane {
                center,
                half,
                corner,
            } => {
                let across = (x - center.0).abs() - half.0 + corner;
                let down = (y - center.1).abs() - half.1 + corner;
                across.max(0.0).hypot(down.max(0.0)) + across.max(down).min(0.0) - corner
            }
            Self::Rim {
                center,
                half,
                corner,
                width,
            } => {
                let pane = Self::Pane {
                    center,
                    half,
                    corner,
                };
                pane.distance((x, y)).abs() - width / 2.0
            }
            Self::Bar { from, to, radius } => {
                let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
                let (to_x, to_y) = (x - from.0, y - from.1);
                let length = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
                let share = ((to_x * along_x + to_y * along_y) / length).clamp(0.0, 1.0);
                (to_x - share * along_x).hypot(to_y - share * along_y) - radius
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_nearest_border_point() {
        let pane = Shape::Pane {
            center: (0.5, 0.5),
            half: (0.2, 0.1),
            corner: 0.05,
        };
        let bar = Shape::Bar {
            from: (0.2, 0.3),
            to: (0.6, 0.6),
            radius: 0.1,
        };
        for shape in [pane, bar] {
            // The oracle: the nearest point of a fine grid on the other side of the border.
            let grid = || {
                (0..=500).flat_map(|y| (0..=500).map(move |x| (x as f32 / 500.0, y as f32 / 500.0)))
            };
            let within: Vec<(Place, bool)> =
                grid().map(|place| (place, inside(shape, place))).collect();
            let (low, high) = shape.bounds();
            let beyond = |(x, y): Place| {
                let rounding = 1e-4;
                x < low.0 - rounding
                    || y < low.1 - rounding
                    || x > high.0 + rounding
                    || y > high.1 + rounding
            };
            assert!(
                within
                    .iter()
                    .all(|&(place, inside)| !(inside && beyond(place)))
            );
            for place in [
                (0.5, 0.5),
                (0.31, 0.41),
                (0.1, 0.1),
                (0.9, 0.52),
                (0.6, 0.7),
                (0.45, 0.45),
            ] {
                let side = inside(shape, place);
                let nearest = within
                    .iter()
                    .filter(|(_, other)| *other != side)
                    .map(|(other, _)| (other.0 - place.0).hypot(other.1 - place.1))
                    .fold(f32::MAX, f32::min);
                let expected = if side { -nearest } else { nearest };
                let found = shape.distance(place);
                assert!(
                    (found - expected).abs() < 4e-3,
                    "{shape:?} {place:?}: {found} {expected}"
                );
            }
        }
    }

    /// Says by its definition whether a place is within a shape: within a radius of a smaller rectangle or of a line.
    fn inside(shape: Shape, (x, y): Place) -> bool {
        match shape {
            Shape::Pane {
                center,
                half,
                corner,
            } => {
                let clamped = (
                    x.clamp(center.0 - half.0 + corner, center.0 + half.0 - corner),
                    y.clamp(center.1 - half.1 + corner, center.1 + half.1 - corner),
                );
                (x - clamped.0).hypot(y - clamped.1) <= corner
            }
            Shape::Bar { from, to, radius } => (0..=1000).any(|step| {
                let share = step as f32 / 1000.0;
                let (on_x, on_y) = (
                    from.0 + share * (to.0 - from.0),
                    from.1 + share * (to.1 - from.1),
                );
                (x - on_x).hypot(y - on_y) <= radius
            }),
            Shape::Rim { .. } => unreachable!("the test names none"),
        }
    }
}
