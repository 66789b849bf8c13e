import { WorkerAnalyzer } from "../js/remote.js";
import { chosenFiles, droppedFiles, isImage, isVideo } from "./dropped.js";
import { byId } from "./elements.js";
import { PhotoPanel } from "./photos.js";
import { Table, photoRows } from "./table.js";
import { VideoPanel } from "./video.js";

const photos = new PhotoPanel(byId("photo-panel"));
const video = new VideoPanel();
const table = new Table();
let analyzer;
let loading = Promise.resolve();
let stopped = false;

const say = (text) => (byId("status").textContent = text);
const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/** Returns the bytes of an element. A loop, since `Uint8Array.from` takes half a second for a model. */
function embedded(id) {
  const text = byId(id).textContent;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = characters.charCodeAt(place);
  return bytes;
}

/** Starts a worker from the source on this page: a page from a disk cannot load another file. */
function startWorker() {
  const url = URL.createObjectURL(new Blob([byId("worker-source").textContent], { type: "text/javascript" }));
  // Chromium starts no module worker for a page from a disk.
  const worker = new Worker(url);
  return { worker, revoke: () => URL.revokeObjectURL(url) };
}

async function load() {
  analyzer?.close();
  analyzer = undefined;
  const { worker, revoke } = startWorker();
  try {
    analyzer = await WorkerAnalyzer.create({ worker, wasm: embedded("data-module"), model: embedded(`data-${byId("model").value}`) });
  } finally {
    revoke();
  }
}

/** Runs one piece of work at a time; buttons that would begin another are off meanwhile. */
async function busy(work) {
  const controls = ["choose-photos", "choose-folder", "choose-video", "model"].map(byId);
  controls.forEach((control) => (control.disabled = true));
  stopped = false;
  byId("stop").hidden = false;
  byId("clear").hidden = true;
  try {
    // A model that was just chosen may be on its way.
    await loading;
    if (analyzer) await work();
  } catch (error) {
    say(error.message);
  } finally {
    controls.forEach((control) => (control.disabled = false));
    byId("stop").hidden = true;
    byId("progress").hidden = true;
    byId("clear").hidden = byId("table-panel").hidden;
  }
}

function progress(share) {
  byId("progress").hidden = false;
  byId("progress").value = share;
}

async function lookAtPhotos(files) {
  let [faces, failures, done] = [0, 0, 0];
  for (const { file, path } of files) {
    if (stopped) break;
    const outcome = await analyzer.analyze(file).then(
      (result) => ({ result }),
      (error) => ({ error }),
    );
    photos.show(file, path, outcome);
    const { result, error } = outcome;
    table.add(photoRows(path, outcome), { path, error: error ? { kind: error.kind, message: error.message } : null, ...(result ?? { faces: [] }) });
    faces += result?.faces.length ?? 0;
    failures += error ? 1 : 0;
    progress(++done / files.length);
    say(`${done} of ${files.length}`);
  }
  const failed = failures ? `, ${failures} not readable` : "";
  say(`${count(faces, "face", "faces")} in ${count(done - failures, "photo", "photos")}${failed}.`);
}

async function lookAtVideo({ file }) {
  say(`Looking at ${file.name} …`);
  await video.file(file, await analyzer.stream(), table, progress);
  say(stopped ? "Stopped." : `${file.name}: done.`);
}

async function lookThroughCamera() {
  byId("camera").setAttribute("aria-pressed", "true");
  byId("camera").textContent = "Switch the camera off";
  try {
    let said = 0;
    await video.camera(await analyzer.stream(), table, (rate) => {
      // A screen reader reads each change: seldom.
      if (performance.now() - said < 5000) return;
      said = performance.now();
      say(`Camera on, ${Math.round(rate)} frames per second.`);
    });
    say("Camera off.");
  } catch (error) {
    say(error.name === "NotAllowedError" ? "The camera was not allowed." : error.message);
  } finally {
    byId("camera").setAttribute("aria-pressed", "false");
    byId("camera").textContent = "Switch the camera on";
  }
}

async function lookAt(found) {
  const videos = found.filter(({ file }) => isVideo(file));
  // Of a folder only what looks like an image; of files that were named one by one, each.
  const inFolder = found.some(({ path }) => path.includes("/"));
  const images = found.filter(({ file }) => !isVideo(file) && (!inFolder || isImage(file)));
  if (!videos.length && !images.length) return say("No photo and no video among these files.");
  await busy(async () => {
    if (images.length) await lookAtPhotos(images);
    for (const one of videos) if (!stopped) await lookAtVideo(one);
  });
}

function stop() {
  stopped = true;
  video.stop();
}

function clear() {
  photos.clear();
  video.clear();
  table.clear();
  byId("clear").hidden = true;
  say("Ready.");
}

function connect() {
  for (const [button, input] of [["choose-photos", "photos"], ["choose-folder", "folder"], ["choose-video", "video-file"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", async ({ target }) => {
      const files = chosenFiles(target);
      await lookAt(files);
      target.value = "";
    });
  }
  byId("camera").addEventListener("click", ({ target }) => {
    if (target.getAttribute("aria-pressed") === "true") stop();
    else if (byId("stop").hidden) busy(lookThroughCamera);
  });
  byId("stop").addEventListener("click", stop);
  byId("clear").addEventListener("click", clear);
  byId("model").addEventListener("change", start);
  const area = document.documentElement;
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    byId("inputs").classList.add("over");
  });
  area.addEventListener("dragleave", () => byId("inputs").classList.remove("over"));
  area.addEventListener("drop", async (event) => {
    event.preventDefault();
    byId("inputs").classList.remove("over");
    if (byId("stop").hidden) await lookAt(await droppedFiles(event.dataTransfer));
  });
}

/** Loads the chosen model after any that is on its way. */
function start() {
  delete document.documentElement.dataset.ready;
  loading = loading.then(loadChosen);
  return loading;
}

async function loadChosen() {
  say("Loading …");
  try {
    await load();
    document.documentElement.dataset.ready = byId("model").value;
    say("Ready.");
  } catch (error) {
    say(`This browser cannot run the page: ${error.message}`);
  }
}

connect();
await start();
