import { Analyzer } from "./analyzer.js";

const objects = new Map();
let numbers = 0;

const keep = (object) => {
  objects.set(++numbers, object);
  return numbers;
};

const requests = {
  create: async (options) => {
    const analyzer = await Analyzer.create(options);
    return { number: keep(analyzer), emotions: analyzer.emotions };
  },
  analyze: (number, source) => objects.get(number).analyze(source),
  stream: (number, options) => keep(objects.get(number).stream(options)),
  push: (number, time, source) => objects.get(number).push(time, source),
  close: (number) => {
    objects.get(number)?.close();
    objects.delete(number);
  },
};

// One request at a time, in order: frames of a stream must not overtake each other.
let last = Promise.resolve();

self.onmessage = ({ data: { id, name, values } }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ id, ok: await requests[name](...values) });
    } catch ({ kind = "compute", message }) {
      self.postMessage({ id, error: { kind, message } });
    } finally {
      for (const value of values) if (typeof ImageBitmap !== "undefined" && value instanceof ImageBitmap) value.close();
    }
  });
};
