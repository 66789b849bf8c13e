//! Framing: where in a photo the square lies that the training data would have cut a face out of, and its roll.
//!
//! A detector's box says where a face is, roughly. [`FramingNet`] looks at the face and answers where the training data's square
//! around it lies; [`GrayPatch`] cuts that square out, turned upright.

mod net;
mod patch;

pub use net::FramingNet;
pub use patch::GrayPatch;

/// A square, possibly turned, around a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Framing {
    /// Column of the center, in pixels from the image's left edge.
    pub x: f32,
    /// Row of the center, in pixels from the image's top edge.
    pub y: f32,
    /// Length of the sides in pixels, positive.
    pub side: f32,
    /// Angle of the face's upright axis, clockwise in radians; 0 is an upright face.
    pub roll: f32,
}

/// The way from one square to another, seen from the first: it is the same for both squares moved, scaled and turned together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramingChange {
    /// Shift of the center towards the face's right edge in the image, in sides of the first square.
    pub right: f32,
    /// Shift of the center towards the face's chin, in sides of the first square.
    pub down: f32,
    /// Natural logarithm of the second side over the first.
    pub growth: f32,
    /// Turn clockwise in radians.
    pub turn: f32,
}

impl Framing {
    /// The square that lies `change` away.
    #[must_use]
    pub fn changed(&self, change: &FramingChange) -> Self {
        let (sin, cos) = self.roll.sin_cos();
        let FramingChange { right, down, .. } = *change;
        Self {
            x: self.x + self.side * (cos * right - sin * down),
            y: self.y + self.side * (sin * right + cos * down),
            side: self.side * change.growth.exp(),
            roll: self.roll + change.turn,
        }
    }

    /// The change that leads to `other`.
    #[must_use]
    pub fn change_to(&self, other: &Self) -> FramingChange {
        let (sin, cos) = self.roll.sin_cos();
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        FramingChange {
            right: (cos * dx + sin * dy) / self.side,
            down: (cos * dy - sin * dx) / self.side,
            growth: (other.side / self.side).ln(),
            turn: other.roll - self.roll,
        }
    }

    /// The square of the same center and roll with sides `factor` times as long.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        Self {
            side: self.side * factor,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framings() -> impl Strategy<Value = Framing> {
        (
            -50.0..500.0_f32,
            -50.0..500.0_f32,
            5.0..300.0_f32,
            -1.0..1.0_f32,
        )
            .prop_map(|(x, y, side, roll)| Framing { x, y, side, roll })
    }

    proptest! {
        #[test]
        fn a_change_leads_where_it_was_measured(from in framings(), to in framings()) {
            let reached = from.changed(&from.change_to(&to));
            for (reached, expected) in [
                (reached.x, to.x), (reached.y, to.y), (reached.side, to.side), (reached.roll, to.roll),
            ] {
                prop_assert!((reached - expected).abs() < 1e-2, "{reached} {expected}");
            }
        }
    }

    #[test]
    fn shifts_follow_the_roll() {
        let lying = Framing {
            x: 10.0,
            y: 10.0,
            side: 4.0,
            roll: std::f32::consts::FRAC_PI_2,
        };
        let moved = lying.changed(&FramingChange {
            right: 0.0,
            down: 0.5,
            growth: 0.0,
            turn: 0.0,
        });
        // The chin of a face turned clockwise by a quarter points left.
        assert!((moved.x - 8.0).abs() < 1e-5 && (moved.y - 10.0).abs() < 1e-5);
    }
}
