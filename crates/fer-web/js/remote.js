import { FerError } from "./error.js";

/** An `Analyzer` in a worker, so that the page stays responsive: the same methods, all of them asynchronous. */
export class WorkerAnalyzer {
  #worker;
  #number;
  /** The labels, in the order of every list of them. */
  emotions;

  /** Starts a worker; takes the options of `Analyzer.create` and `worker`, a `Worker` that runs worker.js. */
  static async create({ worker, ...options } = {}) {
    const remote = new Remote(worker ?? new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
    try {
      return new WorkerAnalyzer(remote, await remote.request("create", [options]));
    } catch (error) {
      remote.terminate();
      throw error;
    }
  }

  /** Use `WorkerAnalyzer.create`. */
  constructor(remote, { number, emotions }) {
    this.#worker = remote;
    this.#number = number;
    this.emotions = emotions;
  }

  async analyze(source) {
    const sent = await transferable(source);
    return this.#worker.request("analyze", [this.#number, sent.value], sent.transfer);
  }

  async stream(options = {}) {
    return new WorkerStream(this.#worker, await this.#worker.request("stream", [this.#number, options]));
  }

  /** Ends the worker. */
  close() {
    this.#worker.terminate();
  }
}

/** A `FaceStream` in a worker; made by `WorkerAnalyzer.stream`. */
export class WorkerStream {
  #worker;
  #number;

  constructor(remote, number) {
    this.#worker = remote;
    this.#number = number;
  }

  async push(time, source) {
    const sent = await transferable(source);
    return this.#worker.request("push", [this.#number, time, sent.value], sent.transfer);
  }

  close() {
    return this.#worker.request("close", [this.#number]);
  }
}

/** Matches the answers of a worker to the requests. */
class Remote {
  #worker;
  #waiting = new Map();
  #ids = 0;

  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data: { id, ok, error } }) => {
      const { resolve, reject } = this.#waiting.get(id) ?? {};
      this.#waiting.delete(id);
      if (error) reject?.(new FerError(error.kind, error.message));
      else resolve?.(ok);
    };
    worker.onerror = (event) => this.#fail(`the worker broke down: ${event.message ?? "it cannot be loaded"}`);
  }

  request(name, values, transfer = []) {
    if (!this.#worker) return Promise.reject(new FerError("invalid_argument", "the analyzer was closed"));
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, values }, transfer);
    });
  }

  terminate() {
    this.#worker?.terminate();
    this.#fail("the analyzer was closed");
  }

  #fail(message) {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new FerError("compute", message));
    this.#waiting.clear();
  }
}

/** What can be sent to a worker: elements of the page become bitmaps, which change hands without a copy. */
async function transferable(source) {
  if (source instanceof Blob || source?.data instanceof Uint8ClampedArray) return { value: source, transfer: [] };
  try {
    const bitmap = source instanceof ImageBitmap ? source : await createImageBitmap(source);
    return { value: bitmap, transfer: [bitmap] };
  } catch (error) {
    throw new FerError("invalid_image", `the image cannot be read: ${error.message}`);
  }
}
