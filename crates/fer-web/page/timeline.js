import { color, element, percent } from "./elements.js";

/** Seconds of a camera that the timeline shows. */
const LIVE_SECONDS = 30;
const WIDTH = 1000;
const HEIGHT = 100;
const SVG = "http://www.w3.org/2000/svg";

/** Draws each person's smoothed probabilities over time. */
export class Timeline {
  #place;
  #people = new Map();
  #end;
  #due = false;
  #cursor;

  /** `duration` in seconds; undefined for a camera. */
  constructor(place, duration) {
    this.#place = place;
    this.#end = duration;
    place.replaceChildren();
  }

  add(time, faces) {
    for (const { person, smoothed } of faces) {
      if (!this.#people.has(person)) this.#people.set(person, []);
      this.#people.get(person).push({ time, smoothed });
    }
    if (this.#end === undefined) this.#forget(time - LIVE_SECONDS);
    this.#drawSoon(time);
  }

  /** Marks the time that is on the screen. */
  mark(time) {
    this.#cursor = time;
    this.#drawSoon(time);
  }

  #forget(before) {
    for (const [person, points] of this.#people) {
      const kept = points.filter(({ time }) => time >= before);
      if (kept.length) this.#people.set(person, kept);
      else this.#people.delete(person);
    }
  }

  #drawSoon(now) {
    this.#now = now;
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => {
      this.#due = false;
      this.#draw();
    }, 200);
  }

  #now = 0;

  #draw() {
    const start = this.#end === undefined ? this.#now - LIVE_SECONDS : 0;
    const length = this.#end ?? LIVE_SECONDS;
    const x = (time) => (WIDTH * (time - start)) / length;
    const charts = [...this.#people].map(([person, points]) => this.#chart(person, points, x));
    this.#place.replaceChildren(...(charts.length ? [legend(), ...charts] : []));
  }

  #chart(person, points, x) {
    const labels = Object.keys(points[0].smoothed);
    const paths = labels.map((label) => svg("path", { d: pathOf(points, label, x), style: `--color: ${color(label)}` }));
    if (this.#cursor !== undefined) {
      paths.push(svg("line", { class: "cursor", x1: x(this.#cursor), x2: x(this.#cursor), y1: 0, y2: HEIGHT }));
    }
    const means = labels.map((label) => `${label} ${percent(points.reduce((sum, { smoothed }) => sum + smoothed[label], 0) / points.length)}`);
    const chart = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `Person ${person + 1} on average: ${means.join(", ")}` },
      ...paths,
    );
    return element("div", { class: "person" }, element("h3", {}, `Person ${person + 1}`), chart);
  }
}

/** A line through the points of a label; it breaks where the person was away. */
function pathOf(points, label, x) {
  let last = -Infinity;
  const steps = points.map(({ time, smoothed }) => {
    const move = time - last > 1 ? "M" : "L";
    last = time;
    return `${move}${x(time).toFixed(1)} ${(HEIGHT * (1 - smoothed[label])).toFixed(1)}`;
  });
  return steps.join("");
}

function legend() {
  const entries = ["happy", "sad", "neutral", "surprise"].map((label) => element("span", { class: label }, element("i", { "--color": color(label) }), label));
  return element("p", { class: "legend" }, ...entries);
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "style") made.style.setProperty(...value.split(": "));
    else made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}
