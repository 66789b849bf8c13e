//! Distinct keys of a table, in as little memory as they need.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::sync::LazyLock;

use foldhash::fast::SeedableRandomState;

/// The number of a free slot.
const FREE: u32 = u32::MAX;

/// The most bytes of a key that is kept in place.
const SHORT: usize = 15;

/// The mark of a long key, where short ones have their length.
const LONG: u8 = u8::MAX;

/// The hash of all tables. It is seeded, as files from outside may hold keys made to collide.
static HASHER: LazyLock<SeedableRandomState> = LazyLock::new(SeedableRandomState::random);

/// Distinct keys, each with a value, numbered from 0 in the order in which they came.
///
/// A map of boxed texts takes twice the memory and an allocation for each key. Keys that are short enough are kept in place
/// beside their values: one access to memory tells them apart and finds the value.
#[derive(Debug, Clone)]
pub(crate) struct Keys<V = ()> {
    entries: Vec<(Key, V)>,
    /// The bytes of the long keys.
    long: Vec<u8>,
    /// Numbers of keys by their hash, with linear probing; a power of two of them.
    slots: Vec<Slot>,
}

/// The number of a key, and its hash, which tells nearly all keys apart without a look at them.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    number: u32,
}

/// A short key and its length, or the place and the length of a long one.
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

/// A key that is looked up: its bytes in place if they are few, and its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShortKey {
    key: Key,
    hash: u32,
}

impl ShortKey {
    /// Returns the key of a few bytes; `None` for more.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let key = Key::short(bytes)?;
        let hash = HASHER.hash_one(u128::from_le_bytes(key.0)) as u32;
        Some(Self { key, hash })
    }
}

impl<V> Default for Keys<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            long: Vec::new(),
            slots: Vec::new(),
        }
    }
}

impl<V: Default> Keys<V> {
    /// Returns the number of distinct keys.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the key of a number below [`Self::len`].
    pub(crate) fn get(&self, number: usize) -> &[u8] {
        self.entries[number].0.bytes(&self.long)
    }

    /// Returns the value of a number below [`Self::len`].
    pub(crate) fn value(&self, number: usize) -> &V {
        &self.entries[number].1
    }

    /// Returns the value of a number below [`Self::len`].
    pub(crate) fn value_mut(&mut self, number: usize) -> &mut V {
        &mut self.entries[number].1
    }

