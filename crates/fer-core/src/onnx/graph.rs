//! ONNX graphs: nodes, tensors and the types of inputs and outputs, as messages of `onnx.proto`
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use super::protobuf::Message;

/// The type of a tensor's elements, by its number in `TensorProto.DataType`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Element {
    Float = 1,
    Byte = 2,
    Int64 = 7,
}

/// An attribute of a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
}

/// A graph under construction: a chain in which each node takes the output of the one before it.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    tensors: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
    names: usize,
}

impl Graph {
    /// Adds a node with one output of the given name.
    pub(super) fn node_named(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
        output: &str,
    ) {
        let mut node = Message::default();
        for input in inputs {
            node = node.text(1, input);
        }
        node = node.text(2, output).text(3, output).text(4, operator);
        for (name, value) in attributes {
            node = node.message(5, &attribute(name, *value));
        }
        self.nodes.push(node);
    }

    /// Adds a node and returns the name of its output.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        self.names += 1;
        let output = format!("{operator}.{}", self.names);
        self.node_named(operator, inputs, attributes, &output);
        output
    }

    /// Adds a constant tensor and returns its name.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.tensor(name, Element::Float, shape, &bytes.collect::<Vec<u8>>())
    }

    /// Adds a constant of one dimension and returns its name.
    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        let shape = [values.len()];
        self.tensor(name, Element::Int64, &shape, &bytes.collect::<Vec<u8>>())
    }

    /// Declares an input of any number of items.
    pub(super) fn input(&mut self, name: &str, element: Element, item: &[usize]) {
        self.inputs.push(value_type(name, element, item));
    }

    /// Declares an output of as many items as the inputs have.
    pub(super) fn output(&mut self, name: &str, element: Element, item: &[usize]) {
        self.outputs.push(value_type(name, element, item));
    }

    pub(super) fn into_message(self, name: &str) -> Message {
        Message::default()
            .messages(1, &self.nodes)
            .text(2, name)
            .messages(5, &self.tensors)
            .messages(11, &self.inputs)
            .messages(12, &self.outputs)
    }

    fn tensor(&mut self, name: &str, element: Element, shape: &[usize], bytes: &[u8]) -> String {
        let tensor = Message::default()
            .ints(1, shape.iter().map(|&size| size as i64))
            .int(2, element as i64)
            .text(8, name)
            .bytes(9, bytes);
        self.tensors.push(tensor);
        name.to_owned()
    }
}

fn attribute(name: &str, value: Attribute<'_>) -> Message {
    /// The numbers of the types in `AttributeProto.AttributeType`.
    const INT: i64 = 2;
    const INTS: i64 = 7;
    let attribute = Message::default().text(1, name);
    match value {
        Attribute::Int(value) => attribute.int(3, value).int(20, INT),
        Attribute::Ints(values) => attribute.ints(8, values.iter().copied()).int(20, INTS),
    }
}

/// The name and type of `[N, item..]`.
fn value_type(name: &str, element: Element, item: &[usize]) -> Message {
    let any = Message::default().text(2, "N");
    let sizes = item
        .iter()
        .map(|&size| Message::default().int(1, size as i64));
    let dimensions: Vec<Message> = std::iter::once(any).chain(sizes).collect();
    let shape = Message::default().messages(1, &dimensions);
    let tensor = Message::default().int(1, element as i64).message(2, &shape);
    Message::default()
        .text(1, name)
        .message(2, &Message::default().message(1, &tensor))
}
