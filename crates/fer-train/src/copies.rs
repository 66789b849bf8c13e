//! Copies of a face: the same photograph again, re-encoded, shifted, cropped a little differently, brightened or mirrored.
//!
//! Three steps, each cheaper a face than the next and each passing on less:
//!
//! 1. every pair is compared by an 8x8 thumbnail (mean 0, length 1: brightness and contrast do not matter);
//! 2. pairs that look alike at that size are compared by their *detail*, the band of spatial frequencies that tells two photographs
//!    of similar faces under similar light apart, over all small shifts;
//! 3. what is still alike is compared over shifts and zooms, and the best correlation is the score.
//!
//! Thresholds and how they were chosen: `docs/data.md`.

mod alignment;
mod detail;
mod search;
mod thumbnail;

use std::collections::{HashMap, HashSet};

use fer_kernels::Threads;
use serde::{Deserialize, Serialize};

use search::Gallery;

/// Side of the square at which faces are compared, in pixels.
pub const COMPARED_SIDE: usize = 48;

/// Relation of one face to another that it copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    /// Every pixel is the same.
    Exact,
    /// The same photograph, treated differently.
    Near,
    /// The same photograph, mirrored.
    Mirrored,
}

/// Two faces that are copies of one another, by their positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CopyPair {
    /// The earlier face.
    pub a: usize,
    /// The later face.
    pub b: usize,
    /// Relation of the two.
    pub kind: CopyKind,
    /// Correlation of their detail after the best alignment, at most 1; 1 for exact copies.
    pub score: f32,
}

/// Finds the copies among `faces`: gray squares `[N, side, side]`, one after the other.
///
/// Pairs come in ascending order. Of a set of exact copies, each is paired with the first; a face that is near to one of the set is
/// paired with each of them, and of two such sets each face of one with the first of the other. [`groups`] puts them together.
///
/// # Panics
/// If the length of `faces` is no multiple of `side * side`, or `side` is 0.
#[must_use]
pub fn copies_within(faces: &[u8], side: usize, threads: &Threads) -> Vec<CopyPair> {
    let (originals, exact) = exact_copies(faces, side);
    let mut copies_of: HashMap<usize, Vec<usize>> = HashMap::new();
    for pair in &exact {
        copies_of.entry(pair.a).or_default().push(pair.b);
    }
    let copies_of = |index: usize| copies_of.get(&index).into_iter().flatten().copied();

    let gallery = Gallery::new(
        originals.iter().map(|&index| face(faces, side, index)),
        side,
        threads,
    );
    let mut pairs = exact;
    for pair in gallery.copies(threads) {
        let (a, b) = (originals[pair.a], originals[pair.b]);
        let beside_a = copies_of(a).map(|copy| (copy.min(b), copy.max(b)));
        let beside_b = copies_of(b).map(|copy| (a, copy));
        let all = std::iter::once((a, b)).chain(beside_a).chain(beside_b);
        pairs.extend(all.map(|(a, b)| CopyPair { a, b, ..pair }));
    }
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    pairs
}

/// The positions of the faces in `train` that have a copy in `others`, ascending: what to leave out of training for an honest
/// measure on `others`. All hold gray squares `[N, side, side]`.
///
/// # Panics
/// If the length of any is no multiple of `side * side`, or `side` is 0.
#[must_use]
pub fn copies_across(train: &[u8], others: &[&[u8]], side: usize, threads: &Threads) -> Vec<usize> {
    let (train_faces, train_copies) = exact_copies(train, side);
    let mut known: HashSet<&[u8]> = HashSet::new();
    let mut other_faces = Vec::new();
    for others in others {
        let (firsts, _) = exact_copies(others, side);
        let firsts = firsts.into_iter().map(|index| face(others, side, index));
        other_faces.extend(firsts.filter(|face| known.insert(face)));
    }

    let mut is_copy = vec![false; train.len() / (side * side)];
    for &index in &train_faces {
        is_copy[index] = known.contains(face(train, side, index));
    }
    let unknown: Vec<usize> = train_faces
        .into_iter()
        .filter(|&index| !is_copy[index])
        .collect();
    let train_gallery = Gallery::new(
        unknown.iter().map(|&index| face(train, side, index)),
        side,
        threads,
    );
    let other_gallery = Gallery::new(other_faces.into_iter(), side, threads);
    for pair in train_gallery.copies_in(&other_gallery, threads) {
        is_copy[unknown[pair.a]] = true;
    }
    for pair in train_copies {
        is_copy[pair.b] = is_copy[pair.a];
    }
    (0..is_copy.len()).filter(|&index| is_copy[index]).collect()
}

/// Sets of faces that are copies of one another, directly or through a third, each ascending, in the order of their first members.
#[must_use]
pub fn groups(pairs: &[CopyPair]) -> Vec<Vec<usize>> {
    let count = pairs
        .iter()
        .map(|pair| pair.a.max(pair.b) + 1)
        .max()
        .unwrap_or(0);
    let mut leaders: Vec<usize> = (0..count).collect();
    for pair in pairs {
        let (a, b) = (leader(&mut leaders, pair.a), leader(&mut leaders, pair.b));
        leaders[a.max(b)] = a.min(b);
    }
    let mut members = vec![Vec::new(); count];
    for index in 0..count {
        members[leader(&mut leaders, index)].push(index);
    }
    members.retain(|group| group.len() > 1);
    members
}

/// The first member of the group of `index`; shortens the path to it on the way.
fn leader(leaders: &mut [usize], index: usize) -> usize {
    let mut current = index;
    while leaders[current] != current {
        leaders[current] = leaders[leaders[current]];
        current = leaders[current];
    }
    current
}

fn face(faces: &[u8], side: usize, index: usize) -> &[u8] {
    let length = side * side;
    &faces[index * length..(index + 1) * length]
}

/// The positions of the first of every set of equal faces, and a pair of first and copy for each of the others.
fn exact_copies(faces: &[u8], side: usize) -> (Vec<usize>, Vec<CopyPair>) {
    assert!(
        side > 0 && faces.len().is_multiple_of(side * side),
        "{} bytes are no faces of side {side}",
        faces.len()
    );
    let mut first_of: HashMap<&[u8], usize> = HashMap::new();
    let (mut originals, mut pairs) = (Vec::new(), Vec::new());
    for (index, face) in faces.chunks_exact(side * side).enumerate() {
        let first = *first_of.entry(face).or_insert(index);
        if first == index {
            originals.push(index);
        } else {
            pairs.push(CopyPair {
                a: first,
                b: index,
                kind: CopyKind::Exact,
                score: 1.0,
            });
        }
    }
    (originals, pairs)
}

#[cfg(test)]
mod tests;
