// Whom each slice puts next to the picked face: exact neighbours, strips below the panels, and the comparison of all slices.

const COMPARED = 24; // faces in the comparison at most

// The frame whose embeddings are at hand for a frame: itself, or the last one before it.
function vectorPlace(view, frame) {
  const frames = view.data.vector_frames;
  let found = 0;
  while (found + 1 < frames.length && frames[found + 1] <= frame) found++;
  return found;
}

// Embeddings of all slices in one frame as float32 (N · n · d); the last frame asked for is kept.
function vectorsAt(view, placed) {
  if (view.decoded?.placed === placed) return view.decoded.values;
  const size = view.data.thresholds.length * view.count * view.data.dim;
  const [table, values] = [halfTable(), new Float32Array(size)];
  for (let i = 0; i < size; i++) values[i] = table[view.vectors[placed * size + i]];
  view.decoded = { placed, values };
  return values;
}

// Exact Euclidean neighbours among the probe images, from the very numbers the run folder holds.
function neighboursOf(view, slice, i) {
  const { dim, k } = view.data;
  if (!k) return [];
  const values = vectorsAt(view, vectorPlace(view, view.frame));
  const start = slice * view.count * dim;
  const [from, found] = [start + i * dim, []];
  for (let j = 0; j < view.count; j++) {
    let sum = 0;
    for (let d = 0, at = start + j * dim; d < dim; d++, at++) sum += (values[at] - values[from + d]) ** 2;
    if (j === i || (found.length === k && sum >= found[k - 1].distance)) continue;
    let rank = found.length;
    while (rank > 0 && found[rank - 1].distance > sum) rank--; // equal distances stay in order of the index
    found.splice(rank, 0, { index: j, distance: sum });
    if (found.length > k) found.pop();
  }
  return found.map(({ index, distance }) => ({ index, distance: Math.sqrt(distance) }));
}

function relation(view, i) {
  const { labels, subjects } = view.data;
  const person = subjects[i] === subjects[view.picked] && subjects[i] >= 0;
  if (labels[i] === labels[view.picked]) return { kind: "same", words: `same expression${person ? ", same person" : ""}` };
  return person ? { kind: "person", words: "same person, other expression" } : { kind: "other", words: "other expression, other person" };
}

function faceButton(view, i, size, words, panel, ...more) {
  const button = make("button", { type: "button", ariaLabel: words, title: words }, view.face(i, size), ...more);
  button.dataset.face = i;
  button.onclick = (event) => {
    view.pick(i, null);
    if (event.detail === 0) panel.canvas.focus({ preventScroll: true }); // by a key: this button is gone now
  };
  button.onpointerenter = () => view.hover(i, panel, false, button);
  button.onpointerleave = () => view.hover(-1, panel);
  button.onfocus = () => view.hover(i, panel, false, button);
  button.onblur = () => view.hover(-1, panel);
  return button;
}

function showNear(view) {
  for (const panel of view.panels) {
    const near = view.near[panel.slice] ?? [];
    panel.near.replaceChildren(...near.map(({ index, distance }) => {
      const { kind, words } = relation(view, index);
      const text = `Pick this neighbour: ${view.style(index).name}, ${words}, distance ${distance.toFixed(2)}`;
      const button = faceButton(view, index, view.thumb, text, panel, distance.toFixed(2));
      button.classList.add(kind);
      return button;
    }));
    if (!near.length) panel.near.append(make("span", { className: "hint" }, panel.slice ? "" : "Pick a point to see its neighbours"));
  }
  view.compared.replaceChildren(...(view.picked >= 0 ? [comparison(view)] : []));
}

// The union of all slices' neighbours, most shared first, each with its rank in every slice.
function unionOf(near) {
  const union = new Map();
  near.forEach((list, slice) => list.forEach(({ index, distance }, rank) => {
    if (!union.has(index)) union.set(index, { index, ranks: [], distances: [], count: 0, sum: 0 });
    const face = union.get(index);
    face.ranks[slice] = rank + 1;
    face.distances[slice] = distance;
    face.count++;
    face.sum += rank;
  }));
  return [...union.values()].sort((a, b) => b.count - a.count || a.sum / a.count - b.sum / b.count || a.index - b.index);
}

