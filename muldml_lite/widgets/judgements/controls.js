// What stands above the scene: presets, time, loss, mining, space, threshold, step size, undo.

const SPEEDS = { slow: 2, medium: 10, fast: 50 }; // iterations a second
const CHOICES = {
  loss: { label: "Loss", values: { triplet: "triplet", dual: "dual" }, help: "Which triplets cost something: judged by the anchor, or by anchor and positive" },
  mining: { label: "Anchors", values: { one: "one", hard: "all (Batch Hard)" }, help: "One fixed anchor, or every point an anchor with its farthest positive and nearest negative" },
  space: { label: "Space", values: { plane: "plane", circle: "unit circle" }, help: "Free in the plane, or brought back to length 1 after every step" },
};

function makeControls(view) {
  const presets = make("div", { className: "presets", role: "group", ariaLabel: "Pictures to begin with" });
  view.presetButtons = view.data.presets.map((preset, k) => {
    const button = make("button", { type: "button", className: "chip", ariaPressed: "false" }, preset.name);
    button.onclick = () => view.load(preset.scene);
    presets.append(button);
    return button;
  });
  view.sentence = make("p", { className: "sentence" });
  const choices = Object.entries(CHOICES).map(([key, { label, values, help }]) => makeChoice(view, key, label, values, help));
  return make("div", { className: "top" }, presets, view.sentence,
    make("div", { className: "panel" }, makeTime(view), ...choices, makeSlider(view, "tau", "Threshold τ"), makeSlider(view, "step", "Step size")));
}

function iconButton(words, sign, press, key) {
  const button = make("button", { type: "button", className: "icon", ariaLabel: words, title: words }, sign);
  if (key) button.dataset.key = key;
  button.onclick = press;
  return button;
}

function makeTime(view) {
  view.playButton = iconButton("Play", "▶", () => (view.playing ? view.pause() : view.play()), "play");
  view.playButton.classList.add("play");
  view.stepButton = iconButton("One step", "▶❙", () => view.singleStep(), "step");
  view.resetButton = iconButton("Back to the start", "⟲", () => view.reset(), "reset");
  view.speedChoice = make("select", { ariaLabel: "Speed", title: "Speed" },
    ...Object.keys(SPEEDS).map((name) => make("option", { value: name }, name)));
  view.speedChoice.onchange = () => view.look({ speed: view.speedChoice.value });
  view.clock = make("output", { className: "clock" });
  view.note = make("span", { className: "note" });
  return make("div", { className: "time" }, view.resetButton, view.playButton, view.stepButton, view.speedChoice,
    make("div", {}, view.clock, view.note));
}

function makeChoice(view, key, label, values, help) {
  const group = make("div", { className: "kinds", role: "group", ariaLabel: label, title: help });
  for (const [value, words] of Object.entries(values)) {
    const button = make("button", { type: "button", value }, words);
    button.onclick = () => view.rules[key] !== value && view.change({ [key]: value });
    group.append(button);
  }
  view.choices[key] = group;
  return make("div", { className: "setting" }, make("span", { className: "name", ariaHidden: "true" }, label), group);
}

// τ runs evenly; the step size by factors, from careful to reckless.
function makeSlider(view, key, label) {
  const [low, high] = view.data.limits[key];
  const even = key === "tau";
  const input = make("input", { type: "range", min: even ? low : 0, max: even ? high : 100, step: even ? 0.01 : 1, ariaLabel: label });
  const shown = make("output");
  const read = () => (even ? Number(input.value) : Number((low * (high / low) ** (input.value / 100)).toPrecision(2)));
  input.oninput = () => {
    view.begin();
    view.change({ [key]: read() }, false);
  };
  input.onchange = () => view.settle();
  const write = (value) => {
    input.value = even ? value : (100 * Math.log(value / low)) / Math.log(high / low);
    shown.textContent = String(value);
    input.ariaValueText = String(value);
  };
  view.sliders[key] = write;
  return make("label", { className: "setting slider" }, make("span", { className: "name" }, label, shown), input);
}

