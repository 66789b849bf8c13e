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

/// Returns which cells of a table with a total must not be shown: those of fewer than `min_people`, and as many of the
/// next smallest as it takes that no subtraction from the total gives a suppressed cell, nor the sum of all suppressed
/// ones if that is smaller than `min_people` itself. The total is suppressed if the cells do not suffice.
///
/// The rule is for one printed table. Tables of several columns, each by itself, can still be subtracted from each other.
///
/// ```
/// use fer_insight::suppress;
///
/// let hidden = suppress(&[40, 3, 25, 12], 10);
/// assert_eq!(hidden.cells, [false, true, false, true]);
/// assert!(!hidden.total);
/// ```
pub fn suppress(people: &[u64], min_people: u64) -> Suppressed {
    let mut cells: Vec<bool> = people.iter().map(|&n| n < min_people).collect();
    let sum = |cells: &[bool]| -> u64 {
        let hidden = people.iter().zip(cells).filter(|(_, hidden)| **hidden);
        hidden
            .map(|(n, _)| n)
            .fold(0, |sum: u64, n| sum.saturating_add(*n))
    };
    let is_safe = |cells: &[bool]| {
        let hidden = cells.iter().filter(|hidden| **hidden).count();
        hidden == 0 || (hidden > 1 && sum(cells) >= min_people)
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
        let hidden = suppress(&people, min_people);
        for (group, _) in self
            .groups
            .iter_mut()
            .zip(&hidden.cells)
            .filter(|(_, hidden)| **hidden)
        {
            group.remove_figures();
        }
        // People seen in several groups make the total smaller than the sum.
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
            let hidden = suppress(&people, min);
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
        let hidden = suppress(&[3], 10);
        assert!(hidden.cells[0] && hidden.total);
        let hidden = suppress(&[3, 4], 10);
        assert!(hidden.cells == [true, true] && hidden.total);
        let hidden = suppress(&[8, 9], 10);
        assert!(hidden.cells == [true, true] && !hidden.total);
    }
}
