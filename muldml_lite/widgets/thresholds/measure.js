// Distances of one slice, and what is counted of them. Pure: packed numbers in, typed arrays out.

const BINS = 80; // of a distribution, over its axis
const SHAPE_TOP = 2.5; // end of the axis of distances divided by their mean

function unpackHalves(packed) {
  const table = halfTable();
  return Float32Array.from(shortsOf(packed, Uint16Array), (half) => table[half]);
}

// Vectors of a slice begin at `start`, `dim` numbers each; `rows` are the images wanted → (n, n), row by row.
function distancesOf(vectors, start, dim, rows, squared) {
  const n = rows.length;
  const own = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) own.set(vectors.subarray(start + rows[i] * dim, start + (rows[i] + 1) * dim), i * dim);
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let sum = 0;
      for (let a = i * dim, b = j * dim, end = a + dim; a < end; a++, b++) {
        const gap = own[a] - own[b];
        sum += gap * gap;
      }
      matrix[i * n + j] = matrix[j * n + i] = squared ? sum : Math.sqrt(sum);
    }
  }
  return matrix;
}

// Counts, means and distributions of all pairs; `top` is the largest distance there can be.
function summarise(matrix, labels, classes, top) {
  const n = labels.length;
  const sums = new Float64Array(classes * classes);
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const cell = labels[i] <= labels[j] ? labels[i] * classes + labels[j] : labels[j] * classes + labels[i];
      sums[cell] += matrix[i * n + j];
      counts[cell]++;
    }
  }
  const pairs = new Float64Array(classes * classes);
  const total = { within: 0, between: 0 };
  const number = { within: 0, between: 0 };
  for (let a = 0; a < classes; a++) {
    for (let b = a; b < classes; b++) {
      const [cell, kind] = [a * classes + b, a === b ? "within" : "between"];
      total[kind] += sums[cell];
      number[kind] += counts[cell];
      pairs[cell] = pairs[b * classes + a] = sums[cell] / counts[cell]; // NaN: there is no such pair
      counts[b * classes + a] = counts[cell];
    }
  }
  const mean = (total.within + total.between) / (number.within + number.between);
  return {
    matrix, labels, classes, top, pairs, counts, number, mean,
    within: total.within / number.within,
    between: total.between / number.between,
    raw: binned(matrix, labels, 1, top),
    shape: binned(matrix, labels, mean > 0 ? mean : 1, SHAPE_TOP),
  };
}

// How many distances, divided by `unit`, fall into each of BINS equal parts of 0 … top; what lies beyond is counted apart.
function binned(matrix, labels, unit, top) {
  const n = labels.length;
  const found = { within: new Uint32Array(BINS), between: new Uint32Array(BINS), beyond: 0 };
  const factor = BINS / (top * unit);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let bin = Math.floor(matrix[i * n + j] * factor);
      if (bin === BINS && matrix[i * n + j] <= top * unit) bin--; // the last bin holds its end, as in NumPy
      if (bin < BINS) found[labels[i] === labels[j] ? "within" : "between"][bin]++;
      else found.beyond++;
    }
  }
  return found;
}

// What distances are divided by; a part without pairs, or one collapsed to a point, has no mean to divide by.
const unitOf = (stats, scale) => (scale === "shape" && stats.mean > 0 ? stats.mean : 1);

function sortedBetween(stats) {
  if (stats.sorted) return stats.sorted;
  const { matrix, labels, number } = stats;
  const n = labels.length;
  const apart = new Float32Array(number.between);
  let k = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (labels[i] !== labels[j]) apart[k++] = matrix[i * n + j];
  return (stats.sorted = apart.sort());
}

// Kolmogorov–Smirnov distance of two sorted samples, each divided by its unit: 0 … 1.
function ksDistance(first, second, firstUnit = 1, secondUnit = 1) {
  let [i, j, most] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const [a, b] = [first[i] / firstUnit, second[j] / secondUnit];
    const x = Math.min(a, b);
    while (i < first.length && first[i] / firstUnit <= x) i++;
    while (j < second.length && second[j] / secondUnit <= x) j++;
    most = Math.max(most, Math.abs(i / first.length - j / second.length));
  }
  return most;
}

// Nearest, most typical (nearest to the mean) and farthest pair of images of two classes: [[i, j, distance], …].
function telling(stats, a, b) {
  const { matrix, labels, pairs, classes } = stats;
  const n = labels.length;
  const goals = [-Infinity, pairs[a * classes + b], Infinity];
  const best = goals.map(() => [-1, -1, NaN]);
  const least = goals.map(() => Infinity);
  for (let i = 0; i < n; i++) {
    if (labels[i] !== a) continue;
    for (let j = a === b ? i + 1 : 0; j < n; j++) {
      if (labels[j] !== b) continue;
      const d = matrix[i * n + j];
      [d, Math.abs(d - goals[1]), -d].forEach((cost, k) => {
        if (cost >= least[k]) return;
        least[k] = cost;
        best[k] = [i, j, d];
      });
    }
  }
  return best;
}
