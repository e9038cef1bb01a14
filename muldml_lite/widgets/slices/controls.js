// What surrounds the points: legend, colour, layout, zoom, lasso and time controls, captions, the hovering face.

function makeBar(view) {
  view.legend = makeLegend(view);
  const plain = { symbol: "circle", light: view.theme.text, dark: view.theme.text };
  const split = make("div", { className: "split" }, signOf(view, plain, true), "unseen subject", signOf(view, plain, false), "training subject");
  return make("div", { className: "bar" }, view.legend, split, makeTools(view), makeTime(view));
}

function makeTools(view) {
  const colours = make("select", { ariaLabel: "Colour by" },
    ...Object.entries(view.schemes).map(([key, { title }]) => make("option", { value: key }, title)));
  colours.value = view.colour;
  colours.onchange = () => view.recolour(colours.value);
  const tools = make("div", { className: "tools" }, make("label", {}, "Colour ", colours));
  const kinds = Object.keys(view.data.layouts);
  if (kinds.length > 1) tools.append(makeKinds(view, kinds));
  const tool = (text, name, act) => {
    const button = make("button", { type: "button", ariaLabel: name, title: name }, text);
    button.onclick = act;
    return button;
  };
  view.resetButton = tool("⤢", "Show all points", () => view.resetCamera());
  tools.append(make("div", { className: "joined", role: "group", ariaLabel: "Zoom" },
    tool("−", "Zoom out", () => zoomMiddle(view, 1 / 1.6)), tool("+", "Zoom in", () => zoomMiddle(view, 1.6)), view.resetButton));
  view.lassoButton = make("button", { type: "button", className: "lasso", ariaPressed: "false", title: "Draw around faces to select them (or drag with Shift)" }, "Lasso");
  view.lassoButton.onclick = () => view.lasso(!view.lassoing);
  const name = () => `${runName(view.data)}-slices-epoch-${view.data.epochs[view.frame]}-${view.kind}`;
  tools.append(view.lassoButton, downloadMenu(name, { png: () => pictureOf(view), csv: () => numbersOf(view) }));
  return tools;
}

function makeKinds(view, kinds) {
  const group = make("div", { className: "kinds", role: "group", ariaLabel: "Layout" });
  for (const kind of kinds) {
    const button = make("button", { type: "button", ariaPressed: String(kind === view.kind) }, kind.toUpperCase());
    button.onclick = () => view.changeKind(kind);
    group.append(button);
  }
  view.kindButtons = group;
  return group;
}

function makeTime(view) {
  view.slider = null;
  if (view.data.epochs.length < 2) return "";
  view.playButton = make("button", { type: "button", className: "play", ariaLabel: "Play training" }, "▶");
  view.playButton.onclick = () => (view.playing ? view.pause() : view.play());
  view.slider = make("input", { type: "range", min: 0, max: view.data.epochs.length - 1, step: 1, value: view.frame, ariaLabel: "Epoch" });
  view.slider.oninput = () => {
    view.pause();
    view.go(Number(view.slider.value), 260);
  };
  view.slider.onchange = () => view.tellEpoch();
  view.clock = make("output", { className: "clock" });
  return make("div", { className: "time" }, view.playButton, view.slider, view.clock);
}

function writeCaptions(view) {
  const { knn, epochs } = view.data;
  const residuals = view.data.residuals[view.kind][view.frame];
  view.panels.forEach((panel, i) => {
    const score = knn[view.frame]?.[i];
    panel.tau.textContent = view.sliceName(i);
    panel.knn.textContent = score == null ? "" : `k-NN ${(100 * score).toFixed(0)} %`;
    panel.apart.textContent = i ? `Δ ${residuals[i].toFixed(2)}` : "";
    const apart = i ? `, residual ${residuals[i].toFixed(2)} from the first slice's picture` : "";
    panel.canvas.ariaLabel = `Embedding of slice ${i + 1}, ${panel.tau.textContent}${apart}${score == null ? "" : `, k-NN accuracy ${(100 * score).toFixed(0)} per cent on unseen subjects`}. Arrow keys move from face to face, Enter picks, S selects, plus and minus zoom, 0 shows all, Escape clears.`;
  });
  if (!view.slider) return;
  view.slider.value = view.frame;
  view.slider.ariaValueText = `epoch ${epochs[view.frame]}`;
  view.clock.textContent = `epoch ${epochs[view.frame]} / ${epochs.at(-1)}`;
}

// The line under the bar: how to use the view, and what of the run is not in it.
function writeNote(view, passing = "") {
  const { epochs, epochs_trained: trained, vector_frames: known } = view.data;
  const notes = [matchMedia("(pointer: coarse)").matches
    ? "Tap a face for its neighbours. Lasso selects several. Two fingers zoom."
    : "Click a face for its neighbours. Shift-drag selects several. Ctrl + wheel zooms. Keys: arrows, Enter, S, +, −, 0, Esc."];
  if (trained > epochs.length) notes.push(`${epochs.length} of ${trained} epochs are shown.`);
  if (known.length < epochs.length) notes.push(`Neighbours are known at ${known.length} of these epochs; at others, those of the last one before are shown.`);
  view.note.textContent = passing || notes.join(" ");
  view.note.classList.toggle("passing", Boolean(passing));
}

function showTip(view, panel, anchor) {
  const i = view.lit;
  view.tip.hidden = i < 0;
  if (i < 0) return;
  const { test, names } = view.data;
  view.tip.replaceChildren(view.face(i, 72), make("div", {}, make("strong", {}, view.style(i).name), make("br"),
    `${view.right(i) ? "✓" : "✗"} predicted ${view.predicted(i)}, ${(100 * view.sureness(i)).toFixed(0)} %`, make("br"),
    make("small", {}, `${names[i]} · ${test[i] ? "unseen" : "training"}`)));
  const frame = view.root.getBoundingClientRect();
  const box = (anchor ?? panel.canvas).getBoundingClientRect();
  const [x, y] = anchor ? [box.width / 2, 0] : place(view, panel, i).map((v) => Math.min(panel.side, Math.max(0, v)));
  const left = Math.min(Math.max(0, box.left - frame.left + x + 14), Math.max(0, frame.width - view.tip.offsetWidth - 2));
  let top = box.top - frame.top + y - view.tip.offsetHeight - 14;
  if (box.top + y - view.tip.offsetHeight < 60) top = box.top - frame.top + y + (anchor ? box.height + 8 : 16);
  view.tip.style.transform = `translate(${left}px, ${top}px)`;
}
