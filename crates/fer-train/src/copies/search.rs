//! The search for copies among many faces.

use std::ops::Range;

use fer_kernels::Threads;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use super::alignment::{Resting, Shifted, best_correlation};
use super::detail::{self, BandPass, Detail};
use super::thumbnail::{self, Thumbnail, ThumbnailPanels, thumbnail};
use super::{COMPARED_SIDE, CopyKind, CopyPair};

/// Thumbnails at least this similar (cosine) are worth a look at the detail.
const MIN_THUMBNAIL: f32 = 0.84;

/// Detail at least this similar at zoom 1 is worth trying the other zooms.
const MIN_UNZOOMED: f32 = 0.62;

/// Detail at least this similar makes a near copy, where the faces allow it (see [`confirmed`]).
const MIN_NEAR: f32 = 0.85;

/// Detail at least this similar makes a mirrored copy.
const MIN_MIRRORED: f32 = 0.90;

/// The threshold of both kinds where all faces resemble each other.
const MIN_STRICT: f32 = 0.93;

/// Share of decoys from which faces resemble each other too much for [`MIN_NEAR`].
const MAX_DECOYS: f32 = 0.25;

/// At this similarity other zooms cannot change the verdict.
const CERTAIN: f32 = 0.97;

/// Zooms tried besides 1.
const ZOOMS: [f32; 8] = [0.96, 1.04, 0.92, 1.08, 0.88, 1.12, 0.84, 1.16];

/// The most similar faces of a block that are looked at for one face; bounds the work on folders of video frames.
const MAX_CANDIDATES: usize = 512;

/// Faces whose detail is in memory at a time: 80 MB, whatever the size of the set.
const BLOCK: usize = if cfg!(test) { 16 } else { 1 << 14 };

/// Faces searched for together, so that a panel of thumbnails is read once for all.
const QUERIES: usize = 4;

/// Faces to search among.
pub(super) struct Gallery<'a> {
    faces: Vec<&'a [u8]>,
    side: usize,
    thumbnails: Vec<Thumbnail>,
    filter: BandPass,
}

/// A face of the gallery that may copy the one searched for.
struct Candidate {
    index: usize,
    kind: CopyKind,
    similarity: f32,
}

impl<'a> Gallery<'a> {
    /// Takes gray squares of any one side.
    pub(super) fn new(
        faces: impl Iterator<Item = &'a [u8]>,
        side: usize,
        threads: &Threads,
    ) -> Self {
        let faces: Vec<&[u8]> = faces.collect();
        let thumbnails = threads.map(&faces, |face| thumbnail(&pixels(face, side)));
        Self {
            faces,
            side,
            thumbnails,
            filter: BandPass::new(),
        }
    }

    fn detail(&self, index: usize) -> Detail {
        Detail::of(&pixels(self.faces[index], self.side), &self.filter)
    }

    /// The copies among these faces, each pair once.
    pub(super) fn copies(&self, threads: &Threads) -> Vec<CopyPair> {
        self.search(self, threads, |query| query + 1)
    }

    /// The copies of these faces (`a`) in another gallery (`b`).
    pub(super) fn copies_in(&self, other: &Self, threads: &Threads) -> Vec<CopyPair> {
        self.search(other, threads, |_| 0)
    }

    /// Compares each face with those of `other` from position `start(face)` on.
    fn search(
        &self,
        other: &Self,
        threads: &Threads,
        start: impl Fn(usize) -> usize + Sync,
    ) -> Vec<CopyPair> {
        let mut alike = Vec::new();
        for first in (0..other.faces.len()).step_by(BLOCK) {
            let end = (first + BLOCK).min(other.faces.len());
            alike.extend(self.search_block(other, first..end, threads, &start));
        }
        // As if there had been one block.
        alike.sort_by_key(|pair| (pair.a, pair.b));
        confirmed(alike)
    }

