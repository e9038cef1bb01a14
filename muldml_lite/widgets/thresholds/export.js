// To take home: the picture that is shown, and the numbers it is drawn from.

// One line a number: which threshold, what it is of, and from where to where.
function numbersOf(view) {
  const columns = { tau: [], run: [], slice: [], trained_at: [], epoch: [], faces: [], scale: [], what: [], of: [], from: [], to: [], value: [] };
  for (const card of [view.pinned, view.main].filter(Boolean)) {
    const { level, stats, run } = card;
    const own = [card.tau, level.name, level.slice + 1, level.tau ?? "", stats.epoch, view.part, card.scale];
    const add = (...rest) => Object.keys(columns).forEach((key, i) => columns[key].push([...own, ...rest][i]));
    const step = (card.scale === "shape" ? SHAPE_TOP : stats.top) / BINS;
    for (const kind of ["within", "between"]) {
      add("mean distance", kind, "", "", stats[kind] / card.unit);
      stats[card.scale][kind].forEach((count, k) => add("pairs", kind, digits(k * step), digits((k + 1) * step), count));
    }
    run.classes.forEach((a, i) => run.classes.forEach((b, j) => {
      if (j >= i) add("mean distance", `${a.name} – ${b.name}`, "", "", stats.pairs[i * stats.classes + j] / card.unit);
    }));
    const { low, high } = card.stripBox;
    marginBins(card.hinges, low * card.unit, high * card.unit, STRIP_BINS).forEach((count, k) => {
      const wide = (high - low) / STRIP_BINS;
      add("triplets", `${stripWords(stats)}, ${MINERS[card.mining]}`, digits(low + k * wide), digits(low + (k + 1) * wide), count);
    });
    for (const [side, share] of Object.entries(card.shares)) add("active share", side, "", "", share);
  }
  return columns;
}

const digits = (value) => Math.round(value * 1e4) / 1e4;

async function pictureOf(view) {
  const cards = [view.pinned, view.main].filter(Boolean);
  const [width, height, gap] = [620, 800, 24];
  const canvas = make("canvas");
  const { theme } = view;
  const all = [cards.length * width + (cards.length + 1) * gap, height + 2 * gap];
  const context = openCanvas(canvas, ...all, 2);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, ...all);
  for (const [i, card] of cards.entries()) {
    context.save();
    context.translate(gap + i * (width + gap), gap);
    await paintCard(context, view, card, width, height);
    context.restore();
  }
  return canvas;
}

async function paintCard(context, view, card, width, height) {
  const { theme } = view;
  const write = (text, y, weight = 400) => {
    context.font = `${weight} 14px ${theme.font}`;
    Object.assign(context, { fillStyle: theme.text, textAlign: "left", textBaseline: "top", globalAlpha: 1 });
    context.fillText(text, 0, y, width);
  };
  write(card.title.textContent, 0, 650);
  write(`${card.run.name}, epoch ${card.stats.epoch}, ${view.part} faces · ${card.facts.textContent}`, 22);
  const part = (y, high, draw) => {
    context.save();
    context.translate(0, y);
    draw(high);
    context.restore();
  };
  part(48, 250, (high) => {
    const box = makeBox(width, high, 0, card.scale === "shape" ? SHAPE_TOP : view.top);
    const others = view.smalls.filter((small) => small.level !== card.level).map((small) => small.values.between);
    drawDensity(context, box, { stats: card.stats, scale: card.scale, others, peak: view.peak, tau: card.tau }, theme);
  });
  write(`Hinges (${MINERS[card.mining]}): by how much the negative is farther than the positive`, 312, 650);
  part(334, 230, (high) => {
    drawStrip(context, makeBox(width, high, ...view.reach(card)), { ...card, unit: card.unit, own: card.level.tau }, theme);
  });
  const image = await loadImage(view.sprites[card.level.run]);
  part(590, height - 590, () => paintExamples(context, card, image, theme));
}

function paintExamples(context, card, image, theme) {
  const { columns, side } = card.run.sprite ?? card.view.runs[0].sprite;
  card.three.rows.forEach((row, i) => {
    const k = card.examples[i];
    if (k < 0) return;
    const y = i * 68;
    [...card.hinges.triplets.subarray(3 * k, 3 * k + 3)].forEach((place, j) => {
      const at = card.stats.rows[place];
      context.drawImage(image, (at % columns) * side, Math.floor(at / columns) * side, side, side, 24 + j * 68, y, 60, 60);
    });
    context.font = `600 14px ${theme.font}`;
    Object.assign(context, { fillStyle: theme.text, textAlign: "left", textBaseline: "top" });
    context.fillText(String(i + 1), 4, y + 22);
    context.font = `400 13px ${theme.font}`;
    [`${row.word}: anchor, positive, negative`, ...row.lines].forEach((text, n) => context.fillText(text, 240, y + 4 + n * 18));
  });
}

function loadImage(url) {
  return new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => fail(new Error("the faces could not be read"));
    image.src = url;
  });
}
