// Several faces chosen at once, by a lasso or by keys: who they are, in words, bars and pictures.

const PICTURED = 60; // faces shown of a selection at most

function pointsInside(view, panel, path) {
  const inside = [];
  for (let i = 0; i < view.count; i++) {
    if (view.only >= 0 && view.scheme.of(i) !== view.only) continue;
    const [x, y] = place(view, panel, i);
    let odd = false;
    for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
      const [ax, ay] = path[a];
      const [bx, by] = path[b];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    if (odd) inside.push(i);
  }
  return inside;
}

function showSelection(view) {
  const chosen = [...view.chosen].sort((a, b) => a - b);
  view.selected.replaceChildren(...(chosen.length ? [selectionOf(view, chosen)] : []));
}

function selectionOf(view, chosen) {
  const { labels, subjects, classes, test } = view.data;
  const right = chosen.filter((i) => view.right(i)).length;
  const unseen = chosen.filter((i) => test[i]).length;
  const clear = make("button", { type: "button", className: "clear" }, "✕ Clear");
  clear.onclick = () => view.choose([]);
  const faces = chosen.slice(0, PICTURED).map((i) => faceButton(view, i, 40, `Pick: ${view.describe(i)}`, view.panels[0]));
  const more = chosen.length - faces.length;
  const people = countsOf(chosen, (i) => subjects[i]);
  const expressions = countsOf(chosen, (i) => labels[i]);
  return make("section", { className: "selection", ariaLabel: "Selected faces" },
    make("h3", {}, `${chosen.length} ${chosen.length === 1 ? "face" : "faces"} selected`, clear),
    make("p", {}, `${right} of ${chosen.length} predicted right · ${unseen} of unseen subjects · ${expressions.length} ` +
      `${expressions.length === 1 ? "expression" : "expressions"} · ${people.length} ${people.length === 1 ? "subject" : "subjects"}`),
    make("div", { className: "columns" },
      countTable(view, "Expression", expressions.map(([k, count]) => [classes[k].name, count, classes[k]])),
      countTable(view, "Subject", people.slice(0, 8).map(([s, count]) => [s < 0 ? "unknown" : `subject ${s}`, count, null]),
        people.length > 8 ? `and ${people.length - 8} more subjects` : "")),
    make("div", { className: "faces" }, ...faces, ...(more > 0 ? [make("span", { className: "soft" }, `and ${more} more`)] : [])));
}

function countsOf(chosen, of) {
  const counts = new Map();
  for (const i of chosen) counts.set(of(i), (counts.get(of(i)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

function countTable(view, title, rows, rest = "") {
  const most = Math.max(...rows.map(([, count]) => count));
  const lines = rows.map(([name, count, style]) => {
    const bar = make("span", { className: "share", ariaHidden: "true" });
    bar.style.setProperty("--share", count / most);
    return make("tr", {}, make("th", { scope: "row" }, ...(style ? [signOf(view, style, true)] : []), name), make("td", {}, bar, String(count)));
  });
  const head = make("tr", {}, make("th", { scope: "col" }, title), make("th", { scope: "col" }, "Faces"));
  return make("div", {}, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)), ...(rest ? [make("p", { className: "soft" }, rest)] : []));
}
