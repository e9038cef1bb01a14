// Where the face lies among those that the run follows: one panel for raw pixels, one for each slice.

function makePanels(lab) {
  const { around } = lab.data;
  const count = around.labels.length;
  const points = new Int16Array(bytesOf(around.points).buffer);
  lab.panels = around.spaces.map((name, row) => {
    const canvas = make("canvas", { role: "img", ariaLabel: name });
    const pieces = Array.from({ length: around.k }, () => makeNeighbour());
    const near = make("div", { className: "near" }, ...pieces.map(({ root }) => root));
    const hint = make("p", { className: "wait", hidden: true });
    const root = make("section", { className: "panel" }, make("h4", {}, name), canvas, near, hint);
    const panel = { row, name, root, canvas, near, hint, pieces, base: make("canvas"), side: 0, ratio: 1,
      points: points.subarray(row * count * 2, (row + 1) * count * 2) };
    canvas.addEventListener("pointermove", (event) => showTip(lab, panel, event));
    canvas.addEventListener("pointerleave", () => (lab.tip.hidden = true));
    return panel;
  });
  return make("div", { className: "grid" }, ...lab.panels.map(({ root }) => root));
}

function makeNeighbour() {
  const face = make("span", { className: "face", role: "img" });
  const mark = make("canvas", { width: 26, height: 26, ariaHidden: "true" });
  const apart = make("span", {});
  return { root: make("div", { className: "one" }, face, make("span", { className: "of" }, mark, apart)), face, mark, apart, index: -1 };
}

function showFollowed(lab, element, index, size) {
  const { columns, rows } = lab.data.around.sprite;
  element.style.cssText = `width:${size}px;height:${size}px;background-size:${columns * size}px ${rows * size}px;` +
    `background-position:${-(index % columns) * size}px ${-Math.floor(index / columns) * size}px`;
  element.ariaLabel = element.title = describeFollowed(lab, index);
}

function describeFollowed(lab, i) {
  const { classes, labels, names, test } = lab.data.around;
  return `${classes[labels[i]].name}, ${names[i]}, ${test[i] ? "unseen" : "training"} subject`;
}

function fitPanels(lab) {
  const { around } = lab.data;
  for (const panel of lab.panels) {
    panel.side = panel.canvas.clientWidth;
    if (!panel.side) return;
    panel.ratio = Math.min(window.devicePixelRatio || 1, 3);
    for (const canvas of [panel.canvas, panel.base]) canvas.width = canvas.height = Math.round(panel.side * panel.ratio);
  }
  const { side, ratio } = lab.panels[0];
  const few = side < 200;
  lab.root.classList.toggle("few", few);
  lab.thumb = Math.floor(Math.min(44, (side - 14) / (few ? Math.min(4, around.k) : around.k)));
  const r = Math.min(5, Math.max(2, (side / 58) * Math.min(1, Math.sqrt(420 / around.labels.length))));
  const stamps = markStamps(around.classes, r, ratio, lab.theme);
  lab.marks = markStamps(around.classes, 5.5, 2, lab.theme);
  lab.bars.forEach(({ mark }, c) => {
    const context = mark.getContext("2d");
    context.clearRect(0, 0, 32, 32);
    drawMark(context, around.classes[c], 16, 16, 10, true, lab.theme);
  });
  for (const panel of lab.panels) {
    const context = panel.base.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    around.labels.forEach((label, i) => {
      const [x, y] = placeOf(panel, panel.points[2 * i] / 32000, panel.points[2 * i + 1] / 32000);
      context.drawImage(stamps.images[label][around.test[i]], x - stamps.side / 2, y - stamps.side / 2, stamps.side, stamps.side);
    });
    panel.pieces.forEach((piece) => (piece.index = -1));
  }
  showPlaces(lab);
}

// A face unlike all followed ones stays at the rim instead of leaving the picture.
function placeOf(panel, x, y) {
  const [half, reach] = [panel.side / 2, panel.side / 2 - 14];
  const held = (v) => Math.max(-1.08, Math.min(1.08, v));
  return [half + held(x) * reach, half - held(y) * reach];
}

function rowPlace(panel, found, at, share = 0) {
  const read = (t, c) => found.places[2 * (t * found.rows + panel.row) + c];
  const next = share ? at + 1 : at;
  return placeOf(panel, ...[0, 1].map((c) => read(at, c) + (read(next, c) - read(at, c)) * share));
}

function showPlaces(lab) {
  if (!lab.panels?.length || !lab.panels[0].side) return;
  const here = lab.here();
  const path = lab.path();
  for (const panel of lab.panels) {
    const known = here && panel.row < here.found.rows;
    panel.near.hidden = !known;
    panel.hint.hidden = Boolean(known);
    if (!known) panel.hint.textContent = panel.row === 1 ? lab.waiting || lab.problem : ""; // once is enough
    drawPlaces(lab, panel, known ? here : null, path && panel.row < path.rows ? path : null);
    if (known) showNear(lab, panel, here);
  }
  showSaid(lab, here);
}

function drawPlaces(lab, panel, here, path) {
  const context = panel.canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, panel.canvas.width, panel.canvas.height);
  context.globalAlpha = here ? 0.5 : 0.8;
  context.drawImage(panel.base, 0, 0);
  context.globalAlpha = 1;
  context.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0);
  if (path) drawPath(lab, panel, context, path);
  if (here) drawHere(lab, panel, context, here);
}

