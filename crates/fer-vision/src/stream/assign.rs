//! Which face of a frame belongs to whom.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

use crate::{Detection, FaceBox};

/// Faces that overlap more than this are the same face, found twice.
const SAME_FACE: f32 = 0.3;
/// Overlaps as whole numbers, which the assignment needs.
const STEPS: f32 = 1e6;

/// For each of the `found` boxes, which of the `known` ones it continues, so that the total overlap is greatest; pairs that
/// overlap less than `min_overlap` are none.
pub(super) fn assign(known: &[FaceBox], found: &[FaceBox], min_overlap: f32) -> Vec<Option<usize>> {
    let mut owners = vec![None; found.len()];
    if known.is_empty() || found.is_empty() {
        return owners;
    }
    let weight = |known: &FaceBox, found: &FaceBox| {
        let overlap = known.iou(found);
        if overlap < min_overlap {
            0
        } else {
            (overlap * STEPS) as i64
        }
    };
    // The assignment wants at least as many columns as rows.
    let known_first = known.len() <= found.len();
    let weights = if known_first {
        Matrix::from_fn(known.len(), found.len(), |(k, f)| {
            weight(&known[k], &found[f])
        })
    } else {
        Matrix::from_fn(found.len(), known.len(), |(f, k)| {
            weight(&known[k], &found[f])
        })
    };
    let (_, columns) = kuhn_munkres(&weights);
    for (row, column) in columns.into_iter().enumerate() {
        if weights[(row, column)] > 0 {
            let (k, f) = if known_first {
                (row, column)
            } else {
                (column, row)
            };
            owners[f] = Some(k);
        }
    }
    owners
}

/// Keeps the best of faces found more than once.
pub(super) fn without_duplicates(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for face in found {
        if kept
            .iter()
            .all(|other| other.bounds.iou(&face.bounds) <= SAME_FACE)
        {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxes() -> impl Strategy<Value = Vec<FaceBox>> {
        let one = (0..100_u32, 0..100_u32, 20..60_u32)
            .prop_map(|(x, y, side)| FaceBox::try_from([x, y, side, side]).unwrap());
        prop::collection::vec(one, 0..7)
    }

    proptest! {
        #[test]
        fn nobody_has_two_faces_and_every_pair_overlaps(known in boxes(), found in boxes()) {
            let owners = assign(&known, &found, 0.2);
            prop_assert_eq!(owners.len(), found.len());
            let mut taken: Vec<usize> = owners.iter().flatten().copied().collect();
            for (found, owner) in found.iter().zip(&owners) {
                prop_assert!(owner.is_none_or(|k| known[k].iou(found) >= 0.2));
            }
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(taken.len(), owners.iter().flatten().count());
        }
    }

    #[test]
    fn the_total_overlap_decides_not_the_first_come() {
        // Greedily, the first face (0.6 with both) would take the first person and leave the second face none.
        let known = [
            FaceBox::try_from([0, 0, 100, 100]).unwrap(),
            FaceBox::try_from([50, 0, 100, 100]).unwrap(),
        ];
        let found = [
            FaceBox::try_from([25, 0, 100, 100]).unwrap(),
            FaceBox::try_from([0, 0, 100, 60]).unwrap(),
        ];
        assert_eq!(assign(&known, &found, 0.2), [Some(1), Some(0)]);
    }

    #[test]
    fn of_duplicates_the_best_stays() {
        let face = |x, score| Detection {
            bounds: FaceBox::try_from([x, 0, 50, 50]).unwrap(),
            score,
        };
        let kept = without_duplicates(vec![face(0, 3.0), face(5, 9.0), face(200, 2.0)]);
        assert_eq!(kept, [face(5, 9.0), face(200, 2.0)]);
    }
}
