//! Things before a face, drawn from simple shapes: glasses, a mask, a hand.
//!
//! Places and lengths are shares of the image's sides, in the frame of an aligned face: eyes at (0.31, 0.37) and (0.69, 0.37), mouth
//! at (0.5, 0.76), as in the mean of FER2013's images. The things move with the face when it is turned or shifted.

use super::geometry::Frame;
use super::shape::{Place, Shape};
use crate::random::Random;

const EYES: [Place; 2] = [(0.31, 0.37), (0.69, 0.37)];

/// A thing before a face: its shapes from the back to the front.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thing(Vec<Layer>);

/// A shape in one gray level.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Layer {
    shape: Shape,
    /// Gray level, from 0 to 255.
    level: f32,
    /// 1 hides what is behind.
    opacity: f32,
}

impl Thing {
    /// Draws glasses: round or square, thin or thick; one in four has dark panes, the others may reflect a little.
    pub(super) fn glasses(random: &mut Random) -> Self {
        let half = (random.range(0.12, 0.17), random.range(0.08, 0.14));
        let corner = random.range(0.3, 1.0) * half.0.min(half.1);
        let width = random.range(0.015, 0.045);
        let frame = random.range(0.0, 110.0);
        let (dark, sheen) = (random.chance(0.25), random.range(0.0, 0.3));
        let (pane_level, opacity) = if dark {
            (random.range(0.0, 60.0), random.range(0.75, 1.0))
        } else {
            (random.range(0.0, 255.0), sheen)
        };
        let drop = random.symmetric(0.03);
        let mut layers = Vec::new();
        let solid = |shape| Layer {
            shape,
            level: frame,
            opacity: 1.0,
        };
        for (x, y) in EYES {
            let center = (x, y + drop);
            layers.push(Layer {
                shape: Shape::Pane {
                    center,
                    half,
                    corner,
                },
                level: pane_level,
                opacity,
            });
            layers.push(solid(Shape::Rim {
                center,
                half,
                corner,
                width,
            }));
            // From the outer end of the pane to the ear.
            let side = if x < 0.5 { -1.0 } else { 1.0 };
            layers.push(solid(Shape::Bar {
                from: (x + side * half.0, y + drop - 0.02),
                to: (x + side * 0.35, y + drop - 0.04),
                radius: width / 2.0,
            }));
        }
        let [left, right] = EYES;
        layers.push(solid(Shape::Bar {
            from: (left.0 + half.0, left.1 + drop),
            to: (right.0 - half.0, right.1 + drop),
            radius: width / 2.0,
        }));
        Self(layers)
    }

    /// Draws a mask over nose and mouth, with its folds and ear loops.
    pub(super) fn mask(random: &mut Random) -> Self {
        let level = random.range(20.0, 245.0);
        let top = random.range(0.50, 0.60);
        let half_width = random.range(0.26, 0.36);
        let bottom = random.range(0.92, 1.02);
        let loops = random.range(0.0, 255.0);
        let folds = 1 + random.below(3);
        let shade = random.range(0.75, 0.95);
        let mut layers = Vec::new();
        for side in [-1.0, 1.0] {
            let edge = 0.5 + side * half_width;
            for (start, end) in [(top + 0.05, 0.38), (bottom - 0.1, 0.5)] {
                layers.push(Layer {
                    shape: Shape::Bar {
                        from: (edge, start),
                        to: (0.5 + side * 0.52, end),
                        radius: 0.008,
                    },
                    level: loops,
                    opacity: 1.0,
                });
            }
        }
        let cloth = |shape, level| Layer {
            shape,
            level,
            opacity: 1.0,
        };
        let center = (0.5, (top + bottom) / 2.0);
        layers.push(cloth(
            Shape::Pane {
                center,
                half: (half_width, (bottom - top) / 2.0),
                corner: random.range(0.08, 0.2),
            },
            level,
        ));
        // The bridge of the nose.
        layers.push(cloth(
            Shape::Bar {
                from: (0.5, top),
                to: (0.5, top + 0.1),
                radius: 0.09,
            },
            level,
        ));
        for fold in 1..=folds {
            let y = top + (bottom - top) * fold as f32 / (folds + 1) as f32;
            layers.push(cloth(
                Shape::Bar {
                    from: (0.5 - 0.8 * half_width, y),
                    to: (0.5 + 0.8 * half_width, y),
                    radius: 0.008,
                },
                shade * level,
            ));
        }
        Self(layers)
    }

    /// Draws a hand that reaches from below or from a side to mouth, cheek or brow, in levels about `skin`.
    pub(super) fn hand(skin: f32, random: &mut Random) -> Self {
        let level = (skin * random.range(0.7, 1.2)).clamp(5.0, 250.0);
        let tip: Place = (random.range(0.25, 0.75), random.range(0.45, 0.85));
        let side = random.symmetric(1.0);
        // From straight below (side = 0) to the left or right border.
        let wrist: Place = (0.5 + 0.8 * side, 1.25 - 0.45 * side.abs());
        let (toward_x, toward_y) = (tip.0 - wrist.0, tip.1 - wrist.1);
        let length = toward_x.hypot(toward_y);
        let along: Place = (toward_x / length, toward_y / length);
        let across: Place = (-along.1, along.0);
        let radius = random.range(0.038, 0.055);
        let edge = 0.7 * level;
        let at = |back: f32, aside: f32| -> Place {
            (
                tip.0 - back * along.0 + aside * across.0,
                tip.1 - back * along.1 + aside * across.1,
            )
        };
        let solid = |from, to, radius, level| Layer {
            shape: Shape::Bar { from, to, radius },
            level,
            opacity: 1.0,
        };
        let knuckles = random.range(0.22, 0.3);
        let mut layers = vec![solid(at(knuckles + 0.12, 0.0), wrist, 3.6 * radius, level)];
        for (finger, shorter) in [0.06, 0.0, 0.02, 0.08].into_iter().enumerate() {
            let aside = (finger as f32 - 1.5) * 2.0 * radius;
            let (from, to) = (at(shorter, aside), at(knuckles + 0.1, aside));
            // The dark outline shows between the fingers.
            layers.push(solid(from, to, radius, edge));
            layers.push(solid(from, to, 0.75 * radius, level));
        }
        Self(layers)
    }

