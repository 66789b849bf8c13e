//! An ONNX file of whatever model file is read: its parts have the lengths that it states.
#![no_main]

use fer_core::{Classifier, Priors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(classifier) = Classifier::from_bytes(bytes) else {
        return;
    };
    for priors in [Priors::Natural, Priors::Uniform] {
        let onnx = classifier.model().to_onnx(priors).unwrap();
        let again = classifier.model().to_onnx(priors).unwrap();
        assert!(onnx == again);
        let fields = read_fields(&onnx).expect("a message");
        assert_eq!(fields.iter().filter(|(number, _)| *number == GRAPH).count(), 1);
        let graph = fields.iter().find(|(number, _)| *number == GRAPH).unwrap().1;
        let nodes = read_fields(graph).expect("a graph");
        for (_, node) in nodes.iter().filter(|(number, _)| *number == NODE) {
            assert!(!read_fields(node).expect("a node").is_empty());
        }
    }
});

/// Fields of `ModelProto` and `GraphProto`.
const GRAPH: u64 = 7;
const NODE: u64 = 1;

/// Splits a protobuf message into the numbers and contents of its fields.
fn read_fields(mut message: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = read_varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                read_varint(&mut message)?;
                0
            }
            1 => 8,
            2 => usize::try_from(read_varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = message.split_at_checked(length)?;
        fields.push((key >> 3, content));
        message = rest;
    }
    Some(fields)
}

fn read_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
