//! Cells that are too small to show, and those that would give them away.

use crate::compare::Comparison;
use crate::shares::Shares;

/// The cells of a table that must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// For each cell, `true` if it must not be shown.
    pub cells: Vec<bool>,
    /// `true` if the total must not be shown.
    pub total: bool,
}

/// Returns which cells of a table with a total of `total` people must not be shown: those of fewer than `min_people`, and
/// as many of the next smallest as it takes that no subtraction from the total gives a suppressed cell, nor all suppressed
/// ones together if they may be fewer than `min_people` themselves. People seen in several cells make the total smaller
/// than the sum. The total is suppressed if the cells do not suffice.
///
/// The rule is for one printed table. Tables of several columns, each by itself, can still be subtracted from each other.
///
/// ```
/// use fer_insight::suppress;
///
/// let hidden = suppress(&[40, 3, 25, 12], 80, 10);
/// assert_eq!(hidden.cells, [false, true, false, true]);
/// assert!(!hidden.total);
/// ```
pub fn suppress(people: &[u64], total: u64, min_people: u64) -> Suppressed {
    let mut cells: Vec<bool> = people.iter().map(|&n| n < min_people).collect();
    // The people of the hidden cells are no fewer than those of the largest, nor than those that no shown cell has.
    let people_hidden = |cells: &[bool]| -> u64 {
        let (mut largest, mut rest) = (0, total);
        for (&n, &hidden) in people.iter().zip(cells) {
            if hidden {
                largest = n.max(largest);
            } else {
                rest = rest.saturating_sub(n);
            }
        }
        largest.max(rest)
    };
    let is_safe = |cells: &[bool]| {
        let hidden = cells.iter().filter(|hidden| **hidden).count();
        hidden == 0 || (hidden > 1 && people_hidden(cells) >= min_people)
    };
    let mut by_size: Vec<usize> = (0..people.len()).filter(|&cell| !cells[cell]).collect();
    by_size.sort_by_key(|&cell| people[cell]);
    let mut next = by_size.into_iter();
    while !is_safe(&cells) {
        match next.next() {
            Some(cell) => cells[cell] = true,
            None => break,
        }
    }
    Suppressed {
        total: !is_safe(&cells),
        cells,
    }
}

impl Shares {
    /// Removes the figures of groups of fewer than `min_people` and of those that would give them away (see
    /// [`suppress`]). A suppressed group keeps its values, and no number.
    pub fn suppress(&mut self, min_people: u64) {
        let people: Vec<u64> = self.groups.iter().map(|group| group.people()).collect();
        let hidden = suppress(&people, self.total.people(), min_people);
        for (group, _) in self
            .groups
            .iter_mut()
            .zip(&hidden.cells)
            .filter(|(_, hidden)| **hidden)
        {
            group.remove_figures();
        }
        if hidden.total || self.total.people() < min_people {
            self.total.remove_figures();
        }
    }
}

impl Comparison {
    /// Removes the figures of small groups as [`Shares::suppress`] does, and every difference that one of them is part of.
    pub fn suppress(&mut self, min_people: u64) {
        self.shares.suppress(min_people);
        let groups = &self.shares.groups;
        let shown = |values: &[String]| {
            groups
                .iter()
                .any(|group| group.by == values && !group.suppressed)
        };
        for pair in &mut self.pairs {
            if !shown(&pair.a) || !shown(&pair.b) {
                pair.paired = 0;
                pair.differences = None;
                pair.net = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A reader knows the shown cells and, if shown, the total. One equation has a single solution for a
        /// cell only if that cell is its only unknown.
        #[test]
        fn no_small_cell_can_be_derived_by_subtraction(
            people in prop::collection::vec(0u64..40, 1..9),
            min in 1u64..20,
        ) {
            let hidden = suppress(&people, people.iter().sum(), min);
            let shown = |cell: usize| !hidden.cells[cell];
            for (cell, n) in people.iter().enumerate() {
                prop_assert!(*n >= min || !shown(cell));
            }
            if !hidden.total {
                let rest = people.iter().sum::<u64>()
                    - (0..people.len()).filter(|&cell| shown(cell)).map(|cell| people[cell]).sum::<u64>();
                let unknown = hidden.cells.iter().filter(|hidden| **hidden).count();
                prop_assert!(unknown != 1, "the total gives {rest} for the hidden cell");
                prop_assert!(unknown == 0 || rest >= min, "{rest} people are all the hidden ones");
            }
            // Nothing is hidden without need.
            if people.iter().all(|n| *n >= min) {
                prop_assert!(!hidden.total && hidden.cells.iter().all(|hidden| !hidden));
            }
        }
    }

    #[test]
    fn a_single_group_takes_its_total_along() {
        let hidden = suppress(&[3], 3, 10);
        assert!(hidden.cells[0] && hidden.total);
        let hidden = suppress(&[3, 4], 7, 10);
        assert!(hidden.cells == [true, true] && hidden.total);
        let hidden = suppress(&[8, 9], 17, 10);
        assert!(hidden.cells == [true, true] && !hidden.total);
    }

    #[test]
    fn people_seen_in_several_cells_count_once() {
        // The six of the one are among the seven of the other: what the total leaves over is seven people.
        let hidden = suppress(&[40, 6, 7, 30], 77, 10);
        assert_eq!(hidden.cells, [false, true, true, true]);
        assert!(!hidden.total);
    }
}