    /// Returns the number of a key that has one.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let slot = match ShortKey::new(key) {
            Some(key) => self.short_slot(&key),
            None => self.long_slot(key),
        };
        let number = self.slots[slot].number;
        (number != FREE).then_some(number as usize)
    }

    /// Returns the number of a key, and gives it the next one if it is new; `None` if no number is left.
    pub(crate) fn number(&mut self, key: &[u8]) -> Option<usize> {
        if let Some(short) = ShortKey::new(key) {
            return self.number_short(&short);
        }
        self.make_room();
        let slot = self.long_slot(key);
        if self.slots[slot].number != FREE {
            return Some(self.slots[slot].number as usize);
        }
        let kept = Key::long(self.long.len(), key.len())?;
        let number = self.add(slot, long_hash(key), kept)?;
        self.long.extend_from_slice(key);
        Some(number)
    }

    /// Does the same for a key that is short.
    pub(crate) fn number_short(&mut self, key: &ShortKey) -> Option<usize> {
        self.make_room();
        let slot = self.short_slot(key);
        match self.slots[slot].number {
            FREE => self.add(slot, key.hash, key.key),
            number => Some(number as usize),
        }
    }

    /// Brings the slot of a key into the cache. A processor fetches many lines at once where none waits for another: a lookup
    /// by itself waits for its slot, then for its entry.
    pub(crate) fn fetch_slot(&self, key: &ShortKey) {
        if let Some(mask) = self.slots.len().checked_sub(1) {
            black_box(self.slots[key.hash as usize & mask].number);
        }
    }

    /// Brings the entry of a key whose slot was fetched into the cache.
    pub(crate) fn fetch_entry(&self, key: &ShortKey) {
        if let Some(mask) = self.slots.len().checked_sub(1) {
            let number = self.slots[key.hash as usize & mask].number as usize;
            black_box(self.entries.get(number).map(|(key, _)| key.0[0]));
        }
    }

    /// Returns the numbers in the order of the keys.
    pub(crate) fn ordered(&self) -> Vec<u32> {
        let keys = || (0..self.len()).map(|number| self.get(number));
        let first = keys().next().unwrap_or_default();
        let common = keys().fold(first.len(), |common, key| {
            let same = first.iter().zip(key).take(common);
            same.take_while(|(a, b)| a == b).count()
        });
        // The next eight bytes tell nearly all keys apart.
        let mut order: Vec<(u64, u32)> = keys()
            .zip(0..)
            .map(|(key, number)| {
                let mut next = [0; 8];
                for (byte, of_key) in next.iter_mut().zip(&key[common..]) {
                    *byte = *of_key;
                }
                (u64::from_be_bytes(next), number)
            })
            .collect();
        order.sort_unstable_by(|(a, x), (b, y)| {
            let whole = || self.get(*x as usize).cmp(self.get(*y as usize));
            a.cmp(b).then_with(whole)
        });
        order.into_iter().map(|(_, number)| number).collect()
    }

    fn add(&mut self, slot: usize, hash: u32, key: Key) -> Option<usize> {
        let number = u32::try_from(self.entries.len())
            .ok()
            .filter(|n| *n < FREE)?;
        self.slots[slot] = Slot { hash, number };
        self.entries.push((key, V::default()));
        Some(number as usize)
    }

    fn short_slot(&self, key: &ShortKey) -> usize {
        self.probe(key.hash, |number| self.entries[number].0 == key.key)
    }

    fn long_slot(&self, key: &[u8]) -> usize {
        self.probe(long_hash(key), |number| self.get(number) == key)
    }

    /// Returns the first slot from a hash's own that is free, or has the hash and a number that `is_it`.
    fn probe(&self, hash: u32, is_it: impl Fn(usize) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.number == FREE || (slot.hash == hash && is_it(slot.number as usize)) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    /// Doubles the slots if three of four are taken.
    fn make_room(&mut self) {
        if self.entries.len() * 4 < self.slots.len() * 3 {
            return;
        }
        let free = Slot {
            hash: 0,
            number: FREE,
        };
        let size = (2 * self.slots.len()).max(8);
        let old = std::mem::replace(&mut self.slots, vec![free; size]);
        for slot in old.into_iter().filter(|slot| slot.number != FREE) {
            let place = self.probe(slot.hash, |_| false);
            self.slots[place] = slot;
        }
    }
}

fn long_hash(key: &[u8]) -> u32 {
    HASHER.hash_one(key) as u32
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
            let mut found: Keys<u8> = Keys::default();
            for key in &keys {
                let next = map.len();
                let expected = *map.entry(key).or_insert(next);
                if let Some(short) = ShortKey::new(key.as_bytes()) {
                    found.fetch_slot(&short);
                    found.fetch_entry(&short);
                }
                prop_assert_eq!(found.number(key.as_bytes()), Some(expected));
                *found.value_mut(expected) += 1;
            }
            prop_assert_eq!(found.len(), map.len());
            for (key, number) in map {
                prop_assert_eq!(found.get(number), key.as_bytes());
                prop_assert_eq!(found.find(key.as_bytes()), Some(number));
                let times = keys.iter().filter(|other| *other == key).count();
                prop_assert_eq!(usize::from(*found.value(number)), times);
            }
            prop_assert_eq!(found.find(b"d"), None);
            let ordered = found.ordered();
            let ordered: Vec<&[u8]> = ordered.iter().map(|number| found.get(*number as usize)).collect();
            let mut sorted = ordered.clone();
            sorted.sort_unstable();
            prop_assert_eq!(ordered, sorted);
        }
    }
}
