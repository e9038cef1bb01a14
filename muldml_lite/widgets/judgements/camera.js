// Where one looks from, and where points are between two iterations.

const scaleOf = (side, extent) => (side / 2 - 6) / extent;

// From the plane to pixels.
function projection(side, { x, y, extent }) {
  const scale = scaleOf(side, extent);
  return (px, py) => [side / 2 + scale * (px - x), side / 2 - scale * (py - y)];
}

// Points between two iterations while time runs, so that they glide.
function placePoints(view, state) {
  const glide = view.phase && SPEEDS[view.looks.speed] < 30 && !stillMotion();
  view.shown = state.points;
  if (glide) {
    const next = view.descent.at(view.at + 1).points;
    const between = state.points.map((value, i) => value + (next[i] - value) * view.phase);
    view.shown = view.rules.space === "circle" ? onCircle(between) : between;
  }
  moveCamera(view, view.looks.close && state.triplets.find((t) => t.anchor === view.rules.anchor));
}

// The view widens for points that leave, or comes close to a triplet; it is calm while something is held.
function moveCamera(view, close) {
  if (view.camera && view.held) return;
  const wanted = close ? closeUp(view, close) : { x: 0, y: 0, extent: wholeExtent(view) };
  if (!view.camera || !view.playing) view.camera = wanted;
  else for (const key of ["x", "y", "extent"]) view.camera[key] += 0.2 * (wanted[key] - view.camera[key]);
}

function wholeExtent({ shown, rules }) {
  const reach = shown.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Math.max(rules.space === "circle" ? 1.35 : 1.5, 1.15 * reach);
}

function closeUp(view, { anchor, positive, negative, ap }) {
  const [xs, ys] = [0, 1].map((d) => [anchor, positive, negative].map((i) => view.shown[2 * i + d]));
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  return { x: middle(xs), y: middle(ys), extent: Math.max(0.15, 0.75 * span, 0.5 * span + ap + view.rules.tau) };
}

function trailOf(view) {
  return view.descent.upTo(view.at).slice(-120).map((state) => state.points);
}
