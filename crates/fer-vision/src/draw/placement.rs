//! Places for labels: beside their faces, off the other faces and labels.

use super::canvas::Area;

/// Labels on top of each other cannot be read; over a face they only hide it.
const LABEL_WEIGHT: i64 = 3;

/// Returns the place of each face's label, given the labels' columns and rows. Labels stay inside the image if they fit at all.
pub(super) fn place_labels(faces: &[Area], sizes: &[(i64, i64)], image: (i64, i64)) -> Vec<Area> {
    let mut placed: Vec<Area> = Vec::with_capacity(sizes.len());
    for (&face, &size) in faces.iter().zip(sizes) {
        let hidden = |place: &Area| {
            let faces: i64 = faces.iter().map(|face| face.shared(place)).sum();
            let labels: i64 = placed.iter().map(|label| label.shared(place)).sum();
            faces + LABEL_WEIGHT * labels
        };
        let best = candidates(face, size, image).into_iter().min_by_key(hidden);
        placed.extend(best);
    }
    placed
}

/// The places for a label, the preferred first.
fn candidates(face: Area, (width, height): (i64, i64), image: (i64, i64)) -> [Area; 9] {
    let (below, above) = (face.y + face.height, face.y - height);
    let (right, left) = (face.x + face.width, face.x - width);
    let columns = [
        face.x + (face.width - width) / 2,
        face.x,
        face.x + face.width - width,
    ];
    let [middle, start, end] = columns;
    let places = [
        (middle, below),
        (middle, above),
        (start, below),
        (end, below),
        (start, above),
        (end, above),
        (right, face.y),
        (left, face.y),
        (middle, below - height),
    ];
    places.map(|(x, y)| Area {
        x: x.min(image.0 - width).max(0),
        y: y.min(image.1 - height).max(0),
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: (i64, i64) = (640, 480);

    fn area(x: i64, y: i64, width: i64, height: i64) -> Area {
        Area {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn labels_go_below_or_above_or_inside() {
        let alone = |face, size| place_labels(&[face], &[size], IMAGE)[0];
        assert_eq!(
            alone(area(100, 100, 80, 80), (90, 40)),
            area(95, 180, 90, 40)
        );
        assert_eq!(
            alone(area(600, 400, 40, 70), (90, 40)),
            area(550, 360, 90, 40)
        );
        assert_eq!(
            alone(area(0, 0, 640, 480), (640, 40)),
            area(0, 440, 640, 40)
        );
    }

    #[test]
    fn labels_of_rows_of_faces_hide_no_face_and_no_label() {
        // Two rows of faces, the labels wider than a face and as high as the gap between the rows.
        let faces: Vec<Area> = (0..8)
            .map(|i| area(40 + i % 4 * 150, 60 + i / 4 * 120, 60, 80))
            .collect();
        let sizes = vec![(100, 40); faces.len()];
        let labels = place_labels(&faces, &sizes, IMAGE);
        for (number, label) in labels.iter().enumerate() {
            assert!(
                faces.iter().all(|face| face.shared(label) == 0),
                "{label:?}"
            );
            let others = &labels[number + 1..];
            assert!(
                others.iter().all(|other| other.shared(label) == 0),
                "{label:?}"
            );
        }
    }
}
