import { color, element, percent } from "./elements.js";

/** Returns the words for what leaves doubt about a face, empty if nothing does. */
export function doubt({ uncertain, shows_other, label_set: labels, emotion }) {
  if (shows_other) return "another expression";
  if (!uncertain) return "";
  if (labels.length === 0) return "not sure: none of the four fits";
  const others = labels.filter((label) => label !== emotion);
  return others.length === labels.length ? `not sure: perhaps ${others.join(" or ")}` : `not sure: ${[emotion, ...others].join(" or ")}`;
}

/** Returns what is shown of a face: in a video the smoothed probabilities, which do not flicker, and the label that leads them. */
function shown(face) {
  const probabilities = face.smoothed ?? face.probabilities;
  const [emotion, confidence] = Object.entries(probabilities).reduce((best, next) => (next[1] > best[1] ? next : best));
  return { emotion, confidence, probabilities };
}

/** Makes the list entry of a face: number, answer, doubt and a bar for each label. */
export function faceEntry(face, name) {
  const { emotion, confidence, probabilities } = shown(face);
  const bars = Object.entries(probabilities).flatMap(([label, share]) => [
    element("dt", { class: label }, label),
    element("dd", { class: "bar", "aria-hidden": "true" }, element("i", { "--share": `${100 * share}%`, "--color": color(label) })),
    element("dd", { class: "value" }, percent(share)),
  ]);
  const answer = element(
    "div",
    { class: "answer" },
    element("span", { class: "number" }, name),
    element("b", { class: emotion }, emotion),
    percent(confidence),
    element("span", { class: "doubt" }, doubt(face)),
  );
  return element("li", {}, answer, element("dl", { class: "bars" }, ...bars));
}

/** Makes the boxes of faces over an image of `width` by `height` pixels. */
export function boxes(faces, width, height, nameOf) {
  const framed = faces.map((face, index) => ({ face, name: nameOf(face, index) })).filter(({ face }) => face.box);
  return framed.map(({ face, name }) => {
    const [x, y, w, h] = face.box;
    const place = { left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%`, width: `${(100 * w) / width}%`, height: `${(100 * h) / height}%` };
    return element("div", { class: "box", "aria-hidden": "true", ...place, "--color": color(shown(face).emotion) }, element("span", {}, name));
  });
}
