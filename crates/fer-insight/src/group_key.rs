//! Keys of groups.

/// The values of a group as one sequence of bytes that no other values give.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupKey(Vec<u8>);

impl GroupKey {
    /// Leaves no value.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends the value of the next column: its length, so that values with any content stay apart, and its text.
    pub(crate) fn push(&mut self, value: &str) {
        self.0
            .extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    /// Returns the key of a group.
    pub(crate) fn of(values: &[&str]) -> Self {
        let mut key = Self::default();
        values.iter().for_each(|value| key.push(value));
        key
    }

    /// Returns the values, one for each column.
    pub(crate) fn values(&self) -> Vec<String> {
        let mut values = Vec::new();
        let mut rest = &self.0[..];
        while let Some((length, after)) = rest.split_first_chunk() {
            let (value, after) = after.split_at(u64::from_le_bytes(*length) as usize);
            values.push(String::from_utf8_lossy(value).into_owned());
            rest = after;
        }
        values
    }

    /// Returns the key of bytes that were one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Returns the bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
