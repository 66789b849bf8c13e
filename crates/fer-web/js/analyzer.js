import { modelBytes, moduleSource } from "./files.js";
import { Module } from "./module.js";
import { pixelsOf } from "./pixels.js";

const bytesOfJson = (value) => new TextEncoder().encode(JSON.stringify(value));
const bytesOfPixels = ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Finds the faces of images and predicts their apparent expressions, on the calling thread. */
export class Analyzer {
  #module;
  #handle;

  /** Loads the module and a model; see `AnalyzerOptions` in index.d.ts. */
  static async create({ model, wasm, ...options } = {}) {
    const [source, weights] = await Promise.all([moduleSource(wasm), modelBytes(model)]);
    const module = await Module.load(source);
    const settings = bytesOfJson(options);
    return new Analyzer(module, module.request("fer_open_analyzer", [settings, weights], settings.byteLength));
  }

  /** Use `Analyzer.create`. */
  constructor(module, handle) {
    this.#module = module;
    this.#handle = handle;
  }

  /** The labels, in the order of every list of them. */
  get emotions() {
    return this.#module.about.emotions;
  }

  /** Finds the faces of an image, the largest first. */
  async analyze(source) {
    const pixels = await pixelsOf(source, this.#module);
    return this.#module.request("fer_analyze", [bytesOfPixels(pixels)], this.#handle, pixels.width, pixels.height);
  }

  /** Starts to follow people through the frames of one video. */
  stream(options = {}) {
    const handle = this.#module.request("fer_open_stream", [bytesOfJson(options)], this.#handle);
    return new FaceStream(this.#module, handle);
  }

  /** Lets the memory of the model go. */
  close() {
    this.#module.close(this.#handle);
  }
}

/** Follows people through the frames of one video; made by `Analyzer.stream`. */
export class FaceStream {
  #module;
  #handle;

  constructor(module, handle) {
    this.#module = module;
    this.#handle = handle;
  }

  /** Finds the faces of the next frame, taken at `time` seconds, and whose they are. */
  async push(time, source) {
    const pixels = await pixelsOf(source, this.#module);
    return this.#module.request("fer_push_frame", [bytesOfPixels(pixels)], this.#handle, time, pixels.width, pixels.height);
  }

  /** Forgets the people. */
  close() {
    this.#module.close(this.#handle);
  }
}
