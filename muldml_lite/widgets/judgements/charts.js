// Losses over iterations for both losses on the same start, and the trace of judgements.

const HORIZONS = [20, 50, 100, 200, 400];

function makeCharts(view) {
  const chart = (loss, words) => {
    const canvas = make("canvas", { role: "img" });
    const said = make("p", { className: "said" });
    const root = make("figure", { className: "curve" }, make("figcaption", {}, words), canvas, said);
    root.dataset.loss = loss;
    return { loss, root, canvas, said };
  };
  view.charts = [chart("triplet", "Triplet loss"), chart("dual", "Dual triplet loss")];
  for (const one of view.charts) {
    one.canvas.onpointerdown = (event) => view.go(Math.round(((event.offsetX - 34) / (one.canvas.clientWidth - 42)) * view.horizon));
  }
  view.control = make("button", { type: "button", className: "chip control", ariaPressed: "false" }, "Control: triplet at twice the step size");
  view.control.onclick = () => view.look({ control: !view.looks.control });
  view.trace = { canvas: make("canvas", { role: "img" }), said: make("p", { className: "said" }) };
  const key = make("p", { className: "key" }, sign("active", "▮ active (taller: costs more)"), sign("satisfied", "· satisfied"),
    sign("incomplete", "▲ judged incompletely"), sign("incomplete", "↷ recurrence: (A,B,C), then (B,A,C)"));
  return make("div", { className: "charts" },
    make("div", { className: "curves" }, make("div", { className: "over" }, make("h3", {}, "Both losses from the same start"), view.control),
      ...view.charts.map((one) => one.root)),
    make("div", { className: "trace" }, make("h3", {}, "Trace of iterations"), view.trace.canvas, view.trace.said, key));
}

function sign(kind, words) {
  const span = make("span", {}, words);
  span.dataset.kind = kind;
  return span;
}

// Whole runs of both losses, and of the control; worked out anew only when start or rules are.
function runRivals(view) {
  const { points, classes, rules } = view;
  const run = (loss, times = 1) => {
    const same = loss === rules.loss && times === 1;
    const descent = same ? view.descent : new Descent(points, classes, { ...rules, loss, step: rules.step * times });
    return descent.upTo(HORIZONS.at(-1));
  };
  const runs = { triplet: run("triplet"), dual: run("dual"), twice: run("triplet", 2) };
  const long = Math.max(...Object.values(runs).map((states) => {
    const { settled, lastIncomplete } = summary(states);
    return settled < 0 ? HORIZONS.at(-1) : Math.max(settled, lastIncomplete + 1 === states.length ? 0 : lastIncomplete);
  }));
  view.horizon = HORIZONS.find((value) => value >= 1.15 * long) ?? HORIZONS.at(-1);
  view.top = Math.max(0.1, ...Object.values(runs).flatMap((states) => states.slice(0, view.horizon + 1).map((s) => s.loss)));
  view.rivals = runs;
}

function drawCharts(view) {
  for (const one of view.charts) {
    drawCurve(view, one);
    const lines = [runWords(view.rivals[one.loss])];
    if (one.loss === "triplet" && view.looks.control) lines.push(`At twice the step size (dashed): ${runWords(view.rivals.twice)}`);
    const words = lines.join("\n");
    setText(one.said, words);
    one.root.dataset.now = String(one.loss === view.rules.loss);
    one.canvas.ariaLabel = `Loss over ${view.horizon} iterations. ${words}`;
  }
}

function runWords(states) {
  const { settled, incomplete, back } = summary(states);
  const end = settled < 0 ? `above 0 for all ${states.length - 1} iterations` : settled === 0 ? "0 from the start" : `0 from iteration ${settled} on`;
  const stuck = settled >= 0 && states.at(-1).triplets.some((t) => t.incomplete);
  const bad = stuck ? "the judgement stays incomplete for ever" : incomplete ? `incomplete judgements at ${count(incomplete, "iteration")}` : "no incomplete judgement";
  return `Loss ${end}; ${bad}${back ? `, ${count(back, "recurrence")}` : ""}.`;
}

const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

