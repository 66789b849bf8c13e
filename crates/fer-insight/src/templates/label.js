"use strict";
(() => {
  const sheet = JSON.parse(document.getElementById("sheet").textContent);
  const shown = sheet.faces.map((face, index) => (face.image ? index : -1)).filter((index) => index >= 0);
  const titles = Object.fromEntries(sheet.labels.map((label) => [label.name, label.title]));
  const prefix = `fer-label:${sheet.digest}:`;
  const part = (id) => document.getElementById(id);

  // A face that is looked at longer than this was left alone.
  const LONGEST_SECONDS = 30;
  // Before there are answers to go by.
  const USUAL_SECONDS = 3;

  let rater = null;
  let answers = {}; // label by index of the face
  let order = []; // indices in the order of the answers, for undo
  let seconds = []; // time of each answer
  let since = 0;

  // ---- what the browser keeps --------------------------------------------------------------------------------------
  const kept = new Map();
  const memory = (() => {
    try {
      localStorage.setItem(prefix, "");
      localStorage.removeItem(prefix);
      return localStorage;
    } catch {
      part("memory").hidden = false;
      addEventListener("beforeunload", (event) => order.length && event.preventDefault());
      return null;
    }
  })();

  const read = (name) => {
    try {
      const state = JSON.parse(memory ? memory.getItem(prefix + name) : kept.get(name)) || {};
      const known = (state.order || []).filter((index) => shown.includes(index) && state.answers[index] in titles);
      return {
        order: known,
        answers: Object.fromEntries(known.map((index) => [index, state.answers[index]])),
        seconds: (state.seconds || []).slice(-known.length),
      };
    } catch {
      return { order: [], answers: {}, seconds: [] };
    }
  };

  const write = () => {
    const state = JSON.stringify({ order, answers, seconds });
    kept.set(rater, state);
    try {
      memory?.setItem(prefix + rater, state);
    } catch {
      part("memory").hidden = false;
    }
  };

  const raters = () => {
    const names = memory ? Object.keys(memory).filter((key) => key.startsWith(prefix)) : [];
    return [...new Set([...names.map((key) => key.slice(prefix.length)), ...kept.keys()])].filter(Boolean).sort();
  };

  // ---- what is on the page -----------------------------------------------------------------------------------------
  const current = () => shown.find((index) => !(index in answers));
  const say = (text) => (part("status").textContent = text);

  const timeLeft = () => {
    const recent = seconds.slice(-20).sort((a, b) => a - b);
    const each = recent.length < 5 ? USUAL_SECONDS : recent[Math.floor(recent.length / 2)];
    const left = (each * (shown.length - order.length)) / 60;
    return left < 1 ? "less than a minute left" : `about ${Math.round(left)} min left`;
  };

  const render = () => {
    const face = current();
    const working = rater !== null;
    const place = Math.min(order.length + 1, shown.length);
    part("start").hidden = working;
    part("work").hidden = !working || face === undefined;
    part("done").hidden = !working || face !== undefined;
    part("tools").hidden = !working;
    if (!working) return renderStart();
    part("progress").value = order.length;
    part("count").textContent = `Face ${place} of ${shown.length}`;
    part("left").textContent = timeLeft();
    part("who").textContent = `Labeled by ${rater}: ${order.length} of ${shown.length}`;
    part("undo").disabled = order.length === 0;
    part("last").textContent = order.length ? `(${titles[answers[order.at(-1)]]})` : "";
    part("save").classList.toggle("main", face === undefined);
    if (face === undefined) {
      part("thanks").focus();
    } else {
      part("face").src = sheet.faces[face].image;
      part("face").alt = `Face ${place} of ${shown.length}`;
    }
    since = performance.now();
  };

  const renderStart = () => {
    const names = raters();
    part("known").hidden = names.length === 0;
    part("raters").replaceChildren(
      ...names.map((name) => {
        const button = document.createElement("button");
        button.textContent = `${name} (${read(name).order.length} of ${shown.length})`;
        button.addEventListener("click", () => enter(name));
        return button;
      }),
    );
    part("rater").focus();
  };

  // ---- what people do ----------------------------------------------------------------------------------------------
  const enter = (name) => {
    rater = name.trim();
    if (!rater) {
      rater = null;
      say("Type a name first.");
      return part("rater").focus();
    }
    ({ order, answers, seconds } = read(rater));
    try {
      sessionStorage.setItem(prefix, rater);
    } catch {
      // Without it a reload asks for the name again.
    }
    say("");
    render();
    // The browser takes the focus off a hidden field only when it next draws: a key before that is an answer already.
    if (current() !== undefined) part("question").focus();
  };

  const answer = (label) => {
    const face = current();
    if (rater === null || face === undefined) return;
    answers[face] = label;
    order.push(face);
    seconds.push(Math.min((performance.now() - since) / 1000, LONGEST_SECONDS));
    write();
    render();
    say(
      current() === undefined
        ? `${titles[label]}. All faces are labeled.`
        : `${titles[label]}. Face ${order.length + 1} of ${shown.length}.`,
    );
  };

  const undo = () => {
    if (rater === null || order.length === 0) return;
    const face = order.pop();
    const label = titles[answers[face]];
    delete answers[face];
    seconds.pop();
    write();
    render();
    say(`${label} taken back. Face ${order.length + 1} of ${shown.length}.`);
  };

  const leave = () => {
    rater = null;
    [order, answers, seconds] = [[], {}, []];
    try {
      sessionStorage.removeItem(prefix);
    } catch {
      // Nothing was kept there.
    }
    part("rater").value = "";
    render();
  };

  const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

  const csv = () => {
    const rows = sheet.faces.map((face, index) => [...face.cells, answers[index] ?? ""]);
    return [sheet.columns, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
  };

  const save = () => {
    const link = document.createElement("a");
    const name = rater.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "") || "rater";
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = `${sheet.stem}-${name}.csv`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(`Saved ${order.length} of ${shown.length} labels as ${link.download}.`);
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (rater === null && event.target === part("rater")) {
      if (event.key === "Enter") enter(part("rater").value);
      return;
    }
    // A key held down is one answer.
    if (rater === null || event.repeat) return;
    const label = sheet.labels[Number(event.key) - 1];
    if (/^[1-6]$/.test(event.key) && label) answer(label.name);
    else if (event.key === "Backspace") undo();
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-label]")) {
    button.addEventListener("click", () => answer(button.dataset.label));
  }
  part("begin").addEventListener("click", () => enter(part("rater").value));
  part("undo").addEventListener("click", undo);
  part("save").addEventListener("click", save);
  part("leave").addEventListener("click", leave);
  // The same person in another window.
  addEventListener("storage", (event) => {
    if (rater !== null && event.key === prefix + rater) enter(rater);
  });

  let last = null;
  try {
    last = sessionStorage.getItem(prefix);
  } catch {
    // The start asks for the name.
  }
  if (last) enter(last);
  else render();
})();
