// The picture itself: a start, rules, an iteration, and every change to them, each of which can be taken back.

const RULES = ["space", "loss", "mining", "tau", "step", "anchor"];
const LOOKS = ["speed", "close", "control"]; // how it is looked at: in the link, but not to be undone
const MOST_STEPS_BACK = 100;

// The view adds drawing; it has invalidate(), pause(), tell() and say(words).
class Picture {
  constructor() {
    Object.assign(this, { past: [], future: [], held: null, looks: {}, camera: null, phase: 0 });
  }

  setScene(scene) {
    this.pause();
    this.points = Float64Array.from(scene.points.flatMap(([x, y]) => [x, y]));
    this.classes = scene.points.map(([, , k]) => k);
    this.rules = Object.fromEntries(RULES.map((key) => [key, scene[key]]));
    this.looks = Object.fromEntries(LOOKS.map((key) => [key, scene[key]]));
    this.at = scene.at;
    this.phase = 0;
    this.camera = null;
    this.rebuild();
  }

  scene() {
    const points = this.classes.map((k, i) => [this.points[2 * i], this.points[2 * i + 1], k]);
    return { points, ...this.rules, at: this.at, ...this.looks };
  }

  // What makes two pictures one start, wherever in time they are looked at and from whose side.
  startOf({ points, space, loss, mining, tau, step, anchor }) {
    return [points, space, loss, mining, tau, step, mining === "one" ? anchor : 0];
  }

  start() {
    return this.startOf(this.scene());
  }

  rebuild() {
    setText(this.note, "");
    this.descent = new Descent(this.points, this.classes, this.rules);
    this.stale = this.runsStale = true;
    this.invalidate();
  }

  round(value) {
    const { reach, digits } = this.data.limits;
    return Number(Math.min(reach, Math.max(-reach, value)).toFixed(digits));
  }

  // The points as they are now become the start: what a drag, a new or a removed point changes.
  rebase() {
    if (this.at > 0) this.points = Float64Array.from(this.descent.at(this.at).points, (value) => this.round(value));
    this.at = 0;
    this.phase = 0;
  }

  // --- changes, each of which can be taken back

  begin() {
    this.held ??= this.scene();
  }

  settle() {
    if (!this.held) return;
    const before = this.held;
    this.held = null;
    if (JSON.stringify(before) !== JSON.stringify(this.scene())) {
      this.past = [...this.past, before].slice(-MOST_STEPS_BACK);
      this.future = [];
    }
    this.invalidate();
    this.tell();
  }

  cancel() {
    const before = this.held;
    this.held = null;
    if (before) this.setScene(before);
  }

  change(patch, whole = true) {
    if (whole) this.begin();
    Object.assign(this.rules, patch);
    this.rebuild();
    if (whole) this.settle();
  }

  look(patch) {
    Object.assign(this.looks, patch);
    this.stale = true;
    this.invalidate();
    this.tell();
  }

  load(scene) {
    this.begin();
    this.setScene({ ...scene, speed: this.looks.speed, control: this.looks.control });
    this.settle();
  }

  movePoint(i, x, y) {
    this.rebase();
    const place = this.rules.space === "circle" ? onCircle([x, y]) : [x, y];
    [this.points[2 * i], this.points[2 * i + 1]] = [this.round(place[0]), this.round(place[1])];
    this.rebuild();
  }

  addPoint(k) {
    this.begin();
    this.rebase();
    // Where there is room: on the spot, of some, that is farthest from all points.
    const spots = Array.from({ length: 48 }, (_, s) => [Math.cos(s * 2.39996), Math.sin(s * 2.39996)].map((v) => v * (this.rules.space === "circle" ? 1 : 0.2 + s / 50)));
    const room = ([x, y]) => Math.min(...this.classes.map((_, i) => Math.hypot(x - this.points[2 * i], y - this.points[2 * i + 1])));
    const best = spots.reduce((one, other) => (room(other) > room(one) ? other : one));
    this.points = Float64Array.from([...this.points, ...best.map((value) => this.round(value))]);
    this.classes = [...this.classes, k];
    this.rebuild();
    this.settle();
    this.say(`Point ${LETTERS[this.classes.length - 1]} added`);
  }

  removePoint(i) {
    if (this.classes.length <= this.data.limits.fewest) return this.say("Three points are the fewest");
    this.begin();
    this.rebase();
    this.points = this.points.filter((_, k) => k >> 1 !== i);
    this.classes = this.classes.filter((_, k) => k !== i);
    this.rules.anchor = Math.min(this.rules.anchor > i ? this.rules.anchor - 1 : this.rules.anchor, this.classes.length - 1);
    this.rebuild();
    this.settle();
    this.say(`Point ${LETTERS[i]} removed`);
  }

  changeClass(i, k) {
    this.begin();
    this.rebase();
    this.classes = this.classes.map((old, j) => (j === i ? k : old));
    this.rebuild();
    this.settle();
  }

  travel(way) {
    const [from, to] = way < 0 ? [this.past, this.future] : [this.future, this.past];
    if (!from.length) return;
    this.settle();
    to.push(this.scene());
    this.setScene({ ...from.pop(), ...this.looks });
    this.tell();
    this.say(way < 0 ? "Undone" : "Done again");
  }
}
