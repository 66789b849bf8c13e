//! The wire format of Protocol Buffers, as far as an ONNX file needs it
//! (<https://protobuf.dev/programming-guides/encoding>).

/// A message under construction: its fields in the order in which they are added.
#[derive(Debug, Clone, Default)]
pub(super) struct Message(Vec<u8>);

/// The wire types in use.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Delimited = 2,
}

impl Message {
    /// Adds an integer or the number of an enum's value.
    pub(super) fn int(mut self, field: u32, value: i64) -> Self {
        self.tag(field, Wire::Varint);
        // A negative number is written as its two's complement of 64 bits.
        self.varint(value.cast_unsigned());
        self
    }

    /// Adds integers of a field that is repeated and not packed.
    pub(super) fn ints(self, field: u32, values: impl IntoIterator<Item = i64>) -> Self {
        values
            .into_iter()
            .fold(self, |message, value| message.int(field, value))
    }

    /// Adds bytes.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.tag(field, Wire::Delimited);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// Adds a text.
    pub(super) fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    /// Adds a message.
    pub(super) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// Adds messages of a repeated field.
    pub(super) fn messages<'a>(
        self,
        field: u32,
        values: impl IntoIterator<Item = &'a Self>,
    ) -> Self {
        values
            .into_iter()
            .fold(self, |message, value| message.message(field, value))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, wire: Wire) {
        self.varint(u64::from(field) << 3 | wire as u64);
    }

    /// Appends seven bits per byte, the lowest first; the highest bit of a byte tells that another one follows.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's own description.
    #[test]
    fn fields_are_written_as_the_format_describes_them() {
        let message = |message: Message| message.into_bytes();
        assert_eq!(message(Message::default().int(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(
            message(Message::default().text(2, "testing")),
            b"\x12\x07testing"
        );
        let inner = Message::default().int(1, 150);
        assert_eq!(
            message(Message::default().message(3, &inner)),
            [0x1a, 0x03, 0x08, 0x96, 0x01]
        );
        assert_eq!(
            message(Message::default().int(1, -2)),
            [
                0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01
            ]
        );
        assert_eq!(message(Message::default().int(20, 0)), [0xa0, 0x01, 0x00]);
        assert_eq!(message(Message::default().ints(1, [1, 2])), [8, 1, 8, 2]);
    }
}
