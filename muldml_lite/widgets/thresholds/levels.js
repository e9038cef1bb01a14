// Levels: every slice of every run, by its threshold. A place is a τ, and a run's name where several have that τ.

function makeLevels(runs) {
  const levels = runs.flatMap((run, r) =>
    run.thresholds.map((tau, slice) => ({ run: r, slice, tau, name: run.name, single: run.thresholds.length === 1 })));
  return levels.sort((a, b) => (a.tau ?? Infinity) - (b.tau ?? Infinity) || a.run - b.run || a.slice - b.slice);
}

// The level nearest to τ: of the wished run if it is among the nearest, else of the first run.
function nearestLevel(levels, { tau, of }) {
  const far = (level) => (level.tau == null ? Infinity : Math.round(Math.abs(level.tau - tau) * 1e6));
  const least = Math.min(...levels.map(far));
  const near = levels.filter((level) => far(level) === least);
  return near.find((level) => level.name === of) ?? near.find((level) => level.run === 0) ?? near[0];
}

function writePlace({ tau, of }) {
  return of ? `${roundTau(tau)}@${of}` : `${roundTau(tau)}`;
}

function readPlace(text) {
  const [, tau, of] = /^(\d*\.?\d+)(?:@(.+))?$/.exec(text ?? "") ?? [];
  return tau === undefined ? null : { tau: Number(tau), of };
}

const roundTau = (tau) => Math.round(tau * 100) / 100;

function levelName(level) {
  const own = level.tau == null ? "no τ" : `τ = ${level.tau.toFixed(2)}`;
  return level.single ? `${level.name} (${own})` : `slice ${level.slice + 1} (${own})`;
}

// Distances and hinges of a level after an epoch, for the images of a part; remembered until room is needed.
class Shelf {
  constructor(runs) {
    this.runs = runs;
    this.vectors = runs.map(() => null);
    this.kept = new Map();
    this.room = 96e6; // bytes of distance matrices
    this.used = 0;
  }

  rows(run, part) {
    const wanted = part === "unseen" ? 1 : 0;
    return this.runs[run].test.flatMap((test, i) => (test === wanted ? [i] : []));
  }

  // Another run's epoch is its own nearest one.
  frame(run, epoch) {
    const { epochs } = this.runs[run];
    return epochs.reduce((best, own, i) => (Math.abs(own - epoch) < Math.abs(epochs[best] - epoch) ? i : best), 0);
  }

  stats(level, epoch, part) {
    const frame = this.frame(level.run, epoch);
    const key = `${level.run}/${level.slice}/${frame}/${part}`;
    let found = this.kept.get(key);
    if (!found) {
      found = this.measure(level, frame, part);
      this.used += found.matrix.byteLength;
    }
    this.kept.delete(key);
    this.kept.set(key, found); // the last one used is the last one to go
    for (const [old, { matrix }] of this.kept) {
      if (this.used <= this.room || old === key) break;
      this.kept.delete(old);
      this.used -= matrix.byteLength;
    }
    return found;
  }

  measure(level, frame, part) {
    const run = this.runs[level.run];
    this.vectors[level.run] ??= unpackHalves(run.vectors);
    const rows = this.rows(level.run, part);
    const start = (frame * run.thresholds.length + level.slice) * run.labels.length * run.dim;
    const matrix = distancesOf(this.vectors[level.run], start, run.dim, rows, run.squared);
    const labels = Uint8Array.from(rows, (i) => run.labels[i]);
    return { rows, epoch: run.epochs[frame], ...summarise(matrix, labels, run.classes.length, run.squared ? 4 : 2) };
  }
}