function comparison(view) {
  const union = unionOf(view.near);
  const shown = union.slice(0, COMPARED);
  const same = view.near.map((list) => list.filter(({ index }) => relation(view, index).kind === "same").length);
  const head = make("tr", {}, make("th", { scope: "col" }, "Slice"), ...shown.map(({ index }) => {
    const { kind, words } = relation(view, index);
    const button = faceButton(view, index, 34, `${view.describe(index)}: ${words}`, view.panels[0]);
    button.classList.add(kind);
    return make("th", { scope: "col" }, button);
  }), make("th", { scope: "col" }, "Same expression"));
  const rows = view.panels.map(({ slice }) => make("tr", {}, make("th", { scope: "row" }, view.sliceName(slice)),
    ...shown.map((face) => rankCell(view, face, slice)), sharesCell(same[slice], view.near[slice].length)));
  const table = make("table", { className: "ranks" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const hidden = union.length - shown.length;
  const key = "Numbers are ranks: 1 is the nearest. Solid frame: the same expression. Dashed frame: the same person with another " +
    "expression." + asOf(view) + (hidden ? ` ${hidden} faces that fewest slices share are left out.` : "");
  return make("section", { className: "comparison", ariaLabel: "Neighbours compared across slices" },
    make("h3", {}, "Do the slices agree on who is near?"),
    make("div", { className: "about" }, view.face(view.picked, 52), make("p", {}, make("strong", {}, view.style(view.picked).name),
      `, ${view.data.names[view.picked]}`, make("br"), agreement(view, union, same))),
    make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Ranks of neighbours by slice" }, table),
    make("p", { className: "soft" }, key));
}

// Where embeddings of the shown epoch are not at hand, the lists are older, and say so.
function asOf(view) {
  const frame = view.data.vector_frames[vectorPlace(view, view.frame)];
  return frame === view.frame ? "" : ` Neighbours are those of epoch ${view.data.epochs[frame]}.`;
}

function rankCell(view, face, slice) {
  if (!face.ranks[slice]) return make("td", { className: "none" }, "·");
  const { kind } = relation(view, face.index);
  const chip = make("span", { className: `rank ${kind}`, title: `rank ${face.ranks[slice]}, distance ${face.distances[slice].toFixed(3)}` }, String(face.ranks[slice]));
  const cell = make("td", {}, chip);
  cell.onpointerenter = () => view.hover(face.index, view.panels[slice], false, cell);
  cell.onpointerleave = () => view.hover(-1, view.panels[slice]);
  return cell;
}

function sharesCell(same, of) {
  const bar = make("span", { className: "share", ariaHidden: "true" });
  bar.style.setProperty("--share", same / Math.max(1, of));
  return make("td", { className: "same-of" }, bar, `${same} of ${of}`);
}

// What the comparison says, in words.
function agreement(view, union, same) {
  const slices = view.near.length;
  const k = view.near[0].length;
  if (slices === 1) return `${same[0]} of its ${k} nearest faces have the same expression.`;
  const all = union.filter((face) => face.count === slices).length;
  const [low, high] = [Math.min(...same), Math.max(...same)];
  const shared = all === k ? `All ${slices} slices name the same ${k} faces.`
    : `Together the ${slices} slices name ${union.length} different faces (${k} each); ${all || "none"} of them ${all > 1 ? "are" : "is"} in every slice's list.`;
  const where = (count) => {
    const places = same.flatMap((value, slice) => (value === count ? [view.sliceName(slice)] : []));
    return places.length > 3 ? `in ${places.length} slices` : `at ${places.join(", ")}`;
  };
  return low === high ? `${shared} Same expression: ${low} of ${k} in each.`
    : `${shared} Same expression: most ${where(high)} (${high} of ${k}), fewest ${where(low)} (${low}).`;
}