// Below the scene: what belongs to the points, and time as a slider.
function makeTools(view) {
  view.undoButton = iconButton("Undo", "↶", () => view.travel(-1), "undo");
  view.redoButton = iconButton("Redo", "↷", () => view.travel(1), "redo");
  view.addButtons = view.classNumbers.map((k) => {
    const button = make("button", { type: "button", className: "icon", ariaLabel: `Add a point of class ${k + 1}`, title: `Add a point of class ${k + 1}` });
    button.onclick = () => view.addPoint(k);
    return button;
  });
  view.removeButton = iconButton("Remove this point", "−", () => view.removePoint(view.rules.anchor), "remove");
  view.closeButton = make("button", { type: "button", className: "chip", title: "Come close to the triplet that is looked at" }, "Close up");
  view.closeButton.onclick = () => view.look({ close: !view.looks.close });
  view.moment = make("input", { type: "range", min: 0, step: 1, className: "moment", ariaLabel: "Iteration" });
  view.moment.oninput = () => view.go(Number(view.moment.value), false);
  view.moment.onchange = () => view.tell();
  const menu = downloadMenu(() => `judgements-${view.rules.loss}-${view.at}`, { png: () => view.picture(), csv: () => statesCsv(view) });
  return make("div", { className: "tools" }, make("div", { className: "moments" }, view.moment),
    view.undoButton, view.redoButton, make("span", { className: "name" }, "Points"), ...view.addButtons, view.removeButton, view.closeButton, menu);
}

function writeControls(view) {
  const { rules, data } = view;
  for (const [key, group] of Object.entries(view.choices)) {
    for (const button of group.children) button.ariaPressed = String(button.value === rules[key]);
  }
  view.speedChoice.value = view.looks.speed;
  view.control.ariaPressed = String(view.looks.control);
  view.closeButton.ariaPressed = String(view.looks.close);
  for (const key of ["tau", "step"]) view.sliders[key](rules[key]);
  const now = JSON.stringify(view.start());
  let sentence = "";
  view.presetButtons.forEach((button, k) => {
    const chosen = JSON.stringify(view.startOf(data.presets[k].scene)) === now;
    button.ariaPressed = String(chosen);
    if (chosen) sentence = data.presets[k].sentence;
  });
  setText(view.sentence, sentence || view.lastSentence || "");
  if (sentence) view.lastSentence = sentence;
  const count = view.classes.length;
  view.addButtons.forEach((button) => (button.disabled = count >= data.limits.most));
  view.removeButton.disabled = count <= data.limits.fewest;
  view.removeButton.ariaLabel = view.removeButton.title = `Remove point ${LETTERS[rules.anchor]}`;
  view.undoButton.disabled = !view.past.length;
  view.redoButton.disabled = !view.future.length;
}

function writeClock(view) {
  setText(view.clock, `iteration ${view.at}`);
  view.moment.max = Math.max(view.horizon, view.at);
  view.moment.value = view.at;
  view.resetButton.disabled = view.at === 0;
  const sign = view.playing ? "❚❚" : "▶";
  setText(view.playButton, sign);
  view.playButton.ariaLabel = view.playButton.title = view.playing ? "Pause" : "Play";
}

// Every judged triplet of every iteration so far, one line each.
function statesCsv(view) {
  const lines = view.descent.upTo(view.at).flatMap((state, k) => state.triplets.map((t) => ({ iteration: k, ...t, mean: state.loss })));
  const column = (read) => lines.map(read);
  return csvText({
    iteration: column((t) => t.iteration), anchor: column((t) => LETTERS[t.anchor]), positive: column((t) => LETTERS[t.positive]),
    negative: column((t) => LETTERS[t.negative]), d_ap: column((t) => t.ap), d_an: column((t) => t.an), d_pn: column((t) => t.pn),
    term_anchor: column((t) => t.terms[0]), term_positive: column((t) => t.terms[1] ?? ""), incomplete: column((t) => Number(t.incomplete)),
    loss_of_all: column((t) => t.mean),
  });
}