function drawCurve(view, { canvas, loss }) {
  const { context, width, height } = sharpCanvas(canvas, canvas.clientWidth, canvas.clientHeight);
  const { colours, horizon, top } = view;
  const x = (k) => 34 + (k / horizon) * (width - 42);
  const y = (value) => height - 20 - (value / top) * (height - 30);
  context.clearRect(0, 0, width, height);
  context.font = `11.5px ${view.theme.font}`;
  context.fillStyle = colours.text;
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  for (const value of [0, top]) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(value ? value.toFixed(1) : "0", 28, y(value));
    context.beginPath();
    context.moveTo(34, y(value));
    context.lineTo(width - 8, y(value));
    context.stroke();
  }
  context.textAlign = "center";
  for (const k of [0, horizon / 2, horizon]) context.fillText(String(Math.round(k)), Math.min(x(k), width - 14), height - 7);
  const line = (states, colour, dash) => {
    context.beginPath();
    for (let k = 0; k <= horizon; k++) context[k ? "lineTo" : "moveTo"](x(k), y(Math.min(top, states[k].loss)));
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = 2.2;
    context.stroke();
    context.setLineDash([]);
  };
  const own = loss === "dual" ? colours.positive : colours.anchor;
  if (loss === "triplet" && view.looks.control) line(view.rivals.twice, own, [6, 5]);
  line(view.rivals[loss], own, []);
  drawBad(context, view, loss, x, y);
  drawNow(context, view, loss, x, y, own);
}

// Incomplete judgements as triangles on the ground line.
function drawBad(context, view, loss, x, y) {
  context.fillStyle = view.colours.bad;
  for (let k = 0; k <= view.horizon; k++) {
    if (!view.rivals[loss][k].triplets.some((t) => t.incomplete)) continue;
    markPath(context, "triangle-up", x(k), y(0) - 4, 3.6);
    context.fill();
  }
}

function drawNow(context, view, loss, x, y, colour) {
  if (view.at > view.horizon) return;
  context.strokeStyle = view.colours.faint;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(view.at), y(0));
  context.lineTo(x(view.at), 6);
  context.stroke();
  context.beginPath();
  context.arc(x(view.at), y(Math.min(view.top, view.rivals[loss][view.at].loss)), loss === view.rules.loss ? 5 : 3.5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

const CELL = { width: 15, height: 20, left: 26 };

function drawTrace(view) {
  const { canvas, said } = view.trace;
  const rows = view.rules.mining === "one" ? [view.rules.anchor] : [...view.classes.keys()];
  const states = view.descent.upTo(view.at);
  const height = rows.length * CELL.height + 22;
  if (canvas.style.height !== `${height}px`) canvas.style.height = `${height}px`;
  const { context, width } = sharpCanvas(canvas, canvas.clientWidth, height);
  const columns = Math.floor((width - CELL.left - 6) / CELL.width);
  const first = Math.max(0, view.at - columns + 1);
  const place = (anchor, k) => [CELL.left + (k - first + 0.5) * CELL.width, (rows.indexOf(anchor) + 0.5) * CELL.height + 2];
  context.clearRect(0, 0, width, height);
  context.font = `11.5px ${view.theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillStyle = view.colours.text;
  for (const anchor of rows) context.fillText(LETTERS[anchor], 12, place(anchor, first)[1]);
  for (let k = first; k <= view.at; k++) {
    if (k % 5 === 0) context.fillText(String(k), place(rows[0], k)[0], height - 8);
    for (const t of states[k].triplets) drawCell(context, view, t, ...place(t.anchor, k));
    context.fillStyle = view.colours.text;
  }
  for (let k = Math.max(first, 1); k <= view.at; k++) {
    for (const t of states[k].back) drawReturn(context, view, place(t.positive, k - 1), place(t.anchor, k));
  }
  const words = traceWords(states);
  setText(said, words);
  canvas.ariaLabel = `Judgements of each anchor up to iteration ${view.at}. ${words}`;
}

function traceWords(states) {
  const { incomplete, back } = summary(states);
  return `Iterations 0 to ${states.length - 1}: ${incomplete || "none"} with an incomplete judgement, ${count(back, "recurrence")}.`;
}

function drawCell(context, view, t, x, y) {
  const kind = kindOf(t);
  context.fillStyle = kind === "incomplete" ? view.colours.bad : kind === "active" ? view.colours.text : view.colours.faint;
  if (kind === "incomplete") {
    markPath(context, "triangle-up", x, y, 5.6);
    context.fill();
  } else if (kind === "active") {
    const tall = 3 + 12 * Math.min(1, t.loss / Math.max(0.5, view.top));
    context.fillRect(x - 3.5, y + 8 - tall, 7, tall);
  } else {
    markPath(context, "circle", x, y, 1.8);
    context.fill();
  }
}

function drawReturn(context, view, [x, y], [u, v]) {
  context.strokeStyle = view.colours.bad;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y);
  context.bezierCurveTo(x + 10, y, u - 10, v, u, v);
  context.stroke();
}
