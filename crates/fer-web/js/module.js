import { FerError } from "./error.js";

/** One instance of the WebAssembly module: requests in bytes, answers in JSON. */
export class Module {
  #exports;
  /** Names and limits: `version`, `emotions`, `maxImageSide`, `maxImagePixels`, `maxFileBytes`. */
  about;

  /** Compiles the module of `bytes`, or takes one that is compiled already. */
  static async load(source) {
    const compiled = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    return new Module(await WebAssembly.instantiate(compiled, {}));
  }

  constructor(instance) {
    this.#exports = instance.exports;
    this.about = this.request("fer_about");
  }

  /** Makes a request about `parts`, joined, and returns its answer; throws a `FerError`. */
  request(name, parts = [], ...values) {
    if (!this.#exports) {
      throw new FerError("compute", "the module broke down before: create another analyzer");
    }
    try {
      this.#write(parts);
      return this.#read(this.#exports[name](...values));
    } catch (error) {
      if (error instanceof FerError) throw error;
      // A trap leaves the module in no defined state.
      this.#exports = undefined;
      throw new FerError("compute", `the module broke down: ${error.message}`);
    }
  }

  close(handle) {
    this.#exports?.fer_close(handle);
  }

  #write(parts) {
    const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
    let start = this.#exports.fer_input(length) >>> 0;
    for (const part of parts) {
      new Uint8Array(this.#exports.memory.buffer, start, part.byteLength).set(part);
      start += part.byteLength;
    }
  }

  #read(length) {
    const start = this.#exports.fer_output() >>> 0;
    const text = new TextDecoder().decode(new Uint8Array(this.#exports.memory.buffer, start, length));
    const { ok, error } = JSON.parse(text);
    if (error) throw new FerError(error.kind, error.message);
    return ok;
  }
}
