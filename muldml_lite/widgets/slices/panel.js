// One slice's embedding: a canvas, its caption above, its neighbours' faces below.

const MARGIN = 12; // pixels between the outermost point and the edge

function makePanel(view, slice) {
  const tau = make("span", { className: "tau" });
  const knn = make("span", { className: "knn" });
  const apart = make("span", { className: "apart", title: slice ? view.data.residual : "" });
  const canvas = make("canvas", { tabIndex: 0, role: "img" });
  const near = make("div", { className: "near" });
  const root = make("section", { className: "panel" }, make("header", {}, tau, apart, knn), canvas, near);
  const panel = { slice, root, canvas, near, tau, apart, knn, side: 0, ratio: 1, path: null };
  listenToPointer(view, panel);
  listenToKeys(view, panel);
  return panel;
}

function place(view, panel, i) {
  const p = 2 * (panel.slice * view.count + i);
  const half = panel.side / 2;
  const grow = (half - MARGIN) * view.camera.scale;
  return [half + (view.now[p] - view.camera.x) * grow, half - (view.now[p + 1] - view.camera.y) * grow];
}

// The point within `reach` pixels; what a legend or lasso has put aside does not count.
function nearestPoint(view, panel, x, y, reach) {
  const { now, camera, count, look } = view;
  const half = panel.side / 2;
  const grow = (half - MARGIN) * camera.scale;
  const first = 2 * panel.slice * count;
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < count; i++) {
    if (look[i] & 1 && view.only >= 0) continue;
    const dx = half + (now[first + 2 * i] - camera.x) * grow - x;
    const dy = half - (now[first + 2 * i + 1] - camera.y) * grow - y;
    const square = dx * dx + dy * dy;
    if (square < least) {
      least = square;
      best = i;
    }
  }
  return best;
}

function fitPanel(panel, least, most) {
  panel.side = panel.canvas.clientWidth;
  panel.ratio = Math.max(least, Math.min(window.devicePixelRatio || 1, most));
  const pixels = Math.max(1, Math.round(panel.side * panel.ratio));
  if (panel.canvas.width !== pixels) panel.canvas.width = panel.canvas.height = pixels;
}

// The marks' pixels are copied; what is picked, lit or being drawn comes on top.
function drawPanel(view, panel) {
  const context = (panel.context ??= panel.canvas.getContext("2d", { alpha: false }));
  context.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0);
  context.putImageData(panel.image, -view.stamps.cell, -view.stamps.cell);
  if (view.picked >= 0) drawPicked(view, panel, context);
  if (view.lit >= 0 && view.lit !== view.picked) drawRing(view, panel, context, view.lit, 2);
  if (panel.path) drawLasso(view, panel, context);
}

function drawPicked(view, panel, context) {
  context.globalAlpha = 0.6;
  context.fillStyle = view.theme.soft;
  context.fillRect(0, 0, panel.side, panel.side);
  const [x, y] = place(view, panel, view.picked);
  context.lineWidth = 1.2;
  context.strokeStyle = view.theme.text;
  for (const { index } of view.near[panel.slice] ?? []) {
    const [nx, ny] = place(view, panel, index);
    context.globalAlpha = 0.55;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(nx, ny);
    context.stroke();
    context.globalAlpha = 1;
    drawMark(context, view.item(index), nx, ny, view.radius * 1.25, view.data.test[index] === 1, view.theme);
  }
  context.globalAlpha = 1;
  drawRing(view, panel, context, view.picked, 2.6);
}

function drawRing(view, panel, context, i, width) {
  const [x, y] = place(view, panel, i);
  drawMark(context, view.item(i), x, y, view.radius * 1.5, view.data.test[i] === 1, view.theme);
  context.beginPath();
  context.arc(x, y, view.radius * 1.5 + 5, 0, 2 * Math.PI);
  context.lineWidth = width + 2;
  context.strokeStyle = view.theme.background;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = view.theme.text;
  context.stroke();
}

function drawLasso(view, panel, context) {
  context.beginPath();
  panel.path.forEach(([x, y], n) => context[n ? "lineTo" : "moveTo"](x, y));
  context.closePath();
  context.globalAlpha = 0.14;
  context.fillStyle = view.theme.text;
  context.fill();
  context.globalAlpha = 1;
  context.setLineDash([5, 4]);
  context.lineWidth = 1.6;
  context.strokeStyle = view.theme.text;
  context.stroke();
  context.setLineDash([]);
}
