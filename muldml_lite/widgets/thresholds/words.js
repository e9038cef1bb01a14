// What the numbers say, in words.

function writeCard(card) {
  const { level, stats, tau, view, run, scale } = card;
  const own = level.tau == null ? "trained without a threshold" : `trained at τ = ${level.tau.toFixed(2)}`;
  const who = level.single ? level.name : `slice ${level.slice + 1}${view.runs.length > 1 ? ` of ${level.name}` : ""}`;
  card.title.replaceChildren(make("b", {}, `${card.role === "pinned" ? "Pinned: " : ""}τ = ${tau.toFixed(2)}`), ` · nearest: ${who}, ${own}`);
  card.pinButton.textContent = card.role === "pinned" ? "Unpin" : "Pin to compare";
  card.pinButton.ariaLabel = card.role === "pinned" ? "Unpin this threshold" : "Pin this threshold, to compare another one with it";
  const unit = unitOf(stats, scale);
  const ratio = stats.between / stats.within;
  card.facts.textContent = [
    `within classes ${(stats.within / unit).toFixed(2)}`, `between ${(stats.between / unit).toFixed(2)}`,
    `between ÷ within ${ratio.toFixed(2)}`, `mean of all ${stats.mean.toFixed(2)}`,
    `${(stats.number.within + stats.number.between).toLocaleString("en")} pairs`,
    stats.epoch === view.epoch ? "" : `epoch ${stats.epoch}`,
  ].filter(Boolean).join(" · ");
  card.density.ariaLabel = `Distributions of distances after epoch ${stats.epoch}, ${own}: ${card.facts.textContent}.`;
  card.strip.ariaLabel = `Histogram of ${stripWords(stats)} over ${card.hinges.count.toLocaleString("en")} triplets with a line at τ = ${tau.toFixed(2)}: ${percent(card.shares.anchor)} active, left of it.`;
  card.said.replaceChildren(...hingeWords(card).filter(Boolean).map((parts) => make("p", {}, ...[parts].flat())));
  card.said.classList.toggle("saturated", card.shares.all >= card.view.data.saturated);
}

function hingeWords(card) {
  return [collapseWords(card), verdictWords(card), sidesWords(card), whatIfWords(card), trainedWords(card)];
}

function collapseWords({ stats, view }) {
  if (!(stats.mean < view.data.collapsed)) return null;
  return [make("b", {}, "⚠ Collapsed: all faces lie nearly on one point,"), ` ${stats.mean.toFixed(3)} apart on average. The loss then stays at τ.`];
}

function verdictWords({ shares, hinges, view }) {
  if (!hinges.count) return [make("b", {}, "No triplet"), ": a triplet needs two faces of one class and one of another."];
  const share = shares.all;
  if (share === 1) {
    return [make("b", {}, "⚠ Saturated: every hinge is active."), " Each triplet pulls with its full force whatever τ is: τ has dropped out of the gradient and cannot matter."];
  }
  if (share >= view.data.saturated) {
    return [make("b", {}, `⚠ Nearly saturated: ${percent(share)} of the hinges are active.`), " Hardly any triplet feels τ; another τ would train nearly the same embedding."];
  }
  if (share === 0) return [make("b", {}, "No hinge is active."), " Every triplet is satisfied: nothing pulls any more."];
  return [make("b", {}, `${percent(share)} of the hinges are active.`), " Those left of the line still pull, those right of it are left alone: here τ decides."];
}

function sidesWords({ run, shares }) {
  if (!run.dual || shares.all === 0 || shares.all === 1 || Number.isNaN(shares.all)) return null;
  return `The dual loss judges both sides: ${percent(shares.anchor)} from the anchor's (the picture), ${percent(shares.positive)} from the positive's.`;
}

function whatIfWords({ level, tau, hinges, run }) {
  if (level.tau == null) return [make("b", {}, "What if"), ": this embedding was trained without triplets; τ only asks which ones would pull."];
  if (Math.abs(level.tau - tau) < 0.005 || !hinges.count) return null;
  const own = activeShares(hinges, level.tau, run.dual).all;
  return [make("b", {}, "What if"), `: this embedding was trained at its own τ = ${level.tau.toFixed(2)} (dotted line), where ${percent(own)} are active. Trained at ${tau.toFixed(2)} it would have become another one.`];
}

function trainedWords({ run, level, view, stats, mining }) {
  const active = run.trained[run.epochs.indexOf(stats.epoch)]?.[level.slice];
  const here = mining === run.mining ? "" : `Here: ${MINERS[mining]}. `;
  if (level.tau == null || active == null) return here || null;
  return `${here}In training, on its batches (${MINERS[run.mining]}), ${percent(active)} were active in epoch ${stats.epoch}.`;
}

// What tells two thresholds apart, and how much of it is mere scale.
function compareWords(first, second) {
  if (first.stats === second.stats) return "Both thresholds are nearest to the same embedding: drag one of them farther.";
  const [a, b] = [first, second].map((card) => card.stats);
  const [raw, shape] = comparedKs(a, b);
  const how = shape < raw / 2 ? "more than half of the difference is scale" : raw < 0.05 ? "hardly any difference" : "the shape differs, too, not only the scale";
  return `Distances between classes of these two: Kolmogorov–Smirnov distance ${raw.toFixed(2)} raw, ${shape.toFixed(2)} after dividing each by its mean: ${how}. Another seed alone moves them as well; the page Evidence (2a, 2b) says by how much.`;
}

// Raw, and with distances between classes divided by their own mean, as the ledger does.
function comparedKs(a, b) {
  a.compared ??= new WeakMap();
  if (!a.compared.has(b)) {
    const both = [sortedBetween(a), sortedBetween(b)];
    a.compared.set(b, [ksDistance(...both), ksDistance(...both, a.between || 1, b.between || 1)]);
  }
  return a.compared.get(b);
}

const knownComparison = (a, b) => a === b || a.compared?.has(b);
