// Mouse, pen, fingers and keys on a panel: light up, pick, pan, pinch, lasso.

const SLACK = 4; // pixels a press may wander and still be a click

function listenToPointer(view, panel) {
  const { canvas } = panel;
  const fingers = new Map();
  let press = null; // the drag under way: { x, y, kind, moved }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) press = { kind: "pinch", moved: true };
    else press = { start: at(event), last: at(event), kind: dragKind(view, event), moved: false };
    if (press.kind === "lasso" || event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!press) {
      // What keys lit up stays lit while the page scrolls under a resting mouse.
      if (view.byKeys && !event.movementX && !event.movementY) return;
      if (event.pointerType !== "touch") view.hover(nearestPoint(view, panel, ...at(event), 16), panel);
      return;
    }
    if (press.kind === "pinch") return pinch(view, panel, fingers, event);
    const [x, y] = at(event);
    if (!press.moved && Math.hypot(x - press.start[0], y - press.start[1]) < SLACK) return;
    if (!press.moved) startDrag(view, panel, press);
    drag(view, panel, press, x, y);
  });
  const release = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (press?.kind === "lasso" && press.moved) endLasso(view, panel, event.type === "pointerup");
    canvas.style.cursor = "";
    panel.dragged = press?.moved ?? false; // a click follows the release of a drag: it is not meant
    if (!fingers.size) press = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => press || view.byKeys || view.hover(-1, panel));
  canvas.addEventListener("click", (event) => {
    if (panel.dragged) return;
    // A click has rounded coordinates, the move before it had not: what is lit is what is meant.
    const touch = event.pointerType === "touch";
    view.pick(!touch && view.lit >= 0 ? view.lit : nearestPoint(view, panel, ...at(event), touch ? 26 : 16), panel);
  });
  canvas.addEventListener("wheel", (event) => {
    // A turning wheel belongs to the page, unless Ctrl is held; a pinch on a touchpad comes as such a wheel.
    if (!event.ctrlKey && !event.metaKey) return view.hint("Hold Ctrl (or ⌘) while you turn the wheel to zoom all panels.");
    event.preventDefault();
    zoomAt(view, panel, ...at(event), Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * (event.deltaMode ? 0.06 : 0.006)));
  }, { passive: false });
}

const at = (event) => [event.offsetX, event.offsetY];

function dragKind(view, event) {
  if (event.shiftKey || view.lassoing) return "lasso";
  return event.pointerType === "touch" && view.camera.scale === 1 ? "scroll" : "pan";
}

function startDrag(view, panel, press) {
  press.moved = true;
  view.hover(-1, panel);
  if (press.kind === "lasso") panel.path = [press.start];
  panel.canvas.style.cursor = press.kind === "lasso" ? "crosshair" : "grabbing";
}

function drag(view, panel, press, x, y) {
  if (press.kind === "pan") panBy(view, panel, x - press.last[0], y - press.last[1]);
  else if (press.kind === "lasso" && panel.path) {
    panel.path.push([x, y]);
    drawPanel(view, panel);
  }
  press.last = [x, y];
}

function pinch(view, panel, fingers, event) {
  const before = [...fingers.values()];
  fingers.set(event.pointerId, at(event));
  const after = [...fingers.values()];
  const middle = (points) => [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2];
  const span = (points) => Math.max(8, Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]));
  const [from, to] = [middle(before), middle(after)];
  panBy(view, panel, to[0] - from[0], to[1] - from[1]);
  zoomAt(view, panel, ...to, span(after) / span(before));
}

function endLasso(view, panel, complete) {
  const path = panel.path;
  panel.path = null;
  if (complete && path?.length > 2) view.choose(pointsInside(view, panel, path));
  else drawPanel(view, panel);
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listenToKeys(view, panel) {
  panel.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || !onKey(view, panel, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function onKey(view, panel, event) {
  const current = view.lit >= 0 ? view.lit : view.picked;
  const step = STEPS[event.key];
  if (step && event.altKey) panBy(view, panel, -40 * step[0], -40 * step[1]);
  else if (step) {
    if (event.shiftKey) view.toggleChosen(current, true);
    view.hover(stepTo(view, panel, current, step), panel, true);
    if (event.shiftKey) view.toggleChosen(view.lit, true);
  } else if (event.key === "Enter" || event.key === " ") view.pick(current, panel);
  else if (event.key === "s") view.toggleChosen(current);
  else if (event.key === "+" || event.key === "=") zoomAround(view, panel, current, 1.5);
  else if (event.key === "-") zoomAround(view, panel, current, 1 / 1.5);
  else if (event.key === "0") view.resetCamera();
  else if (event.key === "Escape") view.escape(panel);
  else return false;
  return true;
}

function zoomAround(view, panel, i, factor) {
  const [x, y] = i >= 0 ? place(view, panel, i) : [panel.side / 2, panel.side / 2];
  zoomAt(view, panel, x, y, factor);
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
