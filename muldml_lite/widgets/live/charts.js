// Curves over epochs as SVG. All charts share one cursor: the epoch under the mouse, or the one that arrow keys lead to.

const SVG = "http://www.w3.org/2000/svg";
const CHART = { height: 150, left: 40, right: 12, top: 8, bottom: 24 };

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// What each chart shows of the data: lines of { name, colour, dash, values }.
function chartLines(view) {
  const { curves, slices, colours } = view.data;
  const [teal, rust, ink] = ["#2b8a9e", "#c2603e", "#7b8794"];
  const perSlice = (key) => slices[key].map((values, i) => ({ name: sliceName(view, i), colour: colours[i], values }));
  return {
    Loss: [{ name: "cross entropy", colour: teal, values: curves.cross_entropy },
      { name: "metric loss", colour: rust, dash: "6 4", values: curves.metric_loss }],
    "Accuracy, unseen": [{ name: "head", colour: teal, values: curves.head_accuracy },
      { name: "k-NN", colour: rust, dash: "6 4", values: curves.knn_accuracy },
      { name: "training", colour: ink, dash: "2 3", values: curves.train_accuracy }],
    "Active hinges": perSlice("active_fraction"),
    "Incomplete judgements": perSlice("incomplete_fraction"),
  };
}

function sliceName(view, i) {
  const tau = view.data.thresholds[i];
  return tau == null ? `slice ${i + 1}` : `τ = ${tau.toFixed(2)}`;
}

function makeChart(view, title) {
  const drawing = svg("svg", { class: "lines", "aria-hidden": "true" });
  const legend = make("div", { className: "keys" });
  const said = make("output", { className: "said" });
  const root = make("section", { className: "chart", tabIndex: 0, role: "group" },
    make("header", {}, make("strong", {}, title), said), drawing, legend);
  const chart = { title, root, drawing, legend, said, percent: title !== "Loss" };
  root.addEventListener("pointermove", (event) => view.point(epochAt(view, chart, event)));
  root.addEventListener("pointerdown", (event) => view.point(epochAt(view, chart, event)));
  root.addEventListener("pointerleave", () => view.point(-1));
  root.addEventListener("keydown", (event) => {
    const last = view.data.epochs.length - 1;
    const now = view.cursor < 0 ? last : view.cursor;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last, Escape: -1 }[event.key];
    if (next === undefined) return;
    view.point(next < 0 && event.key !== "Escape" ? 0 : Math.min(next, last));
    event.preventDefault();
  });
  return chart;
}

function epochAt(view, chart, event) {
  const box = chart.drawing.getBoundingClientRect();
  const { epochs } = view.data;
  if (!epochs.length) return -1;
  const share = (event.clientX - box.left - CHART.left) / Math.max(1, box.width - CHART.left - CHART.right);
  const at = share * Math.max(1, lastEpoch(view));
  return epochs.reduce((best, epoch, i) => (Math.abs(epoch - at) < Math.abs(epochs[best] - at) ? i : best), 0);
}

const lastEpoch = (view) => Math.max(1, view.data.total ?? 1, view.data.epochs.at(-1) ?? 0);

function drawChart(view, chart, lines) {
  const width = chart.root.clientWidth - 18;
  if (width < 60) return;
  const { height, left, right, top, bottom } = CHART;
  const { epochs } = view.data;
  const found = lines.flatMap((line) => line.values).filter((v) => v != null);
  const most = chart.percent ? 1 : Math.max(0.1, ...found) * 1.05;
  const x = (epoch) => left + (epoch / lastEpoch(view)) * (width - left - right);
  const y = (value) => top + (1 - value / most) * (height - top - bottom);
  const label = (value) => (chart.percent ? `${Math.round(100 * value)} %` : value.toFixed(most < 2 ? 1 : 0));
  const parts = [];
  for (const value of [0, most / 2, most]) {
    parts.push(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    parts.push(text(left - 6, y(value) + 4, label(value), "end"));
  }
  for (const epoch of ticks(lastEpoch(view))) parts.push(text(x(epoch), height - 7, epoch, "middle"));
  if (Number.isInteger(view.data.fork)) {
    parts.push(svg("line", { class: "fork", x1: x(view.data.fork), x2: x(view.data.fork), y1: top, y2: height - bottom }));
  }
  for (const line of lines) parts.push(...linePath(line, epochs, x, y));
  if (view.cursor >= 0) {
    const at = x(epochs[view.cursor]);
    parts.push(svg("line", { class: "cursor", x1: at, x2: at, y1: top, y2: height - bottom }));
  }
  chart.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  chart.drawing.style.height = `${height}px`;
  chart.drawing.replaceChildren(...parts);
  writeChart(view, chart, lines);
}

const text = (x, y, value, anchor) => {
  const element = svg("text", { x, y, "text-anchor": anchor });
  element.textContent = value;
  return element;
};

function ticks(last) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((s) => last / s <= 6) ?? last;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
}

function linePath(line, epochs, x, y) {
  const points = epochs.map((epoch, i) => [x(epoch), line.values[i]]).filter(([, v]) => v != null);
  if (!points.length) return [];
  const path = points.map(([px, v], i) => `${i ? "L" : "M"}${px.toFixed(1)},${y(v).toFixed(1)}`).join("");
  const [endX, end] = points.at(-1);
  return [svg("path", { d: path, stroke: line.colour, "stroke-dasharray": line.dash ?? "none" }),
    svg("circle", { cx: endX, cy: y(end), r: 3, fill: line.colour })];
}

// The values at the cursor, or the newest ones, in words.
function writeChart(view, chart, lines) {
  const i = view.cursor >= 0 ? view.cursor : view.data.epochs.length - 1;
  const show = (v) => (v == null ? "–" : chart.percent ? `${(100 * v).toFixed(0)} %` : v.toFixed(2));
  const ends = lines.length > 3 ? [lines[0], lines.at(-1)] : lines;
  chart.said.textContent = i < 0 ? "" : `epoch ${view.data.epochs[i]}`;
  chart.legend.replaceChildren(...ends.map((line) => {
    const sign = svg("svg", { width: 22, height: 8, "aria-hidden": "true" },
      svg("path", { d: "M0,4H22", stroke: line.colour, "stroke-dasharray": line.dash ?? "none" }));
    return make("span", {}, sign, `${line.name}: `, make("b", {}, show(line.values[i])));
  }));
  if (lines.length > 3) chart.legend.append(make("span", {}, `${lines.length} slices, from the smallest τ to the largest`));
  chart.root.ariaLabel = `${chart.title}, epoch ${view.data.epochs[i] ?? "–"}: ` +
    `${lines.map((line) => `${line.name} ${show(line.values[i])}`).join(", ")}. Arrow keys move from epoch to epoch.`;
}

// All numbers, one row an epoch, as columns.
function liveColumns(view) {
  const { epochs, curves, slices } = view.data;
  const columns = { epoch: epochs, ...curves };
  for (const [key, rows] of Object.entries(slices)) rows.forEach((row, i) => (columns[`${key} ${sliceName(view, i)}`] = row));
  return columns;
}
