// The face lab: sliders, dice and expressions on one drawn face, and its way through a run's slices.

const AGAIN = [250, 2000]; // ms until the same is asked again while the network is busy: at first, and at most
const REST = 140; // ms without a move until the exact face is asked for
const PLAY = 2600; // ms from one expression to the other

class FaceLab {
  constructor(root) {
    this.root = root;
    Object.assign(this, { data: null, face: null, exact: null, strip: null, serial: 0, seen: "", asked: "", past: [], ahead: [],
      patience: AGAIN[0], waiting: "", problem: "", morph: { from: "neutral", to: "happiness" }, morphStep: null, panels: [] });
    root.classList.add("muldml", "lab");
    if (root.getRootNode() instanceof ShadowRoot) root.classList.add("in-app"); // Streamlit's bar covers the top of its pages
    root.addEventListener("keydown", (event) => this.data && onHistoryKey(this, event));
    this.observer = new ResizeObserver(() => this.fit());
  }

  update(data, send) {
    this.send = send;
    if (!data) return;
    if (this.data?.token !== data.token) {
      if (!data.units) return this.lack(data); // a view that is new, while Python believes it has all
      this.build(data);
    }
    // Python's own wish, such as a link that was followed, has a number of its own: an echo must not undo a move.
    if (data.pick && data.pick.wish !== this.wish) this.obey(data.pick);
    if (data.pick) this.receive(data.pick);
    this.restyle();
  }

  obey({ wish, face, morph }) {
    const [from, to] = (morph ?? "neutral-happiness").split("-");
    this.wish = wish;
    if (sameFace(face, this.face) && from === this.morph.from && to === this.morph.to) return;
    this.pause();
    remember(this);
    Object.assign(this, { face: structuredClone(face), morph: { from, to }, morphStep: null, newest: 0 });
    showMorphEnds(this);
    this.show();
  }

  lack(data) {
    this.face ??= data.pick.face;
    this.ask("", { token: null });
  }

  build(data) {
    Object.assign(this, { data, exact: null, strip: null, seen: "", asked: "", wish: data.pick.wish });
    this.face = structuredClone(data.pick.face);
    if (data.pick.morph) [this.morph.from, this.morph.to] = data.pick.morph.split("-");
    this.canvas = make("canvas", { width: data.shown, height: data.shown, role: "img", className: "large" });
    this.coach = make("p", { className: "coach" });
    this.note = make("p", { className: "note", role: "status" });
    this.tip = make("div", { className: "tip", hidden: true });
    this.voice = make("div", { className: "hear", role: "status" });
    const home = data.downloads
      ? [downloadMenu(() => `face-${this.face.person}`, { png: () => this.exact.file, csv: () => numbersOf(this) })] : [];
    const stage = make("div", { className: "stage" }, this.canvas);
    const left = make("div", { className: "left" }, stage, makeMorph(this),
      make("div", { className: "beside" }, ...makePersons(this), ...home));
    const right = make("div", { className: "right" }, makeExpressions(this), this.coach, makeSliders(this), makeTruth(this), this.note);
    const places = make("div", { className: "places" });
    if (data.around) {
      if (this.sprite) URL.revokeObjectURL(this.sprite);
      this.sprite = blobUrl(data.around.sprite.url);
      this.root.style.setProperty("--sprite", `url(${this.sprite})`);
      stage.append(makeSaid(this));
      places.append(make("h3", {}, "Where this face lies"), makePanels(this));
    } else this.panels = [];
    this.root.replaceChildren(make("div", { className: "desk" }, left, right, places), this.tip, this.voice);
    this.observer.disconnect();
    this.observer.observe(this.root);
    explainSlider(this, "Action units", "what single muscles of a face do. Pull one, or choose an expression; the face follows while you drag.");
    this.show();
    this.ask(this.morphName());
  }

  // Python is asked with the whole face each time, so that the newest question is all it needs to know.
  ask(vary = "", more = {}) {
    clearTimeout(this.timer);
    const wanted = holdsStrip(this, vary) && this.strip.places?.rows > 1 ? "" : vary;
    this.asked = `${wanted}|${signature(this.face, wanted)}`;
    this.serial = Math.max(this.serial + 1, Date.now()); // grows over reloads of the view, too
    this.send("ask", {
      serial: this.serial, face: this.face, vary: wanted, held: this.strip?.key ?? null, token: this.data?.token ?? null,
      morph: `${this.morph.from}-${this.morph.to}`, ...more,
    });
  }

  // A slider may be dragged soon: have the faces along it sent.
  prepare(vary) {
    if (!holdsStrip(this, vary) && this.asked !== `${vary}|${signature(this.face, vary)}`) this.ask(vary);
  }