    /// Draws the thing over `image`, whose pixels are at the places of `frame`. Edges are as soft as a pixel.
    pub(super) fn cover(&self, image: &mut [f32], frame: &Frame) {
        let pixels = frame.size() as f32;
        let bounds: Vec<(Place, Place)> = self.0.iter().map(|layer| layer.shape.bounds()).collect();
        // Half a pixel beyond its border a shape ends.
        let near = |(low, high): &(Place, Place), (x, y): Place| {
            let margin = 0.5 / pixels;
            (low.0 - margin..=high.0 + margin).contains(&x)
                && (low.1 - margin..=high.1 + margin).contains(&y)
        };
        for (pixel, place) in image.iter_mut().zip(frame.places()) {
            for (layer, bounds) in self.0.iter().zip(&bounds) {
                if near(bounds, place) {
                    let covered = (0.5 - pixels * layer.shape.distance(place)).clamp(0.0, 1.0);
                    *pixel += layer.opacity * covered * (layer.level - *pixel);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Affine;
    use super::*;
    use crate::random::Purpose;

    const SIZE: usize = 48;

    fn stream(index: u64) -> Random {
        Random::new(5, Purpose::Augmentation, 1, index)
    }

    /// An image whose level, -1000, no thing has.
    fn covered(thing: &Thing, affine: Affine) -> Vec<f32> {
        let mut image = vec![-1000.0; SIZE * SIZE];
        thing.cover(&mut image, &affine.frame(SIZE));
        image
    }

    fn changed(image: &[f32], (x, y): Place) -> bool {
        image[(y * SIZE as f32) as usize * SIZE + (x * SIZE as f32) as usize] > -999.0
    }

    /// The share of the pixels that are hidden for the most part.
    fn area(image: &[f32]) -> f32 {
        image.iter().filter(|&&level| level > -500.0).count() as f32 / image.len() as f32
    }

    #[test]
    fn glasses_frame_the_eyes_and_leave_the_mouth() {
        for index in 0..50 {
            let image = covered(&Thing::glasses(&mut stream(index)), Affine::IDENTITY);
            // A thin bridge covers less than half of a pixel.
            let bridge = (0..SIZE).any(|row| image[row * SIZE + SIZE / 2] > -900.0);
            assert!(bridge, "{index}");
            assert!(!changed(&image, (0.5, 0.76)), "{index}");
            assert!(
                (0.02..0.45).contains(&area(&image)),
                "{index}: {}",
                area(&image)
            );
        }
    }

    #[test]
    fn a_mask_hides_the_mouth_and_leaves_the_eyes() {
        for index in 0..50 {
            let image = covered(&Thing::mask(&mut stream(index)), Affine::IDENTITY);
            assert!(changed(&image, (0.5, 0.76)), "{index}");
            for eye in EYES {
                assert!(!changed(&image, eye), "{index}");
            }
            assert!(
                (0.15..0.4).contains(&area(&image)),
                "{index}: {}",
                area(&image)
            );
        }
    }

    #[test]
    fn a_hand_covers_a_part_that_reaches_the_border() {
        for index in 0..50 {
            let image = covered(&Thing::hand(150.0, &mut stream(index)), Affine::IDENTITY);
            assert!(
                (0.05..0.5).contains(&area(&image)),
                "{index}: {}",
                area(&image)
            );
            let border = (0..SIZE).any(|at| {
                [at, (SIZE - 1) * SIZE + at, at * SIZE, at * SIZE + SIZE - 1]
                    .iter()
                    .any(|&pixel| image[pixel] > -500.0)
            });
            assert!(border, "{index}");
            let levels = image.iter().filter(|&&level| level > -500.0);
            assert!(levels.into_iter().all(|level| *level <= 180.0), "{index}");
        }
    }

    #[test]
    fn things_move_with_the_face() {
        let thing = Thing::glasses(&mut stream(3));
        let mirrored = Affine {
            mirrored: true,
            shift_x: 4.0,
            ..Affine::IDENTITY
        };
        let (still, moved) = (covered(&thing, Affine::IDENTITY), covered(&thing, mirrored));
        for row in 0..SIZE {
            for column in 4..SIZE {
                // The pixel comes from 4 to its left, seen in the mirror.
                let source = still[row * SIZE + SIZE - 1 - (column - 4)];
                let found = moved[row * SIZE + column];
                assert!(
                    (source - found).abs() < 0.5,
                    "({column}, {row}): {source} {found}"
                );
            }
        }
    }
}
