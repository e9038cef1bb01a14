// The triplet losses on a handful of points, by hand: mining, values, gradients, descent. No drawing here.
// A picture is a pure function of its start and its rules, so any iteration of it can be come back to.
//
// points  Float64Array [x0, y0, x1, y1, …];  classes  one whole number a point
// rules   { space: "plane" | "circle", loss: "triplet" | "dual", mining: "one" | "hard", tau, step, anchor }

// All distances, row by row.
function distances(points) {
  const count = points.length / 2;
  const apart = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const dx = points[2 * i] - points[2 * j];
      const dy = points[2 * i + 1] - points[2 * j + 1];
      apart[i * count + j] = apart[j * count + i] = Math.sqrt(dx * dx + dy * dy);
    }
  }
  return apart;
}

// Farthest positive and nearest negative of an anchor, the lowest index of equals; null if it lacks either.
function hardest(apart, classes, anchor) {
  let [positive, negative, far, near] = [-1, -1, -1, Infinity];
  for (let i = 0; i < classes.length; i++) {
    if (i === anchor) continue;
    const there = apart[anchor * classes.length + i];
    if (classes[i] === classes[anchor]) {
      if (there > far) [positive, far] = [i, there];
    } else if (there < near) [negative, near] = [i, there];
  }
  return positive < 0 || negative < 0 ? null : { anchor, positive, negative, ap: far, an: near };
}

function mineTriplets(apart, classes, rules) {
  const anchors = rules.mining === "one" ? [rules.anchor] : classes.keys();
  const found = [];
  for (const anchor of anchors) {
    const triplet = hardest(apart, classes, anchor);
    if (triplet) found.push(triplet);
  }
  return found;
}

// What is said about one triplet: its hinges before the cut at 0, its terms after it, and the verdict.
function judgeTriplet({ anchor, positive, negative, ap, an }, pn, rules) {
  const hinges = rules.loss === "dual" ? [ap - an + rules.tau, ap - pn + rules.tau] : [ap - an + rules.tau];
  const terms = hinges.map((value) => Math.max(0, value));
  const loss = terms[0] + (terms[1] ?? 0);
  return { anchor, positive, negative, ap, an, pn, hinges, terms, loss, incomplete: ap + rules.tau <= an && pn < ap };
}

// Pull i and j together (weight > 0) or apart (< 0): the gradient of weight · D(i, j). None where they coincide.
function pull(gradient, points, i, j, apart, weight) {
  if (apart === 0) return;
  for (let d = 0; d < 2; d++) {
    const share = (weight * (points[2 * i + d] - points[2 * j + d])) / apart;
    gradient[2 * i + d] += share;
    gradient[2 * j + d] -= share;
  }
}

// Loss (mean over the judged triplets), its gradient at every point, and the triplets themselves.
function judge(points, classes, rules) {
  const apart = distances(points);
  const triplets = mineTriplets(apart, classes, rules).map((found) =>
    judgeTriplet(found, apart[found.positive * classes.length + found.negative], rules));
  const gradient = new Float64Array(points.length);
  let loss = 0;
  for (const t of triplets) {
    loss += t.loss / triplets.length;
    const weight = 1 / triplets.length;
    const active = (t.hinges[0] > 0) + (t.hinges[1] > 0);
    if (active) pull(gradient, points, t.anchor, t.positive, t.ap, weight * active);
    if (t.hinges[0] > 0) pull(gradient, points, t.anchor, t.negative, t.an, -weight);
    if (t.hinges[1] > 0) pull(gradient, points, t.positive, t.negative, t.pn, -weight);
  }
  if (rules.space === "circle") keepTangent(gradient, points);
  return { loss, gradient, triplets };
}

// The gradient through the division by the length, at length 1: what would change the length only drops out.
function keepTangent(gradient, points) {
  for (let i = 0; i < points.length; i += 2) {
    const outwards = gradient[i] * points[i] + gradient[i + 1] * points[i + 1];
    gradient[i] -= outwards * points[i];
    gradient[i + 1] -= outwards * points[i + 1];
  }
}

function onCircle(points) {
  const placed = Float64Array.from(points);
  for (let i = 0; i < placed.length; i += 2) {
    const length = Math.sqrt(placed[i] ** 2 + placed[i + 1] ** 2);
    placed[i] = length > 1e-9 ? placed[i] / length : 1;
    placed[i + 1] = length > 1e-9 ? placed[i + 1] / length : 0;
  }
  return placed;
}

// One step of gradient descent; on the circle, points come back to length 1 after it.
function descend(points, gradient, rules) {
  const moved = points.map((value, i) => value - rules.step * gradient[i]);
  return rules.space === "circle" ? onCircle(moved) : moved;
}

// Judgements (A,B,C) incomplete before whose mirror image (B,A,C) is incomplete now.
function recurrences(before, now) {
  if (!now.some((one) => one.incomplete)) return [];
  return before.filter((one) => one.incomplete).flatMap((one) => now.filter((other) => other.incomplete
    && other.anchor === one.positive && other.positive === one.anchor && other.negative === one.negative));
}

// All iterations from a start, each worked out when it is first asked for.
class Descent {
  constructor(points, classes, rules) {
    Object.assign(this, { classes, rules, states: [] });
    this.add(rules.space === "circle" ? onCircle(points) : Float64Array.from(points));
  }

  add(points) {
    const judged = judge(points, this.classes, this.rules);
    const back = this.states.length ? recurrences(this.states.at(-1).triplets, judged.triplets) : [];
    this.states.push({ points, ...judged, back });
  }

  at(iteration) {
    while (this.states.length <= iteration) {
      const { points, gradient } = this.states.at(-1);
      this.add(descend(points, gradient, this.rules));
    }
    return this.states[iteration];
  }

  upTo(iteration) {
    this.at(iteration);
    return this.states.slice(0, iteration + 1);
  }
}

// What a whole run comes to: when its loss is gone for good, when its last incomplete judgement was, how often.
function summary(states) {
  let zero = states.length;
  while (zero > 0 && states[zero - 1].loss === 0) zero--;
  const bad = states.map((state) => state.triplets.some((t) => t.incomplete));
  return {
    settled: zero < states.length ? zero : -1,
    incomplete: bad.filter(Boolean).length,
    lastIncomplete: bad.lastIndexOf(true),
    back: states.reduce((sum, state) => sum + state.back.length, 0),
  };
}
