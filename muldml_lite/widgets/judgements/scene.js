// The plane with its points: discs of punishment, circles of D(a,p) and D(a,p) + τ, distances, arrows, trails.

const MARKS = ["circle", "square", "diamond"]; // of the classes
const LETTERS = "ABCDEFGH";
const RADIUS = 15; // of a point, in pixels

// What is to be drawn is `frame`: points as shown, classes, rules, what `judge` says of them, focus, camera, trail.
function drawScene(view, frame) {
  const { context, side, ratio } = view.canvas;
  const scale = scaleOf(side, frame.camera.extent);
  const project = projection(side, frame.camera);
  const at = (i, points = frame.points) => project(points[2 * i], points[2 * i + 1]);
  const pen = { context, side, scale, at, project, colours: view.colours, font: view.theme.font, frame };
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, side, side);
  drawGround(pen);
  const shown = frame.judged.triplets.find((t) => t.anchor === frame.focus);
  const sides = shown ? punishing(frame, shown) : [];
  if (shown) drawRegions(view, pen, shown, sides);
  if (shown) drawSides(pen, shown, drawSide);
  drawTrail(pen);
  drawArrows(pen);
  if (shown) drawSides(pen, shown, writeSide);
  drawPoints(pen, shown);
}

// Discs in which the negative is punished: whose side, around which point, how far.
function punishing(frame, shown) {
  const sides = [{ of: "anchor", around: shown.anchor, radius: shown.ap + frame.rules.tau }];
  if (frame.rules.loss === "dual") {
    sides.push({ of: "positive", around: shown.positive, radius: shown.ap + frame.rules.tau });
  } else if (frame.rules.mining === "hard") {
    // The positive is an anchor, too, and judges with its own farthest positive.
    const own = frame.judged.triplets.find((t) => t.anchor === shown.positive);
    if (own) sides.push({ of: "positive", around: own.anchor, radius: own.ap + frame.rules.tau });
  }
  return sides;
}

function drawGround({ context, side, scale, project, colours, frame }) {
  const { x, y, extent } = frame.camera;
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  context.beginPath();
  const step = extent > 2.4 ? 1 : extent > 0.7 ? 0.5 : 0.1;
  for (let k = Math.ceil((x - extent) / step); k * step <= x + extent; k++) {
    const p = Math.round(project(k * step, 0)[0]) + 0.5;
    context.moveTo(p, 0);
    context.lineTo(p, side);
  }
  for (let k = Math.ceil((y - extent) / step); k * step <= y + extent; k++) {
    const p = Math.round(project(0, k * step)[1]) + 0.5;
    context.moveTo(0, p);
    context.lineTo(side, p);
  }
  context.stroke();
  if (frame.rules.space !== "circle") return;
  context.strokeStyle = colours.faint;
  context.lineWidth = 1.5;
  disc({ context }, ...project(0, 0), scale);
  context.stroke();
}

