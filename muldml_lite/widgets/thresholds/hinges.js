// Triplets among the images shown, and their margins: D(a,n) − D(a,p) from the anchor's side, D(p,n) − D(a,p) from the
// positive's. A hinge is active at τ where its margin is below τ.

const MINERS = { "batch-hard": "Batch Hard", "semi-hard": "semi-hard", "batch-all": "every triplet" };
const MARGIN_FINE = 400; // bins a unit of distance, where triplets are too many to be listed

function hingesOf(stats, mining) {
  stats.hinges ??= {};
  return (stats.hinges[mining] ??= mining === "batch-all" ? everyHinge(stats) : listed(stats, MINE[mining](stats)));
}

const MINE = { "batch-hard": mineHard, "semi-hard": mineSemi };

// Each anchor's farthest positive and nearest negative; ties go to the lowest index.
function mineHard({ matrix, labels }) {
  const n = labels.length;
  const triplets = [];
  for (let a = 0; a < n; a++) {
    let [p, q] = [-1, -1];
    for (let j = 0; j < n; j++) {
      if (j === a) continue;
      const d = matrix[a * n + j];
      if (labels[j] === labels[a]) {
        if (p < 0 || d > matrix[a * n + p]) p = j;
      } else if (q < 0 || d < matrix[a * n + q]) q = j;
    }
    if (p >= 0 && q >= 0) triplets.push(a, p, q);
  }
  return Uint16Array.from(triplets);
}

// For each anchor and positive the nearest negative beyond the positive, else the farthest negative.
function mineSemi({ matrix, labels }) {
  const n = labels.length;
  const triplets = [];
  for (let a = 0; a < n; a++) {
    const away = negativesByDistance(matrix, labels, a);
    if (!away.length) continue;
    for (let p = 0; p < n; p++) {
      if (p === a || labels[p] !== labels[a]) continue;
      const d = matrix[a * n + p];
      let [low, high] = [0, away.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (matrix[a * n + away[middle]] <= d) low = middle + 1;
        else high = middle;
      }
      let q = low;
      if (q === away.length) for (q--; q > 0 && matrix[a * n + away[q - 1]] === matrix[a * n + away[q]]; ) q--;
      triplets.push(a, p, away[q]);
    }
  }
  return Uint16Array.from(triplets);
}

// Sorting plain numbers is many times faster than sorting with a comparison: a distance's bits and its place in one.
function negativesByDistance(matrix, labels, a) {
  const n = labels.length;
  const bits = new Uint32Array(matrix.buffer);
  const keys = new Float64Array(n);
  let k = 0;
  for (let j = 0; j < n; j++) if (labels[j] !== labels[a]) keys[k++] = bits[a * n + j] * 65536 + j;
  return Uint16Array.from(keys.subarray(0, k).sort(), (key) => key % 65536);
}

function listed({ matrix, labels }, triplets) {
  const n = labels.length;
  const count = triplets.length / 3;
  const margin = new Float32Array(count);
  const other = new Float32Array(count);
  for (let k = 0; k < count; k++) {
    const [a, p, q] = triplets.subarray(3 * k, 3 * k + 3);
    margin[k] = matrix[a * n + q] - matrix[a * n + p];
    other[k] = matrix[p * n + q] - matrix[a * n + p];
  }
  return { count, triplets, margin, other, order: byMargin(margin), sides: [margin.slice().sort(), other.slice().sort()] };
}

function byMargin(margin) {
  const keys = Float64Array.from(margin, (m, k) => Math.floor((m + 8) * 1e6) * 2 ** 20 + k);
  return Uint32Array.from(keys.sort(), (key) => key % 2 ** 20);
}

// Millions of triplets are counted in fine bins, never listed; one for each positive pair serves as an example.
function everyHinge(stats) {
  const { matrix, labels } = stats;
  const n = labels.length;
  const fine = new Float64Array(16 * MARGIN_FINE); // margins from −8 to 8
  const sample = [];
  let count = 0;
  for (let a = 0; a < n; a++) {
    const negatives = [];
    for (let j = 0; j < n; j++) if (labels[j] !== labels[a]) negatives.push(j);
    if (!negatives.length) continue;
    const far = Float32Array.from(negatives, (j) => matrix[a * n + j]);
    for (let p = 0; p < n; p++) {
      if (p === a || labels[p] !== labels[a]) continue;
      const shift = (8 - matrix[a * n + p]) * MARGIN_FINE;
      for (let k = 0; k < far.length; k++) fine[(far[k] * MARGIN_FINE + shift) | 0]++;
      count += far.length;
      sample.push(a, p, negatives[(a * 7919 + p * 104729) % negatives.length]);
    }
  }
  const below = new Float64Array(fine.length + 1);
  for (let k = 0; k < fine.length; k++) below[k + 1] = below[k] + fine[k];
  return { ...listed(stats, Uint16Array.from(sample)), count, below };
}

function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Shares of active hinges from the anchor's side, from the positive's, and of those that the loss has.
function activeShares(hinges, tau, dual) {
  const share = (sorted) => lowerBound(sorted, tau) / sorted.length;
  // Of every triplet, (a,p,n) and (p,a,n) are both there: either side gives the same share.
  const every = hinges.below && hinges.below[Math.min(hinges.below.length - 1, Math.round((tau + 8) * MARGIN_FINE))] / hinges.count;
  const [anchor, positive] = hinges.below ? [every, every] : hinges.sides.map(share);
  return { anchor, positive, all: dual ? (anchor + positive) / 2 : anchor };
}

// Counts of anchor-side margins in equal bins of low … high, which hold all of them: ends collect what lies beyond.
function marginBins(hinges, low, high, bins) {
  const found = new Float64Array(bins);
  const place = (m) => Math.min(bins - 1, Math.max(0, Math.floor(((m - low) / (high - low)) * bins)));
  if (hinges.below) {
    for (let k = 0; k + 1 < hinges.below.length; k++) {
      const own = hinges.below[k + 1] - hinges.below[k];
      if (own) found[place((k + 0.5) / MARGIN_FINE - 8)] += own;
    }
  } else for (const m of hinges.margin) found[place(m)]++;
  return found;
}

// An active triplet, one that is just satisfied, and one that is far satisfied: numbers in the list, −1 where there is none.
function exampleTriplets(hinges, tau) {
  const { order, sides } = hinges;
  const active = lowerBound(sides[0], tau);
  const last = order.length - 1;
  return [active > 0 ? order[active >> 1] : -1, active <= last ? order[active] : -1, active < last ? order[last] : -1];
}
