// One threshold in full: distributions with the handle that moves it, hinges, class pairs, three triplets.

const HEIGHTS = { density: 236, strip: 212 };

class Card {
  // wanted: { tau, of }; turned(): something was let go; role: "main" or "pinned".
  constructor(view, role, place) {
    Object.assign(this, { view, role, tau: place.tau, of: place.of, level: null, frame: null });
    this.title = make("h3");
    this.pinButton = make("button", { type: "button", className: "pin" });
    this.pinButton.onclick = () => view.pin(this);
    this.facts = make("p", { className: "facts" });
    this.density = make("canvas", { role: "img", className: "density" });
    this.strip = make("canvas", { role: "img", className: "strip" });
    this.ruler = makeRuler(this);
    this.said = make("div", { className: "said" });
    this.pairs = makePairs(this);
    this.three = makeExamples();
    this.root = make("article", { className: `card ${role}` },
      make("header", {}, this.title, this.pinButton),
      make("div", { className: "plots" }, this.facts, this.density, this.ruler.root,
        make("h4", { className: "hinges" }, "Hinges: by how much the negative is farther than the positive"), this.strip, this.said),
      make("div", { className: "tables" }, this.pairs.root, this.three.root));
    dragOn(this.strip, (x) => this.pull(this.stripBox.value(x) * this.unit), () => view.tell());
  }

  get unit() {
    return unitOf(this.stats, this.scale);
  }

  // τ from a pointer or a key: shown with the next frame of the screen.
  pull(tau) {
    const { top } = this.view;
    tau = Math.min(top, Math.max(0, roundTau(tau)));
    if (Number.isNaN(tau) || tau === this.tau) return;
    this.tau = tau;
    this.view.soon();
  }

  goTo(level) {
    if (level.tau != null) this.tau = roundTau(level.tau);
    this.of = level.name;
    this.view.soon();
  }

  show() {
    const { view } = this;
    const level = nearestLevel(view.levels, this);
    const stats = view.shelf.stats(level, view.epoch, view.part);
    const shown = [level, stats, this.tau, view.scale, view.mining, view.peak];
    if (this.shown?.every((value, i) => value === shown[i]) && !view.widened(this)) return;
    this.shown = shown;
    const [sameRun, same] = [this.run === view.runs[level.run], this.stats === stats && this.scale === view.scale];
    Object.assign(this, { level, stats, scale: view.scale, run: view.runs[level.run] });
    this.mining = view.mining ?? this.run.mining;
    this.hinges = hingesOf(stats, this.mining);
    this.shares = activeShares(this.hinges, this.tau, this.run.dual);
    this.examples = exampleTriplets(this.hinges, this.tau);
    if (!sameRun || !this.pairs.paint) {
      this.pairs.at = null;
      buildPairs(this, this.pairs, this.run.classes);
      this.pairs.paint(view.theme);
    }
    if (!same) writePairs(this, this.pairs);
    writeExamples(this, this.three);
    writeCard(this);
    writeRuler(this, this.ruler);
    this.draw();
  }

  draw() {
    const { view, stats, scale } = this;
    this.width ||= this.density.clientWidth; // asking for it makes the browser lay out everything: not at every step
    const { width } = this;
    if (!width) return;
    const box = makeBox(width, HEIGHTS.density, 0, scale === "shape" ? SHAPE_TOP : view.top);
    const others = view.smalls.filter((small) => small.level !== this.level && small.values).map((small) => small.values.between);
    drawDensity(openCanvas(this.density, width, HEIGHTS.density), box,
      { stats, scale, others, peak: view.peak, tau: this.tau }, view.theme);
    this.reached = view.reach(this);
    this.stripBox = makeBox(width, HEIGHTS.strip, ...this.reached);
    drawStrip(openCanvas(this.strip, width, HEIGHTS.strip), this.stripBox, { ...this, own: this.level.tau }, view.theme);
  }

  face(place, size) {
    const face = make("span", { className: "face", role: "img" });
    this.turnFace(face, place, size, "Face");
    return face;
  }

