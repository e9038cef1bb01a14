// Marker shapes, by plotly's names, so that widgets and figures show the same sign for a class.

const POLYGONS = {
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  "triangle-up": [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
  "triangle-down": [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
  cross: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1],
    [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
};
POLYGONS.x = POLYGONS.cross.map(([x, y]) => [(x - y) * 0.72, (x + y) * 0.72]);
POLYGONS.star = Array.from({ length: 10 }, (_, i) => {
  const r = i % 2 ? 0.55 : 1.3;
  return [r * Math.sin((i * Math.PI) / 5), -r * Math.cos((i * Math.PI) / 5)];
});

function markPath(context, symbol, x, y, r) {
  context.beginPath();
  const polygon = POLYGONS[symbol];
  if (!polygon) context.arc(x, y, r, 0, 2 * Math.PI);
  else {
    polygon.forEach(([px, py], i) => context[i ? "lineTo" : "moveTo"](x + px * r, y + py * r));
    context.closePath();
  }
}

// Filled: a subject the network never saw; hollow: one it was trained on.
function drawMark(context, style, x, y, r, filled, theme) {
  const colour = theme.dark ? style.dark : style.light;
  markPath(context, style.symbol, x, y, filled ? r : r * 0.82);
  context.lineJoin = "round";
  if (filled) {
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = Math.max(0.7, r * 0.16);
    context.strokeStyle = theme.background;
    context.stroke();
  } else {
    context.lineWidth = Math.max(1.1, r * 0.34);
    context.strokeStyle = colour;
    context.stroke();
  }
}

// Every mark is drawn once and then copied: thousands of copies fit into one frame.
function markStamps(classes, r, ratio, theme) {
  const side = Math.ceil(r * 3.2) + 2;
  const stamp = (style, filled) => {
    const canvas = make("canvas", { width: side * ratio, height: side * ratio });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    drawMark(context, style, side / 2, side / 2, r, filled, theme);
    return canvas;
  };
  return { side, images: classes.map((style) => [stamp(style, false), stamp(style, true)]) };
}