  drag(vary, value) {
    remember(this, vary);
    if (vary.startsWith("morph:")) this.goTo(value);
    else {
      const { of } = this.sliders[vary];
      this.face = { ...this.face, [of]: { ...this.face[of], [vary]: value } };
      this.morphStep = null;
    }
    this.moving = vary;
    if (!holdsStrip(this, vary)) this.prepare(vary);
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), REST);
  }

  drop() {
    endGesture(this);
    this.settle();
  }

  settle() {
    if (this.exact && sameFace(this.exact.face, this.face)) return;
    this.ask(this.moving && !holdsStrip(this, this.moving) ? this.moving : "");
  }

  change(parts) {
    this.pause();
    remember(this);
    this.setMoment({ face: { ...this.face, ...parts }, morph: this.morph });
  }

  setMoment({ face, morph }) {
    this.pause();
    Object.assign(this, { face: structuredClone(face), morph: { ...morph }, morphStep: null });
    showMorphEnds(this);
    this.show();
    const path = this.strip?.vary.startsWith("morph:") || !this.strip ? this.morphName() : "";
    this.ask(path);
  }

  receive(answer) {
    const stamp = [answer.serial, answer.key, answer.places?.rows, answer.waiting, answer.problem].join();
    if (stamp === this.seen || answer.serial < this.newest) return;
    Object.assign(this, { seen: stamp, newest: answer.serial, waiting: answer.waiting, problem: answer.problem });
    if (!answer.waiting) this.patience = AGAIN[0];
    else if (answer.serial === this.serial) {
      this.timer = setTimeout(() => this.ask(answer.vary), this.patience);
      this.patience = Math.min(AGAIN[1], 1.5 * this.patience);
    }
    this.note.textContent = this.panels.length > 1 ? "" : answer.problem; // else the first slice says it
    readAnswer(this, answer).then((read) => {
      if (stamp !== this.seen) return;
      if (!Object.keys(this.face.camera).length) this.adopt(answer.face);
      if (read.strip) this.strip = read.strip;
      else if (this.strip && this.strip.signature !== signature(this.face, this.strip.vary)) this.strip = null;
      this.exact = { ...read.exact, places: read.places };
      if (sameFace(answer.face, this.face)) showTruth(this, answer.truth);
      this.show();
      this.tell();
      this.then?.();
    });
  }

  adopt(face) {
    const { person, units, shot, take } = this.face;
    const ours = { person, units, shot, take, camera: face.camera };
    if (sameFace(ours, face)) this.face = ours;
  }

  morphName() {
    return `morph:${this.morph.from}:${this.morph.to}`;
  }

  // The place on the morph that the face stands at; −1: it has left it.
  onMorph() {
    if (this.strip?.vary !== this.morphName() || !holdsStrip(this, this.strip.vary)) return -1;
    if (this.morphStep !== null) return this.morphStep;
    return this.strip.steps.findIndex((units) => sameUnits(units, this.face.units));
  }

  goTo(step) {
    this.moving = this.morphName();
    this.morphStep = step;
    if (holdsStrip(this, this.moving)) this.face = { ...this.face, units: { ...this.strip.steps[Math.round(step)] } };
  }

  play() {
    const vary = this.morphName();
    remember(this);
    this.playing = true;
    this.playButton.textContent = "❚❚";
    this.playButton.ariaLabel = "Pause";
    const last = this.data.frames - 1;
    const start = () => {
      this.then = null;
      let begin = performance.now();
      const from = this.onMorph() > 0 && this.onMorph() < last ? this.onMorph() : 0;
      const tick = (time) => {
        if (!this.playing) return;
        const step = Math.min(last, from + (last * Math.max(0, time - begin)) / PLAY);
        this.goTo(stillMotion() ? Math.round(step / 6) * 6 : step);
        this.show();
        if (step < last) requestAnimationFrame(tick);
        else this.pause(true);
      };
      requestAnimationFrame(tick);
    };
    if (holdsStrip(this, vary)) start();
    else {
      this.then = () => holdsStrip(this, vary) && this.playing && start();
      this.prepare(vary);
    }
  }

  pause(settle = false) {
    this.then = null;
    if (!this.playing) return;
    this.playing = false;
    this.playButton.textContent = "▶";
    this.playButton.ariaLabel = "Play the change of expression";
    if (this.morphStep !== null) this.morphStep = Math.round(this.morphStep);
    if (settle) this.settle();
  }

  // The place on the strip at hand, maybe between two of its faces; −1: the face is not on it.
  step() {
    const { strip, face } = this;
    if (!strip || !holdsStrip(this, strip.vary)) return -1;
    if (strip.vary.startsWith("morph:")) return this.onMorph();
    return strip.steps.indexOf(face.units[strip.vary] ?? face.camera[strip.vary] ?? 0);
  }

  // Row of places of the face that is shown, and how far it is on the way to the next row.
  here() {
    const step = this.step();
    const found = this.strip?.places;
    if (step >= 0 && found) this.last = { found, at: 1 + Math.floor(step), share: step % 1 };
    else if (this.exact?.places) this.last = { found: this.exact.places, at: 0, share: 0 };
    return this.last ?? null;
  }

  path() {
    return this.strip?.places && holdsStrip(this, this.strip.vary) ? this.strip.places : null;
  }

  show() {
    showFace(this);
    showSliders(this);
    showPersons(this);
    const on = this.onMorph();
    this.morphSlider.value = on < 0 ? 0 : on;
    this.morphSlider.classList.toggle("off", on < 0);
    showPlaces(this);
  }

  describe() {
    const active = Object.entries(this.face.units).filter(([, value]) => value).map(([name, value]) => `${name} ${value} %`);
    return `Drawn face of person ${this.face.person}: ${active.join(", ") || "no action unit"}`;
  }

  tell() {
    const said = this.exact.places?.said;
    if (!said) return;
    const { classes } = this.data.around;
    const best = classes.map((_, c) => said[c]).reduce((b, share, c) => (share > said[b] ? c : b), 0);
    this.voice.textContent = `The network says ${classes[best].name}, ${Math.round(100 * said[best])} per cent`;
  }

  restyle() {
    this.theme = themeOf(this.root);
    const probe = make("span", { className: "accent" });
    this.root.append(probe);
    this.accent = getComputedStyle(probe).color;
    probe.remove();
    this.fit();
  }

  fit() {
    if (this.theme && this.panels.length) fitPanels(this);
  }

  destroy() {
    this.pause();
    clearTimeout(this.timer);
    this.observer.disconnect();
    if (this.sprite) URL.revokeObjectURL(this.sprite);
    this.root.replaceChildren();
  }
}

export default meetHosts((root) => new FaceLab(root));