    /// Compares each face with those of `other` in `block`; positions in the pairs are those in `other`.
    fn search_block(
        &self,
        other: &Self,
        block: Range<usize>,
        threads: &Threads,
        start: &(impl Fn(usize) -> usize + Sync),
    ) -> Vec<CopyPair> {
        let panels = ThumbnailPanels::new(&other.thumbnails[block.clone()]);
        let resting: Vec<Resting> = threads.map(block.clone(), |index| {
            Resting::new(other.detail(index).reduced())
        });
        let start = |query| start(query).saturating_sub(block.start);
        let queries: Vec<usize> = (0..self.faces.len())
            .filter(|&query| start(query) < block.len())
            .collect();
        let alike = threads.map(queries.chunks(QUERIES), |queries| {
            let candidates = self.candidates(queries, &panels, &start);
            queries
                .iter()
                .zip(candidates)
                .flat_map(|(&query, candidates)| self.verify(query, candidates, &resting))
                .collect::<Vec<_>>()
        });
        let mut alike = alike.concat();
        for pair in &mut alike {
            pair.b += block.start;
        }
        alike
    }

    fn candidates(
        &self,
        queries: &[usize],
        panels: &ThumbnailPanels,
        start: &impl Fn(usize) -> usize,
    ) -> Vec<Vec<Candidate>> {
        let mut candidates: Vec<Vec<Candidate>> = queries.iter().map(|_| Vec::new()).collect();
        // The last chunk may be short: blank thumbnails find nothing.
        let mut thumbnails = [[0.0; thumbnail::LENGTH]; QUERIES];
        for (thumbnail, &query) in thumbnails.iter_mut().zip(queries) {
            *thumbnail = self.thumbnails[query];
        }
        let first = queries.iter().map(|&query| start(query)).min().unwrap_or(0);
        for (kind, thumbnails) in [
            (CopyKind::Near, thumbnails),
            (
                CopyKind::Mirrored,
                thumbnails.map(|thumbnail| thumbnail::mirrored(&thumbnail)),
            ),
        ] {
            panels.search(
                &thumbnails,
                first,
                MIN_THUMBNAIL,
                |slot, index, similarity| {
                    if index >= start(queries[slot]) {
                        candidates[slot].push(Candidate {
                            index,
                            kind,
                            similarity,
                        });
                    }
                },
            );
        }
        for candidates in &mut candidates {
            candidates.sort_by(|a, b| {
                b.similarity
                    .total_cmp(&a.similarity)
                    .then(a.index.cmp(&b.index))
            });
            candidates.truncate(MAX_CANDIDATES);
        }
        candidates
    }

    /// Scores the candidates of one face by their detail and keeps those above [`MIN_NEAR`]; of a face that is like it both straight
    /// and mirrored, the better.
    fn verify(
        &self,
        query: usize,
        candidates: Vec<Candidate>,
        resting: &[Resting],
    ) -> Vec<CopyPair> {
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut alignments = Alignments::new(self.detail(query));
        let mut pairs: Vec<CopyPair> = candidates
            .into_iter()
            .filter_map(|candidate| {
                let score = alignments.score(candidate.kind, &resting[candidate.index])?;
                Some(CopyPair {
                    a: query,
                    b: candidate.index,
                    kind: candidate.kind,
                    score,
                })
            })
            .collect();
        pairs.sort_by(|x, y| x.b.cmp(&y.b).then(y.score.total_cmp(&x.score)));
        pairs.dedup_by_key(|pair| pair.b);
        pairs
    }
}

/// One face in every zoom, straight and mirrored, made when first asked for.
struct Alignments {
    detail: Detail,
    near: Zooms,
    mirrored: Zooms,
}

#[derive(Default)]
struct Zooms {
    unzoomed: Option<Box<Shifted>>,
    zoomed: Option<Vec<Shifted>>,
}

impl Alignments {
    fn new(detail: Detail) -> Self {
        Self {
            detail,
            near: Zooms::default(),
            mirrored: Zooms::default(),
        }
    }

