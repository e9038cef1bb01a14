// One slice's embedding: a canvas, its caption above, its neighbours' faces below.

function makePanel(view, slice) {
  const tau = make("span", { className: "tau" });
  const knn = make("span", { className: "knn" });
  const canvas = make("canvas", { tabIndex: 0, role: "img" });
  const near = make("div", { className: "near" });
  const root = make("section", { className: "panel" }, make("header", {}, tau, knn), canvas, near);
  const panel = { slice, root, canvas, near, tau, knn, base: make("canvas"), side: 0, ratio: 1 };
  const at = (event) => [event.offsetX, event.offsetY];
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") view.hover(nearestPoint(view, panel, ...at(event), 16), panel);
  });
  canvas.addEventListener("pointerleave", () => view.hover(-1, panel));
  canvas.addEventListener("click", (event) => {
    // A click has rounded coordinates, the move before it had not: what is lit is what is meant.
    const touch = event.pointerType === "touch";
    view.pick(!touch && view.lit >= 0 ? view.lit : nearestPoint(view, panel, ...at(event), touch ? 26 : 16), panel);
  });
  canvas.addEventListener("keydown", (event) => onKey(view, panel, event));
  canvas.addEventListener("focus", () => (view.focused = panel));
  return panel;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(view, panel, event) {
  const current = view.lit >= 0 ? view.lit : view.picked;
  if (STEPS[event.key]) view.hover(stepTo(view, panel, current, STEPS[event.key]), panel, true);
  else if (event.key === "Enter" || event.key === " ") view.pick(current, panel);
  else if (event.key === "Escape") {
    view.hover(-1, panel);
    view.pick(-1, panel);
  } else return;
  event.preventDefault();
}

// The point an arrow key leads to: near, and rather ahead than aside.
function stepTo(view, panel, from, [dx, dy]) {
  if (from < 0) return nearestPoint(view, panel, panel.side / 2, panel.side / 2, Infinity);
  const [x, y] = place(view, panel, from);
  let best = from;
  let least = Infinity;
  for (let i = 0; i < view.count; i++) {
    const [px, py] = place(view, panel, i);
    const ahead = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (ahead > 0.01 && ahead + 2.5 * aside < least) {
      least = ahead + 2.5 * aside;
      best = i;
    }
  }
  return best;
}

function place(view, panel, i) {
  const p = 2 * (panel.slice * view.count + i);
  const half = panel.side / 2;
  const reach = half - 12;
  return [half + view.now[p] * reach, half - view.now[p + 1] * reach];
}

function nearestPoint(view, panel, x, y, reach) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < view.count; i++) {
    if (view.only >= 0 && view.data.labels[i] !== view.only) continue;
    const [px, py] = place(view, panel, i);
    const square = (px - x) ** 2 + (py - y) ** 2;
    if (square < least) {
      least = square;
      best = i;
    }
  }
  return best;
}

function fitPanel(panel) {
  panel.side = panel.canvas.clientWidth;
  panel.ratio = Math.min(window.devicePixelRatio || 1, 3);
  for (const canvas of [panel.canvas, panel.base]) {
    canvas.width = canvas.height = Math.max(1, Math.round(panel.side * panel.ratio));
  }
}

// All marks, on a canvas nobody sees: hovering then costs one copy a panel.
function drawBase(view, panel, stamps) {
  const context = panel.base.getContext("2d");
  context.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0);
  context.clearRect(0, 0, panel.side, panel.side);
  const { labels, test } = view.data;
  for (const unseen of [0, 1]) {
    for (let i = 0; i < view.count; i++) {
      if (test[i] !== unseen) continue;
      const [x, y] = place(view, panel, i);
      context.globalAlpha = view.only >= 0 && labels[i] !== view.only ? 0.08 : unseen ? 1 : 0.75;
      context.drawImage(stamps.images[labels[i]][unseen], x - stamps.side / 2, y - stamps.side / 2, stamps.side, stamps.side);
    }
  }
}

function drawPanel(view, panel) {
  const context = panel.canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, panel.canvas.width, panel.canvas.height);
  context.globalAlpha = view.picked >= 0 ? 0.4 : 1;
  context.drawImage(panel.base, 0, 0);
  context.globalAlpha = 1;
  context.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0);
  if (view.picked >= 0) drawPicked(view, panel, context);
  if (view.lit >= 0 && view.lit !== view.picked) drawRing(view, panel, context, view.lit, 2);
}

function drawPicked(view, panel, context) {
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
    drawMark(context, view.style(index), nx, ny, view.radius * 1.25, view.data.test[index] === 1, view.theme);
  }
  drawRing(view, panel, context, view.picked, 2.6);
}

function drawRing(view, panel, context, i, width) {
  const [x, y] = place(view, panel, i);
  drawMark(context, view.style(i), x, y, view.radius * 1.5, view.data.test[i] === 1, view.theme);
  context.beginPath();
  context.arc(x, y, view.radius * 1.5 + 5, 0, 2 * Math.PI);
  context.lineWidth = width + 2;
  context.strokeStyle = view.theme.background;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = view.theme.text;
  context.stroke();
}
