// Above the cards: time, scale, part, miner; and the small multiples, a button a level.

function makeSwitch(name, values, chosen, choose) {
  const group = make("div", { className: "kinds", role: "group", ariaLabel: name });
  for (const [value, word] of Object.entries(values)) {
    const button = make("button", { type: "button", ariaPressed: String(value === chosen) }, word);
    button.dataset.value = value;
    button.onclick = () => choose(value);
    group.append(button);
  }
  return group;
}

// A lesson may leave out what it doesn't need: hides names downloads, controls.
function hideBlocks(view, hides = []) {
  view.take.hidden = hides.includes("downloads");
  view.switches.mining.hidden = hides.includes("controls");
}

function pressOnly(group, chosen) {
  for (const button of group?.querySelectorAll("button") ?? []) button.ariaPressed = String(button.dataset.value === chosen);
}

function makeControls(view) {
  const first = view.runs[0];
  const miners = Object.fromEntries(Object.entries(MINERS).map(([key, word]) => [key, key === first.mining ? `${word} (as trained)` : word]));
  view.switches = {
    scale: makeSwitch("Scale of distances", { raw: "raw", shape: "÷ mean (scale-free)" }, view.scale, (value) => view.set({ scale: value })),
    part: makeSwitch("Faces", { training: "training faces", unseen: "unseen faces" }, view.part, (value) => view.set({ part: value })),
    mining: makeSwitch("Triplets", miners, view.mining ?? first.mining, (value) => view.set({ mining: value })),
  };
  view.switches.part.hidden = view.parts.length < 2;
  const bar = make("div", { className: "bar" }, ...Object.values(view.switches), makeClock(view));
  view.take = downloadMenu(() => view.fileName(), { png: () => pictureOf(view), csv: () => csvText(numbersOf(view)) });
  bar.append(view.take);
  return bar;
}

function makeClock(view) {
  const { epochs } = view.runs[0];
  const clock = make("div", { className: "controls" });
  if (epochs.length < 2) return clock;
  view.playButton = make("button", { type: "button", className: "play", ariaLabel: "Play training" }, "▶");
  view.playButton.onclick = () => (view.timer ? view.pause(true) : view.play());
  view.slider = make("input", { type: "range", min: 0, max: epochs.length - 1, step: 1, ariaLabel: "Epoch" });
  view.slider.oninput = () => {
    view.pause();
    view.epoch = epochs[Number(view.slider.value)];
    view.soon();
  };
  view.slider.onchange = () => view.tell();
  view.clock = make("output", { className: "clock" });
  clock.append(view.playButton, view.slider, view.clock);
  return clock;
}

function writeClock(view) {
  if (!view.slider) return;
  const { epochs } = view.runs[0];
  view.slider.value = epochs.indexOf(view.epoch);
  view.slider.ariaValueText = `epoch ${view.epoch}`;
  view.clock.textContent = `epoch ${view.epoch} / ${epochs.at(-1)}`;
}

function makeSmalls(view) {
  view.smalls = view.levels.map((level) => {
    const canvas = make("canvas", { ariaHidden: "true" });
    const name = make("span", {}, level.tau == null ? "no τ" : `τ ${level.tau.toFixed(2)}`);
    const button = make("button", { type: "button", className: "small", ariaLabel: levelName(level), title: levelName(level) }, canvas, name);
    if (level.run) button.append(make("em", {}, level.name));
    button.onclick = () => {
      view.main.goTo(level);
      view.tell();
    };
    return { level, canvas, root: button, values: null };
  });
  return make("div", { className: "smalls", role: "group", ariaLabel: "All thresholds: press one to go there" }, ...view.smalls.map((small) => small.root));
}

// Once an epoch, part or scale: every level's densities, and the highest value of them all.
function measureSmalls(view) {
  const stamp = [view.epoch, view.part, view.scale].join();
  if (view.measured === stamp) return false;
  view.measured = stamp;
  const tops = [];
  for (const small of view.smalls) {
    const stats = view.shelf.stats(small.level, view.epoch, view.part);
    small.values = Object.fromEntries(["within", "between"].map((kind) => [kind, densities(stats, view.scale, kind)]));
    tops.push(...Object.values(small.values).map((values) => Math.max(...values)));
  }
  // A collapsed level would flatten all others: they keep their shape, it is cut off.
  const middle = tops.sort((a, b) => a - b)[tops.length >> 1];
  view.peak = 1.08 * Math.min(tops.at(-1), 4 * middle) || 1;
  return true;
}

function drawSmalls(view) {
  for (const { canvas, values } of view.smalls) {
    if (canvas.clientWidth) drawSmall(canvas, canvas.clientWidth, canvas.clientHeight, values, view.peak, view.theme);
  }
}

function markSmalls(view) {
  for (const { level, root } of view.smalls) {
    root.ariaPressed = String(view.main.level === level);
    root.classList.toggle("held", view.pinned?.level === level);
  }
}
