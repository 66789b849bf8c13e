import { boxes, faceEntry } from "./faces.js";
import { byId, element } from "./elements.js";
import { frameRows } from "./table.js";
import { Timeline } from "./timeline.js";

/** Frames of a video file looked at per second, as the command does. */
const FRAMES_PER_SECOND = 10;

/** Plays a video file or a camera through a stream, and shows people, timeline and rows. */
export class VideoPanel {
  #video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
  #canvas = element("canvas", { role: "img", "aria-label": "the video" });
  #stage = element("div", { class: "stage" }, this.#canvas);
  #seen = [];
  #stopped = false;
  #turns = 0;
  #timeline;

  constructor() {
    byId("scrub").addEventListener("input", ({ target }) => this.#showTime(Number(target.value)));
  }

  /** Looks at a file from beginning to end; `report` is called with the share that is done. */
  async file(file, stream, table, report) {
    const url = URL.createObjectURL(file);
    try {
      this.#open({ src: url });
      await event(this.#video, "loadeddata");
      const { duration } = this.#video;
      this.#timeline = new Timeline(byId("timeline"), duration);
      for (let frame = 0; frame / FRAMES_PER_SECOND < duration && !this.#stopped; frame++) {
        const time = frame / FRAMES_PER_SECOND;
        await this.#seek(time);
        this.#seen.push({ time, ...(await this.#look(time, stream, table, file.name)) });
        report(Math.min(1, (time + 1 / FRAMES_PER_SECOND) / duration));
      }
      this.#offerScrubbing(duration);
    } finally {
      await stream.close();
    }
  }

  /** Looks at the frames of the camera until `stop`; `report` is called with the frames per second. */
  async camera(stream, table, report) {
    const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
    try {
      this.#open({ srcObject: camera });
      this.#timeline = new Timeline(byId("timeline"));
      await this.#video.play();
      const started = performance.now();
      const times = [];
      while (!this.#stopped) {
        await nextFrame(this.#video);
        const time = (performance.now() - started) / 1000;
        await this.#look(time, stream, table, "camera");
        times.push(time);
        if (times.length > 30) times.shift();
        if (times.length > 1) report((times.length - 1) / (time - times[0]));
      }
    } finally {
      camera.getTracks().forEach((track) => track.stop());
      await stream.close();
    }
  }

  stop() {
    this.#stopped = true;
  }

  clear() {
    this.stop();
    byId("video-panel").hidden = true;
    if (this.#video.src) URL.revokeObjectURL(this.#video.src);
    this.#video.removeAttribute("src");
    this.#video.srcObject = null;
    this.#seen = [];
  }

  #open(source) {
    this.clear();
    this.#stopped = false;
    Object.assign(this.#video, source);
    byId("scrub-label").hidden = true;
    byId("screen").replaceChildren(this.#stage);
    byId("screen-faces").replaceChildren();
    byId("timeline").replaceChildren();
    byId("video-panel").hidden = false;
  }

  /** Finds the faces of the frame that the video is at, shows them and returns them. */
  async #look(time, stream, table, name) {
    const bitmap = await snapshot(this.#video);
    this.#paint(bitmap);
    const { width, height, faces } = await stream.push(time, bitmap);
    this.#show(faces, width, height);
    this.#timeline.add(time, faces);
    table.add(frameRows(name, time, faces), { path: name, time, faces });
    return { faces, width, height };
  }

  #paint(image) {
    const { width, height } = image;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      Object.assign(this.#canvas, { width, height });
      this.#stage.style.setProperty("--aspect", width / height);
    }
    this.#canvas.getContext("2d").drawImage(image, 0, 0);
  }

  #show(faces, width, height) {
    const name = ({ person }) => `person ${person + 1}`;
    this.#stage.replaceChildren(this.#canvas, ...boxes(faces, width, height, ({ person }) => String(person + 1)));
    byId("screen-faces").replaceChildren(...faces.map((face) => faceEntry(face, name(face))));
  }

  #offerScrubbing(duration) {
    if (!this.#seen.length) return;
    Object.assign(byId("scrub"), { max: duration, value: this.#seen.at(-1).time });
    byId("scrub-label").hidden = false;
    this.#mark(this.#seen.at(-1).time);
  }

  async #showTime(time) {
    const { time: seen, faces, width, height } = this.#seen.reduce((best, next) => (Math.abs(next.time - time) < Math.abs(best.time - time) ? next : best));
    const turn = ++this.#turns;
    this.#mark(seen);
    await this.#seek(seen);
    const bitmap = await snapshot(this.#video);
    // The slider may have moved on meanwhile.
    if (turn !== this.#turns) return;
    this.#paint(bitmap);
    this.#show(faces, width, height);
  }

  #mark(time) {
    byId("scrub-time").value = `${time.toFixed(1)} s`;
    this.#timeline.mark(time);
  }

  async #seek(time) {
    if (this.#video.currentTime === time && this.#video.readyState >= 2) return;
    this.#video.currentTime = time;
    await event(this.#video, "seeked");
  }
}

function event(video, name) {
  return new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(`the browser cannot play this video: ${video.error?.message || "unknown format"}`)), { once: true });
  });
}

/** The frame that the video is at. Browsers have it a little later than they say so. */
async function snapshot(video) {
  for (let trials = 100; ; trials--) {
    try {
      return await createImageBitmap(video);
    } catch (error) {
      if (error.name !== "InvalidStateError" || trials === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function nextFrame(video) {
  if (video.requestVideoFrameCallback) return new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
