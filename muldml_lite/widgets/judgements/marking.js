// Colours of the lab, read from the style sheet, and the hatching that marks an incomplete judgement.

function coloursOf(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ...Object.fromEntries(["anchor", "positive", "bad", "grid", "faint", "good"].map((name) => [name, read(`--${name}`)])),
    classes: [0, 1, 2].map((k) => read(`--class-${k}`)),
    text: style.color,
    ground: style.backgroundColor,
  };
}

// Diagonal stripes; a pattern is made once and is the same at every pixel ratio.
function hatchOf(context, colour, ratio) {
  const size = Math.round(9 * ratio);
  const tile = make("canvas", { width: size, height: size });
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8 * ratio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 2, size + 2);
    pen.lineTo(shift + size + 2, -2);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

// A canvas that is as sharp as the screen; `draw` is called anew when its size changes.
function sharpCanvas(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const size = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, ratio };
}

// A class's mark as a small picture beside words.
function classMark(view, k, size = 18) {
  const canvas = make("canvas", { className: "mark", width: 2 * size, height: 2 * size, ariaHidden: "true" });
  const context = canvas.getContext("2d");
  markPath(context, MARKS[k], size, size, size * 0.62);
  context.fillStyle = view.colours.classes[k];
  context.fill();
  canvas.style.width = canvas.style.height = `${size}px`;
  return canvas;
}