function disc({ context }, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function drawRegions(view, pen, shown, sides) {
  const { context, scale, at, colours, frame } = pen;
  for (const { of, around, radius } of sides) {
    disc(pen, ...at(around), radius * scale);
    context.fillStyle = colours[of];
    context.globalAlpha = 0.13;
    context.fill();
    context.globalAlpha = 1;
  }
  drawIncomplete(view, pen, shown);
  for (const { of, around, radius } of sides) {
    ring(pen, around, radius, colours[of], [7, 5], 2);
    if (frame.rules.space === "circle") drawArc(pen, colours[of], of === "anchor" ? 9 : 15, [[around, radius, true]]);
  }
  ring(pen, shown.anchor, shown.ap, colours.anchor, [], 1.4);
  ring(pen, shown.positive, shown.ap, colours.bad, [2, 4], 1.4);
  if (frame.rules.space === "circle") {
    drawArc(pen, colours.bad, 21, [[shown.anchor, shown.ap + frame.rules.tau, false], [shown.positive, shown.ap, true]]);
  }
}

function ring(pen, around, radius, colour, dash, width) {
  const { context, scale, at } = pen;
  disc(pen, ...at(around), radius * scale);
  context.setLineDash(dash);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

// Where the anchor is content and the positive is nearer to the negative than to its anchor: hatched.
function drawIncomplete(view, pen, shown) {
  const { context, side, scale, at, frame } = pen;
  context.save();
  disc(pen, ...at(shown.positive), shown.ap * scale);
  context.clip();
  context.beginPath();
  context.rect(0, 0, side, side);
  const [x, y] = at(shown.anchor);
  context.moveTo(x, y);
  context.arc(x, y, (shown.ap + frame.rules.tau) * scale, 0, 2 * Math.PI);
  context.clip("evenodd");
  context.fillStyle = view.hatch;
  context.fillRect(0, 0, side, side);
  context.restore();
}

// The part of the unit circle that lies within (or outside) some discs, drawn a few pixels outside of it.
function drawArc({ context, scale, project, frame }, colour, offset, discs) {
  const inside = (turn) => discs.every(([around, radius, within]) =>
    Math.hypot(Math.cos(turn) - frame.points[2 * around], Math.sin(turn) - frame.points[2 * around + 1]) < radius === within);
  context.beginPath();
  const parts = Math.round(240 * Math.max(1, 1.35 / frame.camera.extent));
  let open = false;
  for (let k = 0; k <= parts; k++) {
    const turn = (2 * Math.PI * k) / parts;
    const on = inside(turn);
    const reach = 1 + offset / scale;
    if (on) context[open ? "lineTo" : "moveTo"](...project(reach * Math.cos(turn), reach * Math.sin(turn)));
    open = on;
  }
  context.lineWidth = 4;
  context.lineCap = "round";
  context.strokeStyle = colour;
  context.stroke();
  context.lineCap = "butt";
}

function drawSides(pen, { anchor, positive, negative, ap, an, pn }, draw) {
  const { colours, frame } = pen;
  draw(pen, anchor, negative, positive, an, colours.anchor, [1, 4]);
  draw(pen, positive, negative, anchor, pn, frame.rules.loss === "dual" ? colours.positive : colours.faint, [1, 4]);
  draw(pen, anchor, positive, negative, ap, colours.text, []);
}

function drawSide({ context, at }, i, j, third, apart, colour, dash) {
  const [[x, y], [u, v]] = [at(i), at(j)];
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(u, v);
  context.setLineDash(dash);
  context.lineCap = dash.length ? "round" : "butt";
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "butt";
}

function writeSide(pen, i, j, third, apart) {
  const { at } = pen;
  const [[x, y], [u, v]] = [at(i), at(j)];
  const length = Math.hypot(x - u, y - v);
  if (length < 5.5 * RADIUS) return;
  // Beside the line, on the side that the third point is not on.
  const [mx, my] = [(x + u) / 2, (y + v) / 2];
  const [nx, ny] = [(v - y) / length, (x - u) / length];
  const [tx, ty] = at(third);
  const away = nx * (tx - mx) + ny * (ty - my) > 0 ? -1 : 1;
  const shift = 12 + 26 * Math.abs(nx);
  write(pen, `D(${LETTERS[i]},${LETTERS[j]}) ${apart.toFixed(2)}`, mx + away * nx * shift, my + away * ny * shift, 12, pen.colours.text);
}

// Words with a rim of ground around them, readable on anything.
function write({ context, font, colours, side }, words, x, y, size, colour, weight = 500) {
  context.font = `${weight} ${size}px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = context.measureText(words).width / 2 + 3;
  x = Math.min(side - half, Math.max(half, x));
  y = Math.min(side - 9, Math.max(9, y));
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = colours.ground;
  context.strokeText(words, x, y);
  context.fillStyle = colour;
  context.fillText(words, x, y);
}