    /// The best correlation with a face over shifts and zooms, if it reaches [`MIN_NEAR`].
    fn score(&mut self, kind: CopyKind, resting: &Resting) -> Option<f32> {
        let mirror = kind == CopyKind::Mirrored;
        let zooms = if mirror {
            &mut self.mirrored
        } else {
            &mut self.near
        };
        let ready = |detail: detail::Reduced| {
            Shifted::new(&if mirror {
                detail::mirrored(&detail)
            } else {
                detail
            })
        };

        let unzoomed = zooms
            .unzoomed
            .get_or_insert_with(|| Box::new(ready(self.detail.reduced())));
        let mut best = best_correlation(unzoomed, resting);
        if best < MIN_UNZOOMED {
            return None;
        }
        if best < CERTAIN {
            let zoomed = zooms
                .zoomed
                .get_or_insert_with(|| ZOOMS.map(|zoom| ready(self.detail.zoomed(zoom))).into());
            best = zoomed
                .iter()
                .map(|shifted| best_correlation(shifted, resting))
                .fold(best, f32::max);
        }
        (best >= MIN_NEAR).then_some(best.min(1.0))
    }
}

/// The pairs that are copies and not merely alike.
///
/// The similarity of two different faces depends on the set: photographs from everywhere hardly ever reach [`MIN_NEAR`], drawings or
/// portraits from one studio do. Mirror images tell. A face resembles the mirror image of another by chance as often as the other
/// itself, while copies are rarely mirrored, so in the range that is too low for a mirrored copy the mirrored pairs are decoys, and
/// their number is about that of chance resemblances among the straight pairs (as decoys tell it in sequence search: Elias & Gygi
/// 2007). Where they are many, only [`MIN_STRICT`] is believed.
fn confirmed(mut alike: Vec<CopyPair>) -> Vec<CopyPair> {
    let doubtful = |kind| {
        alike
            .iter()
            .filter(|pair| pair.kind == kind && pair.score < MIN_MIRRORED)
            .count() as f32
    };
    let strict = doubtful(CopyKind::Mirrored) > MAX_DECOYS * doubtful(CopyKind::Near);
    alike.retain(|pair| {
        pair.score
            >= match pair.kind {
                _ if strict => MIN_STRICT,
                CopyKind::Mirrored => MIN_MIRRORED,
                CopyKind::Near | CopyKind::Exact => MIN_NEAR,
            }
    });
    alike
}

/// The gray levels of a face at the size of comparison.
fn pixels(face: &[u8], side: usize) -> Vec<f32> {
    if side == COMPARED_SIDE {
        return face.iter().map(|&level| f32::from(level)).collect();
    }
    let source = GrayImage::from_fn(side as u32, side as u32, |x, y| {
        Luma([face[y as usize * side + x as usize]])
    });
    let target = COMPARED_SIDE as u32;
    let resized = imageops::resize(&source, target, target, FilterType::Triangle);
    resized.iter().map(|&level| f32::from(level)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(kind: CopyKind, scores: impl IntoIterator<Item = f32>) -> Vec<CopyPair> {
        scores
            .into_iter()
            .map(|score| CopyPair {
                a: 0,
                b: 1,
                kind,
                score,
            })
            .collect()
    }

    #[test]
    fn near_copies_are_believed_where_mirrored_ones_are_rare() {
        let mut alike = pairs(CopyKind::Near, [0.86, 0.87, 0.88, 0.89, 0.95]);
        alike.extend(pairs(CopyKind::Mirrored, [0.87, 0.91]));
        let scores: Vec<f32> = confirmed(alike).iter().map(|pair| pair.score).collect();
        assert_eq!(scores, [0.86, 0.87, 0.88, 0.89, 0.95, 0.91]);
    }

    #[test]
    fn where_faces_resemble_mirrored_ones_only_the_closest_are_copies() {
        let mut alike = pairs(CopyKind::Near, [0.86, 0.87, 0.88, 0.92, 0.94]);
        alike.extend(pairs(CopyKind::Mirrored, [0.87, 0.91, 0.96]));
        let scores: Vec<f32> = confirmed(alike).iter().map(|pair| pair.score).collect();
        assert_eq!(scores, [0.94, 0.96]);
    }
}
