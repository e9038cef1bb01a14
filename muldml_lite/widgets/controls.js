// What surrounds the points: legend, layout and time controls, captions, neighbours, the hovering face.

function makeBar(view) {
  const legend = make("div", { className: "legend", role: "group", ariaLabel: "Expressions; press one to see it alone" });
  view.data.classes.forEach((style, k) => {
    const mark = make("canvas", { width: 36, height: 36 });
    const button = make("button", { type: "button", ariaPressed: "false" }, mark, style.name);
    button.onclick = () => view.isolate(view.only === k ? -1 : k);
    legend.append(button);
  });
  const split = make("div", { className: "split" }, make("canvas", { width: 36, height: 36 }), "unseen subject",
    make("canvas", { width: 36, height: 36 }), "training subject");
  view.legend = legend;
  view.split = split;
  return make("div", { className: "bar" }, legend, split, makeControls(view));
}

function makeControls(view) {
  const controls = make("div", { className: "controls" });
  const kinds = Object.keys(view.data.layouts);
  if (kinds.length > 1) {
    const group = make("div", { className: "kinds", role: "group", ariaLabel: "Layout" });
    for (const kind of kinds) {
      const button = make("button", { type: "button", ariaPressed: String(kind === view.kind) }, kind.toUpperCase());
      button.onclick = () => view.changeKind(kind, group);
      group.append(button);
    }
    controls.append(group);
  }
  if (view.data.epochs.length > 1) {
    view.playButton = make("button", { type: "button", className: "play", ariaLabel: "Play training" }, "▶");
    view.playButton.onclick = () => (view.playing ? view.pause() : view.play());
    view.slider = make("input", { type: "range", min: 0, max: view.data.epochs.length - 1, step: 1, value: view.frame, ariaLabel: "Epoch" });
    view.slider.oninput = () => {
      view.pause();
      view.go(Number(view.slider.value), 260);
    };
    view.slider.onchange = () => view.tellEpoch();
    view.clock = make("output", { className: "clock" });
    controls.append(view.playButton, view.slider, view.clock);
  }
  return controls;
}

function writeCaptions(view) {
  const { thresholds, knn, epochs } = view.data;
  view.panels.forEach((panel, i) => {
    const score = knn[view.frame]?.[i];
    panel.tau.textContent = thresholds[i] == null ? `slice ${i + 1}` : `τ = ${thresholds[i].toFixed(2)}`;
    panel.knn.textContent = score == null ? "" : `k-NN ${(100 * score).toFixed(0)} %`;
    panel.canvas.ariaLabel = `Embedding of slice ${i + 1}, ${panel.tau.textContent}${score == null ? "" : `, k-NN accuracy ${(100 * score).toFixed(0)} per cent on unseen subjects`}. Arrow keys move from face to face, Enter picks, Escape clears.`;
  });
  if (!view.slider) return;
  view.slider.value = view.frame;
  view.slider.ariaValueText = `epoch ${epochs[view.frame]}`;
  view.clock.textContent = `epoch ${epochs[view.frame]} / ${epochs.at(-1)}`;
}

function showNear(view) {
  const { labels } = view.data;
  for (const panel of view.panels) {
    const near = view.near[panel.slice] ?? [];
    panel.near.replaceChildren(...near.map(({ index, distance }) => {
      const same = labels[index] === labels[view.picked];
      const words = `${view.style(index).name}${same ? ", the same expression" : ""}, distance ${distance.toFixed(2)}`;
      const button = make("button", { type: "button", className: same ? "same" : "other", ariaLabel: `Pick this neighbour: ${words}`, title: words },
        view.face(index, view.thumb), distance.toFixed(2));
      button.onclick = () => view.pick(index, null);
      button.onpointerenter = () => view.hover(index, panel);
      button.onpointerleave = () => view.hover(-1, panel);
      return button;
    }));
    if (!near.length) panel.near.append(make("span", { className: "hint" }, panel.slice ? "" : "Pick a point to see its neighbours"));
  }
}

function showTip(view, panel, i = view.lit) {
  view.tip.hidden = i < 0;
  if (i < 0) return;
  const { labels, test, names } = view.data;
  const right = view.predicted(i) === view.style(i).name;
  view.tip.replaceChildren(view.face(i, 72), make("div", {}, make("strong", {}, view.style(i).name), make("br"),
    `${right ? "✓" : "✗"} predicted ${view.predicted(i)}`, make("br"),
    make("small", {}, `${names[i]} · ${test[i] ? "unseen" : "training"}`)));
  const [x, y] = place(view, panel, i);
  const [frame, box] = [view.root.getBoundingClientRect(), panel.canvas.getBoundingClientRect()];
  const left = Math.min(Math.max(0, box.left - frame.left + x + 14), Math.max(0, frame.width - view.tip.offsetWidth - 2));
  let top = box.top - frame.top + y - view.tip.offsetHeight - 14;
  if (box.top + y - view.tip.offsetHeight < 60) top = box.top - frame.top + y + 16;
  view.tip.style.transform = `translate(${left}px, ${top}px)`;
}
