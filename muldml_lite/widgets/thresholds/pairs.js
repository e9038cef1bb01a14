// Mean distances between every two classes, and within each: a table of numbers that one walks with the arrow keys.

function makePairs(card) {
  const table = make("table", { className: "pairs", role: "grid" });
  const told = make("div", { className: "told" });
  const root = make("section", { className: "pairing" }, make("h4", {}, "Mean distance of every two classes"), table,
    make("p", { className: "hint" }, "Point at a number, or walk there with the arrow keys: its faces."), told);
  return { root, table, told, cells: [], at: null, run: null };
}

function buildPairs(card, pairs, classes) {
  const head = make("tr", {}, make("td"), ...classes.map((style) => make("th", { scope: "col", title: style.name, ariaLabel: style.name }, sign())));
  const body = classes.map((style, a) => {
    const row = make("tr", {}, make("th", { scope: "row" }, sign(), make("span", {}, style.name)));
    pairs.cells[a] = classes.map((_, b) => {
      const cell = make("td", { role: "gridcell", tabIndex: a + b ? -1 : 0 });
      const ask = () => tellPair(card, pairs, ...(pairs.at = [a, b]));
      cell.onpointerenter = ask;
      cell.onfocus = () => {
        for (const other of pairs.cells.flat()) other.tabIndex = other === cell ? 0 : -1;
        ask();
      };
      cell.onkeydown = (event) => walkPairs(pairs, event, a, b);
      row.append(cell);
      return cell;
    });
    return row;
  });
  pairs.table.replaceChildren(make("caption", { className: "hear" }, "Mean distances; the diagonal is within a class. Arrow keys walk."),
    make("thead", {}, head), make("tbody", {}, ...body));
  const signs = [...pairs.table.querySelectorAll("canvas")];
  pairs.paint = (theme) => signs.forEach((canvas, i) => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, 32, 32);
    drawMark(context, classes[i % classes.length], 16, 16, 10, true, theme);
  });
}

const sign = () => make("canvas", { width: 32, height: 32, ariaHidden: "true" });

function walkPairs(pairs, event, a, b) {
  const step = STEP_KEYS[event.key];
  if (!step) return;
  event.preventDefault();
  pairs.cells[a + step[1]]?.[b + step[0]]?.focus();
}

const STEP_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Numbers, and a tint that says the same: the farther, the darker.
function writePairs(card, pairs) {
  const { stats, scale } = card;
  const unit = unitOf(stats, scale);
  const most = scale === "shape" ? 1.4 : stats.top * 0.75;
  const { classes, pairs: means } = stats;
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < classes; b++) {
      const value = means[a * classes + b] / unit;
      const cell = pairs.cells[a][b];
      cell.textContent = Number.isNaN(value) ? "–" : value.toFixed(2);
      cell.className = a === b ? "own" : "";
      cell.style.setProperty("--much", `${Math.round(Math.min(1, value / most || 0) * 46)}%`);
    }
  }
  tellPair(card, pairs, ...(pairs.at ?? nearestClasses(stats)));
}

// What is told until somebody asks: the two classes that lie nearest to each other.
function nearestClasses({ pairs, classes }) {
  let [least, best] = [Infinity, [0, 0]];
  for (let a = 0; a < classes; a++) {
    for (let b = a + 1; b < classes; b++) if (pairs[a * classes + b] < least) [least, best] = [pairs[a * classes + b], [a, b]];
  }
  return best;
}

// Which faces a number is made of: the nearest pair, a typical one, the farthest.
function tellPair(card, pairs, a, b) {
  const { stats, scale } = card;
  const unit = unitOf(stats, scale);
  const [first, second] = [a, b].map((k) => card.run.classes[k].name);
  const words = a === b ? `within ${first}` : `${first} and ${second}`;
  const count = stats.counts[a * stats.classes + b];
  const found = count ? telling(stats, a, b) : [];
  const title = `${words}: mean ${(stats.pairs[a * stats.classes + b] / unit).toFixed(2)}, ${count.toLocaleString("en")} pairs`;
  pairs.told.replaceChildren(make("p", {}, count ? title : `${words}: no pair`), make("div", { className: "trio" },
    ...found.map(([i, j, d], k) => {
      const kind = ["nearest", "typical", "farthest"][k];
      return make("figure", {}, make("div", { className: "row" }, card.face(i, 40), card.face(j, 40)),
        make("figcaption", {}, `${kind} ${(d / unit).toFixed(2)}`));
    })));
  for (const cell of pairs.cells.flat()) cell.ariaSelected = "false";
  pairs.cells[a][b].ariaSelected = "true";
}
