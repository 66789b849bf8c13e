const VIDEO = /\.(mp4|m4v|mov|webm|mkv|avi|ogv)$/i;
const IMAGE = /\.(jpe?g|png|webp|gif|bmp|avif|tiff?|heic|heif|p[bgnp]m)$/i;
// As `fer_core::is_junk`, which the command skips in folders.
const JUNK = ["@eaDir", "$RECYCLE.BIN", "__MACOSX", "Thumbs.db"];

export const isVideo = (file) => file.type.startsWith("video/") || VIDEO.test(file.name);
export const isImage = (file) => file.type.startsWith("image/") || IMAGE.test(file.name);

const isJunk = (name) => name.startsWith(".") || JUNK.includes(name);

/** Returns the files that were dropped, those in folders among them, each with its path. */
export async function droppedFiles({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

/** Returns the files of an `<input>`, each with its path. */
export function chosenFiles({ files }) {
  const all = [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return all.filter(({ path }) => !path.includes("/") || !path.split("/").some(isJunk));
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const inner of some) if (!isJunk(inner.name)) await walk(inner, found);
  }
}
