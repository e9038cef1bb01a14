// Sliders in groups, expressions at one click, and what the slider under the finger is about.

function makeSliders(lab) {
  const { units, dials, regions } = lab.data;
  lab.sliders = {};
  const groups = regions.map((region) => {
    const rows = [
      ...units.filter((unit) => unit.region === region).map((unit) => makeSlider(lab, {
        name: unit.name, title: unit.title, code: unit.name, low: 0, high: 100, step: 5, unit: "%",
        words: `${unit.muscle}. ${unit.look}`, of: "units",
      })),
      ...dials.filter((dial) => dial.region === region).map((dial) => makeSlider(lab, {
        ...dial, code: "", words: DIAL_WORDS[dial.name], of: "camera",
      })),
    ];
    return make("fieldset", { className: "group" }, make("legend", {}, region), ...rows);
  });
  return make("div", { className: "sliders" }, ...groups);
}

const DIAL_WORDS = {
  yaw: "Turns the head. Says nothing about the expression, yet moves every pixel.",
  pitch: "Nods the head up or down.",
  roll: "Tilts the head to one side.",
  gaze_x: "Where the eyes look, left or right.",
  gaze_y: "Where the eyes look, up or down.",
  light_direction: "Where the light comes from: 0° right, −90° above, 90° below.",
  light_strength: "0 is even light; the more, the darker the side away from it.",
};

function makeSlider(lab, { name, title, code, low, high, step, unit, words, of }) {
  const input = make("input", { type: "range", min: low, max: high, step, ariaLabel: `${code} ${title}`.trim() });
  const value = make("output", {});
  const row = make("label", { className: "slider", title: words },
    make("span", { className: "name" }, ...(code ? [make("b", {}, code), ` ${title}`] : [title])), value, input);
  const slider = { name, row, input, of, unit, value, low, high };
  const explain = () => explainSlider(lab, `${code} ${title}`.trim(), words);
  const ready = () => lab.prepare(name);
  row.addEventListener("pointerenter", (event) => {
    explain();
    if (event.pointerType === "mouse") slider.hover = setTimeout(ready, 70);
  });
  row.addEventListener("pointerleave", () => clearTimeout(slider.hover));
  input.addEventListener("pointerdown", ready);
  input.addEventListener("focus", () => {
    explain();
    ready();
  });
  input.addEventListener("input", () => lab.drag(name, Number(input.value)));
  input.addEventListener("change", () => lab.drop());
  lab.sliders[name] = slider;
  return row;
}

function explainSlider(lab, head, words) {
  lab.coach.replaceChildren(make("b", {}, head), `: ${words}`);
}

function showSliders(lab) {
  for (const { name, input, of, unit, value, row, low, high } of Object.values(lab.sliders)) {
    const now = lab.face[of][name] ?? (of === "units" ? 0 : Number(input.value));
    if (Number(input.value) !== now) input.value = now;
    const text = `${now}${unit === "%" ? " %" : unit}`.replace("-", "−");
    if (value.textContent !== text) value.textContent = input.ariaValueText = text;
    row.classList.toggle("on", of === "units" && now > 0);
    input.style.setProperty("--part", low < 0 ? "0%" : `${(100 * now) / high}%`); // two-sided ones have no fill
  }
  const chosen = lab.data.expressions.find(({ units }) => sameUnits(units, lab.face.units));
  [...lab.expressions.children].forEach((button, i) =>
    (button.ariaPressed = String(lab.data.expressions[i] === chosen)));
}

function sameUnits(a, b) {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? 0) === (b[name] ?? 0));
}

function makeExpressions(lab) {
  lab.expressions = make("div", { className: "chips", role: "group", ariaLabel: "Expressions" });
  for (const { name, units } of lab.data.expressions) {
    const button = make("button", { type: "button", ariaPressed: "false" }, name);
    button.onclick = () => lab.change({ units: { ...units } });
    lab.expressions.append(button);
  }
  return lab.expressions;
}

// From one expression to another: two choices, a slider between them, play.
function makeMorph(lab) {
  const names = lab.data.expressions.map(({ name }) => name);
  const choice = (which, label) => {
    const select = make("select", { ariaLabel: label }, ...names.map((name) => make("option", { value: name }, name)));
    select.value = lab.morph[which];
    select.onchange = () => {
      lab.pause();
      remember(lab);
      lab.morph = { ...lab.morph, [which]: select.value };
      showHistory(lab);
      lab.ask(lab.morphName());
    };
    return select;
  };
  const slider = make("input", { type: "range", min: 0, max: lab.data.frames - 1, step: 1, value: 0, ariaLabel: "From one expression to the other" });
  const play = make("button", { type: "button", className: "play", ariaLabel: "Play the change of expression" }, "▶");
  const ready = () => lab.prepare(lab.morphName());
  for (const happening of ["pointerenter", "pointerdown", "focus"]) slider.addEventListener(happening, ready);
  play.addEventListener("pointerenter", ready);
  slider.addEventListener("input", () => {
    lab.pause();
    lab.drag(lab.morphName(), Number(slider.value));
  });
  slider.addEventListener("change", () => lab.drop());
  play.onclick = () => (lab.playing ? lab.pause(true) : lab.play());
  const [from, to] = [choice("from", "First expression"), choice("to", "Last expression")];
  Object.assign(lab, { morphSlider: slider, playButton: play, morphEnds: { from, to } });
  return make("div", { className: "morph", role: "group", ariaLabel: "From one expression to another" }, play, slider, from, "to", to);
}

function showMorphEnds(lab) {
  for (const which of ["from", "to"]) lab.morphEnds[which].value = lab.morph[which];
}
