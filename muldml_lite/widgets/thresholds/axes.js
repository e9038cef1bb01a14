// What plots share: their frame, the axis, colours that stand 3:1 on light and dark grounds.

const FRAME = { left: 14, right: 14, top: 24, bottom: 36 };

function inks(theme) {
  return theme.dark
    ? { within: "#6cb6ef", between: "#f2a44e", text: theme.text }
    : { within: "#0b639c", between: "#ad4f0a", text: theme.text };
}

// A canvas as sharp as the screen; coordinates are CSS pixels.
function openCanvas(canvas, width, height, ratio = Math.min(window.devicePixelRatio || 1, 3)) {
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function makeBox(width, height, low, high) {
  const [x0, x1] = [FRAME.left, width - FRAME.right];
  return {
    width, height, low, high, x0, x1, top: FRAME.top, floor: height - FRAME.bottom,
    x: (value) => x0 + ((value - low) / (high - low)) * (x1 - x0),
    value: (x) => low + ((x - x0) / (x1 - x0)) * (high - low),
  };
}

function drawAxis(context, box, label, theme) {
  const room = (box.x1 - box.x0) / (box.high - box.low);
  const step = [0.1, 0.25, 0.5, 1].find((s) => s * room >= 44) ?? 1;
  context.strokeStyle = theme.text;
  context.fillStyle = theme.text;
  context.font = `12px ${theme.font}`;
  context.textBaseline = "top";
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  line(context, box.x0, box.floor + 0.5, box.x1, box.floor + 0.5);
  for (let k = Math.ceil(box.low / step - 1e-9); k * step <= box.high + 1e-9; k++) {
    const x = box.x(k * step);
    context.globalAlpha = 0.55;
    line(context, x, box.floor, x, box.floor + 4);
    context.globalAlpha = 0.9;
    context.textAlign = x > box.x1 - 12 ? "right" : x < box.x0 + 12 ? "left" : "center";
    context.fillText(String(Math.round(k * step * 100) / 100).replace("-", "−"), x, box.floor + 6);
  }
  context.textAlign = "center";
  context.fillText(label, (box.x0 + box.x1) / 2, box.floor + 21);
  context.globalAlpha = 1;
}

function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

// Text on a patch of ground, so that lines behind it don't run through it; kept inside the frame.
function label(context, box, text, x, y, theme, { ink = theme.text, weight = 600, align = "center" } = {}) {
  context.font = `${weight} 12px ${theme.font}`;
  const width = context.measureText(text).width;
  const wanted = align === "center" ? x - width / 2 : align === "right" ? x - width : x;
  const left = Math.max(box.x0, Math.min(box.x1 - width, wanted));
  context.globalAlpha = 0.82;
  context.fillStyle = theme.background;
  context.fillRect(left - 3, y - 1, width + 6, 15);
  context.globalAlpha = 1;
  context.fillStyle = ink;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(text, left, y);
}
