// The slices as they move: one small canvas each, points gliding from epoch to epoch.

const GLIDE = 650; // ms

function makePanels(view, count) {
  view.panels = Array.from({ length: count }, (_, slice) => {
    const canvas = make("canvas", { role: "img" });
    const head = make("header", {});
    const apart = make("span", { className: "apart", title: view.data.residual ?? "" });
    return { slice, canvas, head, apart, root: make("section", { className: "slice" }, head, canvas, apart) };
  });
  view.grid.replaceChildren(...view.panels.map((panel) => panel.root));
  view.grid.dataset.panels = count;
}

function placesOf(frame) {
  return Float32Array.from(shortsOf(frame.places), (v) => v / 32000);
}

// Start gliding towards a new frame; without motion, or the first time, be there at once.
function glideTo(view, frame) {
  const target = placesOf(frame);
  const from = view.now;
  view.shown = frame.epoch;
  cancelAnimationFrame(view.ticket);
  if (!from || from.length !== target.length || stillMotion()) {
    view.now = target;
    drawPanels(view);
    return;
  }
  const begin = performance.now();
  const tick = (time) => {
    const share = Math.min(1, Math.max(0, (time - begin) / GLIDE));
    const eased = share * share * (3 - 2 * share);
    view.now = share === 1 ? target : from.map((v, i) => v + (target[i] - v) * eased);
    drawPanels(view);
    if (share < 1) view.ticket = requestAnimationFrame(tick);
  };
  view.ticket = requestAnimationFrame(tick);
}

function fitPanels(view) {
  if (!view.panels?.length || !view.theme || !view.data.faces) return;
  view.ratio = Math.min(window.devicePixelRatio || 1, 3);
  view.side = view.panels[0].canvas.clientWidth;
  if (!view.side) return;
  for (const { canvas } of view.panels) canvas.width = canvas.height = Math.round(view.side * view.ratio);
  const count = view.data.faces.labels.length;
  view.radius = Math.min(4.5, Math.max(1.7, (view.side / 58) * Math.min(1, Math.sqrt(420 / count))));
  view.stamps = markStamps(view.data.faces.classes, view.radius, view.ratio, view.theme);
  drawPanels(view);
}

function drawPanels(view) {
  if (!view.stamps || !view.now) return;
  const { labels, test } = view.data.faces;
  const { side, images } = view.stamps;
  const half = view.side / 2;
  const reach = half - 6;
  for (const panel of view.panels) {
    const context = panel.canvas.getContext("2d");
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.side, view.side);
    for (let i = 0; i < labels.length; i++) {
      const p = 2 * (panel.slice * labels.length + i);
      const [x, y] = [half + view.now[p] * reach, half - view.now[p + 1] * reach];
      context.globalAlpha = test[i] ? 1 : 0.75;
      context.drawImage(images[labels[i]][test[i]], x - side / 2, y - side / 2, side, side);
    }
  }
}

function writePanels(view) {
  const last = view.data.epochs.length - 1;
  const percent = (v) => (v == null ? "–" : `${(100 * v).toFixed(0)} %`);
  for (const { slice, head, canvas, apart } of view.panels) {
    const residual = slice ? view.data.frame?.residuals[slice].toFixed(2) : undefined;
    apart.textContent = residual ? `Δ ${residual}` : "";
    const [active, knn] = ["active_fraction", "knn_accuracy"].map((key) => view.data.slices[key][slice]?.[last]);
    head.replaceChildren(make("b", {}, sliceName(view, slice)), make("span", {}, `k-NN ${percent(knn)}`));
    canvas.ariaLabel = `Slice ${slice + 1} after epoch ${view.shown}, ${sliceName(view, slice)}: ` +
      `k-NN accuracy ${percent(knn)} on unseen subjects, active hinges ${percent(active)}` +
      (residual ? `, residual ${residual} from the first slice's picture` : "");
  }
}
