// Points with their letters and roles, their trails, and arrows against the gradient.

const LONGEST = 0.3; // part of the picture's side that an arrow may be long
const ARROW = 0.3; // length of an arrow in the plane's units, for a gradient of 1

function drawTrail({ context, at, colours, frame }) {
  const { trail } = frame;
  context.lineWidth = 1.4;
  context.strokeStyle = colours.faint;
  for (let i = 0; i < frame.classes.length; i++) {
    context.beginPath();
    trail.forEach((points, k) => context[k ? "lineTo" : "moveTo"](...at(i, points)));
    if (trail.length) context.lineTo(...at(i));
    context.stroke();
  }
}

function drawArrows({ context, side, scale, at, colours, frame }) {
  for (let i = 0; i < frame.classes.length; i++) {
    const [dx, dy] = [-frame.judged.gradient[2 * i], frame.judged.gradient[2 * i + 1]];
    const length = Math.hypot(dx, dy);
    if (length < 1e-9) continue;
    const [ux, uy] = [dx / length, dy / length];
    const [x, y] = at(i);
    const reach = RADIUS + 5 + Math.min(length * ARROW * scale, LONGEST * side);
    const tip = [x + ux * reach, y + uy * reach];
    context.beginPath();
    context.moveTo(x + ux * RADIUS, y + uy * RADIUS);
    context.lineTo(...tip);
    context.moveTo(tip[0] - 8 * ux - 5 * uy, tip[1] - 8 * uy + 5 * ux);
    context.lineTo(...tip);
    context.lineTo(tip[0] - 8 * ux + 5 * uy, tip[1] - 8 * uy - 5 * ux);
    for (const [width, colour] of [[6, colours.ground], [2.6, colours.text]]) {
      context.lineWidth = width;
      context.lineJoin = "round";
      context.strokeStyle = colour;
      context.stroke();
    }
  }
}

function drawPoints(pen, shown) {
  const { context, at, colours, frame } = pen;
  const roles = shown ? { [shown.anchor]: "anchor", [shown.positive]: "positive", [shown.negative]: "negative" } : {};
  if (!shown) roles[frame.focus] = "anchor";
  for (let i = 0; i < frame.classes.length; i++) {
    const [x, y] = at(i);
    if (i === frame.focus) {
      disc(pen, x, y, RADIUS + 5);
      context.lineWidth = 2.5;
      context.strokeStyle = colours.text;
      context.stroke();
    }
    markPath(context, MARKS[frame.classes[i]], x, y, frame.classes[i] === 0 ? RADIUS : RADIUS * 1.02);
    context.fillStyle = colours.classes[frame.classes[i]];
    context.lineWidth = 2;
    context.strokeStyle = colours.ground;
    context.fill();
    context.stroke();
    context.font = `700 14px ${pen.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.ground;
    context.fillText(LETTERS[i], x, y + 1);
    if (roles[i]) writeRole(pen, roles[i], x, y, shown);
  }
}

// Above or below its point, where the two others are not.
function writeRole(pen, words, x, y, shown) {
  const others = shown ? [shown.anchor, shown.positive, shown.negative].map((i) => pen.at(i)[1]) : [y];
  const middle = others.reduce((sum, value) => sum + value, 0) / others.length;
  write(pen, words, x, y + (y >= middle - 1 ? 1 : -1) * (RADIUS + 14), 12, pen.colours.text, 650);
}
