//! Distinct keys of a table, in as little memory as they need.

use std::hash::{BuildHasher, RandomState};

/// The number of a free slot.
const FREE: u32 = u32::MAX;

/// The most bytes of a key that is kept in place.
const SHORT: usize = 15;

/// The mark of a long key, where short ones have their length.
const LONG: u8 = u8::MAX;

/// Distinct keys, numbered from 0 in the order in which they came.
///
/// A map of boxed texts takes twice the memory and an allocation for each key. The hash is seeded, as files from outside
/// may hold keys made to collide.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    /// The bytes of the long keys.
    long: Vec<u8>,
    /// Numbers of keys by their hash, with linear probing; a power of two of them.
    slots: Vec<u32>,
    hasher: RandomState,
}

/// A short key and its length, or the place and the length of a long one: one access to memory tells keys apart.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Key([u8; SHORT + 1]);

impl Key {
    fn short(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT + 1];
        bytes[..SHORT].get_mut(..key.len())?.copy_from_slice(key);
        bytes[SHORT] = key.len() as u8;
        Some(Self(bytes))
    }

    fn long(start: usize, length: usize) -> Option<Self> {
        let mut bytes = [LONG; SHORT + 1];
        bytes[..8].copy_from_slice(&(start as u64).to_le_bytes());
        bytes[8..12].copy_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
        Some(Self(bytes))
    }

    fn bytes<'a>(&'a self, long: &'a [u8]) -> &'a [u8] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, _, _, _, length] = self.0;
        if length != LONG {
            return &self.0[..usize::from(length)];
        }
        let start = u64::from_le_bytes([a, b, c, d, e, f, g, h]) as usize;
        &long[start..start + u32::from_le_bytes([i, j, k, l]) as usize]
    }
}

impl Keys {
    /// Returns the number of distinct keys.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns the key of a number below [`Self::len`].
    pub(crate) fn get(&self, number: usize) -> &[u8] {
        self.keys[number].bytes(&self.long)
    }

    /// Returns the number of a key that has one.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let number = self.slots[self.slot(key)];
        (number != FREE).then_some(number as usize)
    }

    /// Returns the number of a key, and gives it the next one if it is new; `None` if no number is left.
    pub(crate) fn number(&mut self, key: &[u8]) -> Option<usize> {
        if self.keys.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot(key);
        if self.slots[slot] != FREE {
            return Some(self.slots[slot] as usize);
        }
        let next = u32::try_from(self.keys.len()).ok().filter(|n| *n < FREE)?;
        let kept = match Key::short(key) {
            Some(kept) => kept,
            None => {
                let kept = Key::long(self.long.len(), key.len())?;
                self.long.extend_from_slice(key);
                kept
            }
        };
        self.slots[slot] = next;
        self.keys.push(kept);
        Some(next as usize)
    }

    /// Returns the slot of a key: its own, or the free one where it belongs.
    fn slot(&self, key: &[u8]) -> usize {
        let short = Key::short(key);
        self.probe(key, |number| match short {
            Some(short) => self.keys[number] == short,
            None => self.get(number) == key,
        })
    }

    /// Returns the first slot from a key's own that is free, or whose number `is_it`.
    fn probe(&self, key: &[u8], is_it: impl Fn(usize) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(key) as usize & mask;
        loop {
            let number = self.slots[slot];
            if number == FREE || is_it(number as usize) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Doubles the slots.
    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(8);
        self.slots.clear();
        self.slots.resize(size, FREE);
        for number in 0..self.keys.len() {
            let slot = self.probe(self.get(number), |_| false);
            self.slots[slot] = number as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_a_map(keys in prop::collection::vec("[a-c]{0,3}|[ab]{14,18}", 0..200)) {
            let mut map: HashMap<&str, usize> = HashMap::new();
            let mut found = Keys::default();
            for key in &keys {
                let next = map.len();
                let expected = *map.entry(key).or_insert(next);
                prop_assert_eq!(found.number(key.as_bytes()), Some(expected));
            }
            prop_assert_eq!(found.len(), map.len());
            for (key, number) in map {
                prop_assert_eq!(found.get(number), key.as_bytes());
                prop_assert_eq!(found.find(key.as_bytes()), Some(number));
            }
            prop_assert_eq!(found.find(b"d"), None);
        }
    }
}