  // A face of the sprite sheet by its place among the images shown.
  turnFace(face, place, size, role) {
    const i = this.stats.rows[place];
    const { columns, rows } = this.run.sprite ?? this.view.runs[0].sprite;
    face.style.cssText = `width:${size}px;height:${size}px;background-image:url(${this.view.sprites[this.level.run]});` +
      `background-size:${columns * size}px ${rows * size}px;background-position:${-(i % columns) * size}px ${-Math.floor(i / columns) * size}px`;
    face.ariaLabel = face.title = `${role}: ${this.run.classes[this.run.labels[i]].name}, ${this.run.names[i]}`;
  }
}

// Below the distributions, on their axis: a track with every trained τ, and the handle.
function makeRuler(card) {
  const knob = make("div", { className: "knob", role: "slider", tabIndex: 0, ariaLabel: card.role === "pinned" ? "Pinned threshold τ" : "Threshold τ" });
  const ticks = make("div", { className: "ticks" });
  const track = make("div", { className: "track" }, ticks, knob);
  const root = make("div", { className: "ruler" }, make("span", { className: "axis", ariaHidden: "true" }, "τ"), track);
  dragOn(track, (x) => card.pull((x / track.clientWidth) * card.rulerTop), () => card.view.tell(), () => knob.focus({ preventScroll: true }));
  knob.onkeydown = (event) => {
    if (!keyOnRuler(card, event)) return;
    event.preventDefault();
    clearTimeout(card.later);
    card.later = setTimeout(() => card.view.tell(), 350); // a key held down is one move
  };
  return { root, ticks, knob, track, drawn: null };
}

function keyOnRuler(card, { key, shiftKey }) {
  const step = { ArrowRight: 0.01, ArrowUp: 0.01, ArrowLeft: -0.01, ArrowDown: -0.01 }[key];
  const jump = { PageUp: 1, PageDown: -1 }[key];
  if (step) card.pull(card.tau + step * (shiftKey ? 5 : 1));
  else if (jump) {
    const { levels } = card.view;
    const now = levels.indexOf(nearestLevel(levels, card)); // not the drawn one: two keys may come within one frame
    card.goTo(levels[Math.min(levels.length - 1, Math.max(0, now + jump))]);
  } else if (key === "Home") card.pull(0);
  else if (key === "End") card.pull(card.view.top);
  else return false;
  return true;
}

function writeRuler(card, ruler) {
  const { view, tau, level } = card;
  card.rulerTop = card.scale === "shape" ? Math.max(SHAPE_TOP, view.top) : view.top; // τ is as long as a distance on the plot
  const at = (value) => `${(100 * value) / card.rulerTop}%`;
  if (ruler.drawn !== view.levels || ruler.top !== card.rulerTop) {
    Object.assign(ruler, { drawn: view.levels, top: card.rulerTop });
    ruler.ticks.replaceChildren(...view.levels.map((one) => {
      const tick = make("i", { className: one.run ? "other" : "", title: levelName(one) });
      tick.hidden = one.tau == null;
      tick.style.left = at(one.tau ?? 0);
      return tick;
    }));
  }
  [...ruler.ticks.children].forEach((tick, i) => tick.classList.toggle("near", view.levels[i] === level));
  const { knob } = ruler;
  knob.style.left = at(tau);
  knob.textContent = tau.toFixed(2);
  Object.assign(knob, { ariaValueMin: "0", ariaValueMax: String(view.top), ariaValueNow: String(tau) });
  knob.ariaValueText = `${tau.toFixed(2)}, nearest: ${levelName(level)}, ${percent(card.shares.all)} of hinges active`;
}

// Mouse, pen or finger: `move` gets the place from the element's left edge, in its own pixels.
function dragOn(element, move, end, begin) {
  let held = null;
  const at = (event) => event.clientX - element.getBoundingClientRect().left;
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = event.pointerId;
    element.setPointerCapture(held);
    event.preventDefault();
    begin?.();
    move(at(event));
  });
  element.addEventListener("pointermove", (event) => event.pointerId === held && move(at(event)));
  for (const kind of ["pointerup", "pointercancel"]) {
    element.addEventListener(kind, (event) => {
      if (event.pointerId !== held) return;
      held = null;
      end();
    });
  }
}
