import { FerError } from "./error.js";

let canvas;

/**
 * Reads RGBA pixels from what a page has: `ImageData`, a `Blob` or `File` of an image, a canvas, an image or video element, an
 * `ImageBitmap` or a `VideoFrame`.
 */
export async function pixelsOf(source, module) {
  if (typeof Blob !== "undefined" && source instanceof Blob) return decode(source, module);
  if (source?.data instanceof Uint8ClampedArray) return source;
  const { width, height } = sizeOf(source);
  refuseHuge(width, height, module.about);
  return draw(source, width, height);
}

async function decode(blob, module) {
  if (blob.size > module.about.maxFileBytes) {
    throw new FerError("image_too_large", `the image file has more than ${module.about.maxFileBytes} bytes, the most that are read`);
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  module.request("fer_check_file", [bytes]);
  let bitmap;
  try {
    // The stored values, as the command reads them: neither converted to the screen's colors nor multiplied by alpha.
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    return module.request("fer_undecodable", [bytes]);
  }
  try {
    refuseHuge(bitmap.width, bitmap.height, module.about);
    return draw(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

function draw(source, width, height) {
  canvas ??= typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new FerError("image_too_large", `the browser has no canvas of ${width}x${height} pixels`);
  // Transparent pixels would leave the last image visible.
  context.globalCompositeOperation = "copy";
  context.drawImage(source, 0, 0);
  try {
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new FerError("permission_denied", `the pixels cannot be read: ${error.message}`);
  }
}

function sizeOf(source) {
  const width = source?.displayWidth ?? source?.videoWidth ?? source?.naturalWidth ?? source?.width;
  const height = source?.displayHeight ?? source?.videoHeight ?? source?.naturalHeight ?? source?.height;
  if (typeof width !== "number" || typeof height !== "number") {
    throw new FerError("invalid_argument", "expected ImageData, a Blob, a canvas, an image or a video");
  }
  if (width === 0 || height === 0) throw new FerError("invalid_image", `the image is empty: ${width}x${height} pixels`);
  return { width, height };
}

function refuseHuge(width, height, { maxImageSide, maxImagePixels }) {
  if (Math.max(width, height) > maxImageSide || width * height > maxImagePixels) {
    throw new FerError(
      "image_too_large",
      `the image of ${width}x${height} is too large: at most ${maxImageSide} pixels a side and ${maxImagePixels} in all`,
    );
  }
}
