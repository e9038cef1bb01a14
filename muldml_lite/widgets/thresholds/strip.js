// Hinges: how much farther the negative is than the positive, for every mined triplet; τ parts active from satisfied ones.

const STRIP_BINS = 72;

function drawStrip(context, box, { stats, hinges, scale, tau, own, shares, examples }, theme) {
  const unit = unitOf(stats, scale);
  // Binned in raw units over what the axis shows: dividing by the mean only relabels the axis.
  const counts = marginBins(hinges, box.low * unit, box.high * unit, STRIP_BINS);
  const most = Math.max(1, ...counts);
  const split = box.x(tau / unit);
  const step = (box.x1 - box.x0) / STRIP_BINS;
  const ink = inks(theme);
  const bars = (side) => {
    context.save();
    context.beginPath();
    if (side === "active") context.rect(0, 0, split, box.height);
    else context.rect(split, 0, box.width, box.height);
    context.clip();
    counts.forEach((count, k) => {
      const high = (count / most) * (box.floor - box.top - 22);
      if (!count) return;
      const place = [box.x0 + k * step + 0.5, box.floor - Math.max(high, 1), step - 1, Math.max(high, 1)];
      context.globalAlpha = side === "active" ? 0.85 : 0.9;
      if (side === "active") context.fillRect(...place);
      else context.strokeRect(place[0] + 0.5, place[1] + 0.5, Math.max(0.5, place[2] - 1), Math.max(0.5, place[3] - 0.5));
    });
    context.restore();
  };
  context.fillStyle = ink.between;
  bars("active");
  context.strokeStyle = ink.within;
  context.lineWidth = 1;
  bars("satisfied");
  context.globalAlpha = 1;
  if (own != null && Math.abs(own - tau) > 0.004) drawOwn(context, box, own / unit, own, theme);
  drawThreshold(context, box, split, theme);
  nameSides(context, box, split, shares, theme);
  drawAxis(context, box, `${stripWords(stats)}${scale === "shape" ? ", ÷ mean distance" : ""}`, theme);
  drawExamples(context, box, hinges, examples, unit, theme);
}

const stripWords = (stats) => (stats.top > 2 ? "D²(a,n) − D²(a,p)" : "D(a,n) − D(a,p)");

function drawOwn(context, box, x, own, theme) {
  context.strokeStyle = theme.text;
  context.lineWidth = 1.4;
  context.globalAlpha = 0.7;
  context.setLineDash([3, 3]);
  line(context, box.x(x), box.top + 12, box.x(x), box.floor);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawThreshold(context, box, x, theme) {
  context.strokeStyle = theme.text;
  context.lineWidth = 2.4;
  line(context, x, box.top - 2, x, box.floor + 4);
}

function nameSides(context, box, split, shares, theme) {
  const ink = inks(theme);
  const words = [`◀ active ${percent(shares.anchor)}`, `satisfied ${percent(1 - shares.anchor)} ▶`];
  const room = [split - box.x0, box.x1 - split];
  // Where one side is too narrow for its words, both stand on the other.
  const needs = 96;
  const above = box.top - 20;
  if (room[1] >= needs && room[0] >= needs) {
    label(context, box, words[0], split - 16, above, theme, { ink: ink.between, align: "right" });
    label(context, box, words[1], split + 16, above, theme, { ink: ink.within, align: "left" });
  } else {
    const [x, align] = room[0] < needs ? [split + 16, "left"] : [split - 16, "right"];
    label(context, box, words.join("  "), x, above, theme, { align });
  }
}

// Where the three triplets below stand: numbered marks on the axis.
function drawExamples(context, box, hinges, examples, unit, theme) {
  examples.forEach((k, i) => {
    if (k < 0) return;
    const x = Math.min(box.x1, Math.max(box.x0, box.x(hinges.margin[k] / unit)));
    context.beginPath();
    context.arc(x, box.floor - 8, 8, 0, 2 * Math.PI);
    context.fillStyle = theme.background;
    context.fill();
    context.strokeStyle = theme.text;
    context.lineWidth = 1.4;
    context.stroke();
    context.fillStyle = theme.text;
    context.font = `600 11px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(i + 1), x, box.floor - 7.5);
  });
}

// Never 100 % while one is missing, nor 0 % while one is there.
function percent(share) {
  if (Number.isNaN(share)) return "–";
  const whole = Math.round(100 * share);
  if (whole === 100 && share < 1) return "> 99 %";
  if (whole === 0 && share > 0) return "< 1 %";
  return `${whole} %`;
}