// A line with a halo, so that it is seen on any ground and among any colours; its end has a larger dot than its start.
function drawPath(lab, panel, context, path) {
  const last = path.places.length / 2 / path.rows - 1;
  const stops = Array.from({ length: last }, (_, t) => rowPlace(panel, path, t + 1));
  for (const [width, colour] of [[5.5, lab.theme.background], [2.2, lab.theme.text]]) {
    context.beginPath();
    stops.forEach(([x, y], t) => context[t ? "lineTo" : "moveTo"](x, y));
    context.lineWidth = width;
    context.lineJoin = context.lineCap = "round";
    context.strokeStyle = colour;
    context.stroke();
  }
  for (const [place, r, full] of [[stops[0], 3.4, false], [stops.at(-1), 4.4, true]]) {
    context.beginPath();
    context.arc(...place, r, 0, 2 * Math.PI);
    context.fillStyle = full ? lab.theme.text : lab.theme.background;
    context.fill();
    context.lineWidth = 1.6;
    context.strokeStyle = lab.theme.text;
    context.stroke();
  }
}

function drawHere(lab, panel, context, { found, at, share }) {
  const [x, y] = rowPlace(panel, found, at, share);
  const near = Math.round(at + share);
  const { around } = lab.data;
  for (let j = 0; j < around.k; j++) {
    const i = found.near[(near * found.rows + panel.row) * around.k + j];
    const [nx, ny] = placeOf(panel, panel.points[2 * i] / 32000, panel.points[2 * i + 1] / 32000);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(nx, ny);
    context.lineWidth = 1;
    context.globalAlpha = 0.45;
    context.strokeStyle = lab.theme.text;
    context.stroke();
    context.globalAlpha = 1;
    drawMark(context, around.classes[around.labels[i]], nx, ny, 5, around.test[i] === 1, lab.theme);
  }
  for (const [r, colour] of [[9.5, lab.theme.background], [7.5, lab.accent], [3, lab.theme.background]]) {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  }
}

function showNear(lab, panel, { found, at, share }) {
  const { around } = lab.data;
  const start = (Math.round(at + share) * found.rows + panel.row) * around.k;
  panel.pieces.forEach((piece, j) => {
    const i = found.near[start + j];
    const text = found.apart[start + j].toFixed(2);
    if (piece.apart.textContent !== text) piece.apart.textContent = text;
    if (piece.index === i) return;
    piece.index = i;
    showFollowed(lab, piece.face, i, lab.thumb);
    const context = piece.mark.getContext("2d");
    context.clearRect(0, 0, 26, 26);
    const stamp = lab.marks.images[around.labels[i]][around.test[i]];
    context.drawImage(stamp, 13 - lab.marks.side / 2, 13 - lab.marks.side / 2, lab.marks.side, lab.marks.side);
  });
  const [i, apart] = [found.near[start], found.apart[start]];
  panel.canvas.ariaLabel = `${panel.name}: nearest is ${describeFollowed(lab, i)}, at distance ${apart.toFixed(2)}.`;
}

// What the classification head says, as bars that move along.
function makeSaid(lab) {
  lab.bars = lab.data.around.classes.map(({ name }) => {
    const [mark, bar, share] = [make("canvas", { width: 32, height: 32, ariaHidden: "true" }), make("i", {}), make("span", { className: "share" })];
    const root = make("div", { className: "row" }, mark, make("span", {}, name), make("span", { className: "track" }, bar), share);
    return { mark, bar, share, root };
  });
  lab.said = make("div", { className: "said" }, make("h4", {}, "The network says"), ...lab.bars.map(({ root }) => root));
  return lab.said;
}

function showSaid(lab, here) {
  const said = here?.found.said;
  lab.said.classList.toggle("mute", !said); // its marks are still the legend of the pictures
  if (!said) return;
  const start = Math.round(here.at + here.share) * here.found.classes;
  const shares = lab.bars.map((_, c) => said[start + c]);
  const most = Math.max(...shares);
  lab.bars.forEach(({ bar, share, root }, c) => {
    bar.style.width = `${(100 * shares[c]).toFixed(1)}%`;
    share.textContent = `${Math.round(100 * shares[c])} %`;
    root.classList.toggle("most", shares[c] === most);
  });
}

function showTip(lab, panel, event) {
  let [best, least] = [-1, 14 ** 2];
  for (let i = 0; i < lab.data.around.labels.length; i++) {
    const [x, y] = placeOf(panel, panel.points[2 * i] / 32000, panel.points[2 * i + 1] / 32000);
    const square = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
    if (square < least) [best, least] = [i, square];
  }
  lab.tip.hidden = best < 0;
  if (best < 0) return;
  const face = make("span", { className: "face", role: "img" });
  showFollowed(lab, face, best, 72);
  lab.tip.replaceChildren(face, make("div", {}, describeFollowed(lab, best)));
  const [frame, box] = [lab.root.getBoundingClientRect(), panel.canvas.getBoundingClientRect()];
  const left = Math.min(box.left - frame.left + event.offsetX + 14, frame.width - lab.tip.offsetWidth - 2);
  lab.tip.style.transform = `translate(${Math.max(0, left)}px, ${box.top - frame.top + event.offsetY + 16}px)`;
}
