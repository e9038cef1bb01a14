// The judgement lab: what is shown is a pure function of start, rules and iteration.

class JudgementLab extends Picture {
  constructor(root) {
    super();
    Object.assign(this, { root, data: null, serial: null, playing: false, choices: {}, sliders: {}, ticket: 0 });
    root.classList.add("muldml", "lab");
    this.observer = new ResizeObserver(() => this.fit());
    this.leaveTheme = watchTheme(() => this.data && this.restyle());
    root.addEventListener("keydown", (event) => this.onKey(event));
  }

  update(data, send) {
    this.send = send;
    if (!data?.presets) return;
    const first = !this.data;
    this.data = data;
    if (first) this.build();
    // Python's wish counts when its serial is new: an echo of an older picture must not undo a newer one.
    if (data.pick && data.pick.serial !== this.serial) {
      this.serial = data.pick.serial;
      if (!first) this.takeWish(data.pick.scene);
      else this.setScene(data.pick.scene);
    } else if (first) this.setScene(data.presets[0].scene);
    this.restyle();
  }

  build() {
    this.classNumbers = [...Array(this.data.limits.classes).keys()];
    this.drawing = make("canvas", { className: "drawing", role: "img" });
    this.layer = make("div", { className: "handles", role: "group", ariaLabel: "Points: arrow keys move, Enter makes it the anchor, 1 to 3 change its class, Delete removes it" });
    this.stage = make("div", { className: "stage" }, this.drawing, this.layer);
    this.legend = make("div", { className: "legend" }, ...[
      ["anchor", "n is punished from the anchor's side"], ["positive", "n is punished from the positive's side"],
      ["bad", "n would be judged incompletely"], ["arrows", "against the gradient: where a step moves a point"],
    ].map(([kind, words]) => make("span", { className: `key-${kind}` }, make("i", { ariaHidden: "true" }, kind === "arrows" ? "→" : ""), words)));
    this.voice = make("div", { className: "hear", role: "status" });
    this.root.replaceChildren(makeControls(this), make("div", { className: "middle" },
      make("div", { className: "left" }, this.stage, this.legend, makeTools(this)), makeFormula(this)), makeCharts(this), this.voice);
    this.observer.observe(this.root);
  }

  // A picture from elsewhere on the page: it can be taken back like any other, and comes into sight.
  takeWish(scene) {
    this.begin();
    this.setScene(scene);
    this.told = JSON.stringify(this.scene()); // Python knows it
    this.settle();
    this.root.scrollIntoView({ block: "start", behavior: stillMotion() ? "auto" : "smooth" });
  }

  onKey(event) {
    const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    const redo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y";
    if (!undo && !redo) return;
    event.preventDefault();
    this.travel(redo || event.shiftKey ? 1 : -1);
  }

  // --- time

  go(iteration, whole = true) {
    this.pause();
    this.at = Math.min(this.data.limits.last, Math.max(0, iteration));
    this.phase = 0;
    setText(this.note, "");
    this.invalidate();
    if (whole) this.tell();
  }

  reset() {
    this.go(0);
  }

  singleStep() {
    this.go(this.at + 1);
    this.voice.textContent = `Iteration ${this.at}. ${this.formula.verdict.textContent}`;
  }

  play() {
    if (this.over()) return this.end();
    Object.assign(this, { playing: true, before: null });
    this.invalidate();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.phase = 0;
    this.invalidate();
  }

  // Nothing moves any more, or there are no iterations left.
  over() {
    return this.at >= this.data.limits.last || this.descent.at(this.at).gradient.every((value) => value === 0);
  }

  endWords() {
    if (this.at >= this.data.limits.last) return `Stopped after ${this.at} iterations`;
    const stuck = this.descent.at(this.at).triplets.some((t) => t.incomplete);
    return stuck ? "No gradient: the judgement stays incomplete" : "No gradient: nothing moves any more";
  }

  end() {
    setText(this.note, this.endWords());
    this.say(this.endWords());
  }

  advance(time) {
    if (!this.playing) return;
    const passed = this.before == null ? 0 : Math.min(0.25, (time - this.before) / 1000);
    this.before = time;
    this.phase += passed * SPEEDS[this.looks.speed];
    while (this.phase >= 1 && this.playing) {
      this.phase -= 1;
      this.at += 1;
      if (!this.over()) continue;
      this.pause();
      this.end();
      this.tell();
    }
  }

  // --- drawing

  invalidate() {
    if (!this.ticket) this.ticket = requestAnimationFrame((time) => this.draw(time));
  }

  draw(time) {
    this.ticket = 0;
    if (!this.canvas?.side || !this.descent) return;
    this.advance(time);
    if (this.stale) writeControls(this);
    const fresh = this.refreshRuns(time);
    const state = this.descent.at(this.at);
    placePoints(this, state);
    const judged = this.phase ? judge(this.shown, this.classes, this.rules) : state;
    const { shown: points, classes, rules, camera } = this;
    drawScene(this, { points, classes, rules, judged, focus: rules.anchor, camera, trail: trailOf(this) });
    placeHandles(this);
    // Words, curves and trace change with whole iterations only.
    if (this.stale || this.drawn !== this.at || !this.playing) {
      this.drawn = this.at;
      this.stale = false;
      writeFormula(this, state);
      writeClock(this);
      drawTrace(this);
      if (!this.playing) this.describe(state);
    }
    if (fresh || this.chartAt !== this.at || !this.playing) drawCharts(this);
    this.chartAt = this.at;
    if (this.playing || this.runsStale) this.invalidate();
  }

  // Whole runs are the dearest part of a frame: while something is dragged, they follow a few times a second.
  refreshRuns(time) {
    const wait = this.held && this.rivals && time - this.ranAt < 100;
    if (!this.runsStale || wait) return false;
    runRivals(this);
    this.runsStale = false;
    this.ranAt = time;
    return true;
  }

  describe(state) {
    nameHandles(this, state);
    this.drawing.ariaLabel = `${this.classes.length} points ${this.rules.space === "circle" ? "on the unit circle" : "in the plane"} at iteration ${this.at}. ${this.formula.verdict.textContent}`;
    this.undoButton.disabled = !this.past.length;
    this.redoButton.disabled = !this.future.length;
  }

  picture() {
    const { width, height } = this.drawing;
    const copy = make("canvas", { width, height });
    const context = copy.getContext("2d");
    context.fillStyle = this.colours.ground;
    context.fillRect(0, 0, width, height);
    context.drawImage(this.drawing, 0, 0);
    return copy;
  }

  restyle() {
    this.theme = themeOf(this.root);
    this.root.dataset.theme = this.theme.dark ? "dark" : "light";
    this.colours = coloursOf(this.root);
    this.addButtons.forEach((button, k) => button.replaceChildren("+", classMark(this, k)));
    this.fit();
  }

  fit() {
    if (!this.theme) return;
    const side = this.stage.clientWidth;
    if (!side) return;
    this.canvas = { ...sharpCanvas(this.drawing, side, side), side };
    this.hatch = hatchOf(this.canvas.context, this.colours.bad, this.canvas.ratio);
    this.invalidate();
  }

  // --- to Python, and to those who listen

  tell() {
    const now = JSON.stringify(this.scene());
    if (now === this.told || this.held) return;
    this.told = now;
    this.send("scene", this.scene());
  }

  say(words) {
    this.voice.textContent = words;
  }

  destroy() {
    this.playing = false;
    cancelAnimationFrame(this.ticket);
    this.observer.disconnect();
    this.leaveTheme();
    this.root.replaceChildren();
  }
}

export default meetHosts((root) => new JudgementLab(root));
