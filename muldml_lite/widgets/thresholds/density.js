// The two distributions of distances of a level, all other levels' faint behind, and τ as a length beyond the mean positive.

// Share of pairs a unit of the axis: distributions of unlike counts then have the same area.
function densities(stats, scale, kind) {
  const top = scale === "shape" ? SHAPE_TOP : stats.top;
  const factor = BINS / (top * Math.max(1, stats.number[kind]));
  return Float64Array.from(stats[scale][kind], (count) => count * factor);
}

function curve(context, box, values, peak) {
  const step = (box.x1 - box.x0) / values.length;
  const last = values.length - 1;
  const y = (k) => {
    // A little smoother than the counts are: the eye shall follow the shape, not single bins. Numbers stay as counted.
    const v = (values[Math.max(0, k - 1)] + 2 * values[k] + values[Math.min(last, k + 1)]) / 4;
    return box.floor - Math.min(1, v / peak) * (box.floor - box.top);
  };
  context.beginPath();
  context.moveTo(box.x0, box.floor);
  for (let k = 0; k <= last; k++) context.lineTo(box.x0 + (k + 0.5) * step, y(k));
  context.lineTo(box.x1, box.floor);
}

// others: densities between classes of the other levels; peak: the highest value of all levels.
function drawDensity(context, box, { stats, scale, others, peak, tau }, theme) {
  const ink = inks(theme);
  context.lineJoin = "round";
  context.strokeStyle = ink.between;
  context.lineWidth = 1;
  context.globalAlpha = 0.3;
  for (const values of others) {
    curve(context, box, values, peak);
    context.stroke();
  }
  for (const kind of ["between", "within"]) {
    curve(context, box, densities(stats, scale, kind), peak);
    context.fillStyle = context.strokeStyle = ink[kind];
    context.globalAlpha = 0.16;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 2.2;
    context.setLineDash(kind === "within" ? [6, 3] : []);
    context.stroke();
    context.setLineDash([]);
  }
  drawReach(context, box, stats, scale, tau, theme);
  nameCurves(context, box, stats, scale, peak, theme);
  drawAxis(context, box, axisWords(stats, scale), theme);
}

function axisWords(stats, scale) {
  const sign = stats.top > 2 ? "D²" : "D";
  return scale === "shape" ? `distance ÷ mean distance of all pairs` : `distance ${sign}`;
}

// From the mean positive, τ to the right: what a negative of an average pair must be beyond.
function drawReach(context, box, stats, scale, tau, theme) {
  if (!(stats.within >= 0) || tau == null) return;
  const unit = unitOf(stats, scale);
  const [from, to] = [stats.within / unit, (stats.within + tau) / unit].map((v) => box.x(Math.min(v, box.high)));
  const y = box.top - 9;
  context.strokeStyle = context.fillStyle = theme.text;
  context.lineWidth = 1.6;
  line(context, from, y, to, y);
  line(context, from, y - 4, from, y + 4);
  context.beginPath();
  context.moveTo(to, y);
  context.lineTo(to - 6, y - 4);
  context.lineTo(to - 6, y + 4);
  context.fill();
  context.globalAlpha = 0.5;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  line(context, from, y, from, box.floor);
  line(context, to, y, to, box.floor);
  context.setLineDash([]);
  context.globalAlpha = 1;
  label(context, box, "τ", to + 10, y - 7, theme);
}

function nameCurves(context, box, stats, scale, peak, theme) {
  const ink = inks(theme);
  const unit = unitOf(stats, scale);
  const tops = { within: 0, between: 0 };
  for (const kind of ["within", "between"]) {
    if (!stats.number[kind]) continue;
    const values = densities(stats, scale, kind);
    const most = values.indexOf(Math.max(...values));
    const x = box.x0 + ((most + 0.5) * (box.x1 - box.x0)) / values.length;
    let y = Math.max(box.top + 2, box.floor - (values[most] / peak) * (box.floor - box.top) - 18);
    if (kind === "between" && Math.abs(y - tops.y) < 17 && Math.abs(x - tops.x) < 175) y = tops.y + 18;
    Object.assign(tops, { x, y });
    label(context, box, `${kind} classes, mean ${(stats[kind] / unit).toFixed(2)}`, x, y, theme, { ink: ink[kind] });
  }
}

// One of the small multiples: both distributions, without words.
function drawSmall(canvas, width, height, values, peak, theme) {
  const context = openCanvas(canvas, width, height);
  const box = { x0: 3, x1: width - 3, top: 3, floor: height - 3 };
  const ink = inks(theme);
  for (const kind of ["between", "within"]) {
    curve(context, box, values[kind], peak);
    context.fillStyle = context.strokeStyle = ink[kind];
    context.globalAlpha = 0.18;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1.4;
    context.setLineDash(kind === "within" ? [3, 2] : []);
    context.stroke();
    context.setLineDash([]);
  }
}
