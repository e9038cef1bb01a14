// Three triplets as faces: one that still pulls, one that is just left alone, one that has been for long.

const EXAMPLE_WORDS = ["active", "just satisfied", "far satisfied"];

function makeExamples() {
  const root = make("section", { className: "examples" }, make("h4", {}, "Three of these triplets, from the anchor's side"));
  const rows = EXAMPLE_WORDS.map((word, i) => {
    const faces = ["a", "p", "n"].map((role) => {
      const face = make("span", { className: "face", role: "img" });
      return { role, face, root: make("figure", {}, face, make("figcaption", {}, make("i", {}, role))) };
    });
    const said = make("p");
    const row = make("div", { className: "example" }, make("span", { className: "number", ariaHidden: "true" }, String(i + 1)),
      ...faces.map((one) => one.root), said);
    root.append(row);
    return { word, root: row, faces, said, shown: null };
  });
  return { root, rows };
}

function writeExamples(card, examples) {
  const { hinges, stats, tau } = card;
  examples.rows.forEach((row, i) => {
    const k = card.examples[i];
    row.root.classList.toggle("none", k < 0);
    for (const { face } of row.faces) face.hidden = k < 0;
    if (k < 0) {
      row.said.textContent = i ? "No triplet is satisfied at this τ." : "No triplet is active at this τ.";
      return;
    }
    const places = hinges.triplets.subarray(3 * k, 3 * k + 3);
    row.faces.forEach(({ face, role }, j) => card.turnFace(face, places[j], 50, ROLES[role]));
    const n = stats.labels.length;
    const [ap, an] = [places[1], places[2]].map((j) => stats.matrix[places[0] * n + j]);
    const misses = tau - (an - ap);
    const sign = stats.top > 2 ? "D²" : "D";
    row.lines = [`${sign}(a,p) ${ap.toFixed(2)}, ${sign}(a,n) ${an.toFixed(2)}`,
      misses > 0 ? `loss ${misses.toFixed(2)}` : `no loss, ${(-misses).toFixed(2)} to spare`];
    row.said.replaceChildren(make("b", {}, row.word), ...row.lines.flatMap((text) => [make("br"), text]));
  });
}

const ROLES = { a: "Anchor", p: "Positive", n: "Negative" };
