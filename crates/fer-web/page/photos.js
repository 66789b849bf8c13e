import { boxes, faceEntry } from "./faces.js";
import { element } from "./elements.js";

/** Photos shown at most; the table has all. */
const MOST_CARDS = 200;

/** Shows what became of each photo, in cards. */
export class PhotoPanel {
  #panel;
  #urls = [];

  constructor(panel) {
    this.#panel = panel;
  }

  show(file, name, { result, error }) {
    this.#panel.hidden = false;
    if (this.#panel.childElementCount >= MOST_CARDS) return;
    this.#panel.append(error ? failureCard(name, error) : this.#card(file, name, result));
  }

  clear() {
    this.#panel.replaceChildren();
    this.#panel.hidden = true;
    this.#urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  }

  #card(file, name, { width, height, faces }) {
    const url = URL.createObjectURL(file);
    this.#urls.push(url);
    const image = element("img", { src: url, alt: `${name}: ${summary(faces)}`, loading: "lazy", decoding: "async" });
    // Reserves the place before the image is loaded.
    Object.assign(image, { width, height });
    const stage = element("div", { class: "stage" }, image, ...boxes(faces, width, height, (_, index) => String(index + 1)));
    const list = element("ul", { class: "faces" }, ...faces.map((face, index) => faceEntry(face, `face ${index + 1}`)));
    const below = faces.length ? list : element("p", {}, "No face found.");
    return element("article", { class: "card" }, element("div", { class: "frame" }, stage), element("h3", {}, name), below);
  }
}

function failureCard(name, error) {
  return element("article", { class: "card" }, element("h3", {}, name), element("p", { class: "error" }, error.message));
}

function summary(faces) {
  if (!faces.length) return "no face";
  return faces.map(({ emotion }, index) => `face ${index + 1} ${emotion}`).join(", ");
}
