import { FerError } from "./error.js";

// Written out one by one so that bundlers find the files and copy them.
const FILES = {
  module: () => new URL("./fer.wasm", import.meta.url),
  crowd: () => new URL("./crowd.model", import.meta.url),
  folder: () => new URL("./folder.model", import.meta.url),
};

/** The names of the models that come with the package, the default first. */
export const MODELS = ["crowd", "folder"];

/** Begins the files of the built-in models: after it the bytes at even places, then those at odd ones. Their numbers have 16 bits, and compressed they take 7 % less so. */
const SPLIT = "fer split model\n";

/** Returns the content of a model: one of `MODELS`, a URL, a `Blob` or bytes. */
export async function modelBytes(model = MODELS[0]) {
  if (typeof model === "string" && !MODELS.includes(model)) {
    throw new FerError("unknown_model", `no model is named ${JSON.stringify(model)}: expected ${MODELS.join(" or ")}, a URL or bytes`);
  }
  return joined(await bytesOf(typeof model === "string" ? FILES[model]() : model));
}

/** Returns the content of a split file in its own order, and that of any other as it is. */
function joined(bytes) {
  if (new TextDecoder().decode(bytes.subarray(0, SPLIT.length)) !== SPLIT) return bytes;
  const content = bytes.subarray(SPLIT.length);
  const half = Math.ceil(content.length / 2);
  const whole = new Uint8Array(content.length);
  for (let place = 0; place < half; place++) {
    whole[2 * place] = content[place];
    // Of an odd number of bytes the last falls outside, where nothing is written.
    whole[2 * place + 1] = content[half + place];
  }
  return whole;
}

/** Returns the content of the WebAssembly module, or the compiled module that was given. */
export async function moduleSource(wasm = FILES.module()) {
  return wasm instanceof WebAssembly.Module ? wasm : bytesOf(wasm);
}

async function bytesOf(source) {
  if (source instanceof URL) return download(source);
  if (typeof Blob !== "undefined" && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  throw new FerError("invalid_argument", "expected a name, a URL, a Blob or bytes");
}

async function download(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new FerError("io", `cannot fetch ${url}: ${error.message}`);
  }
  if (!response.ok) throw new FerError(response.status === 404 ? "not_found" : "io", `cannot fetch ${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
