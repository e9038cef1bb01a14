// The threshold view: drag τ and see what the embedding nearest to it is like.

class ThresholdsView {
  constructor(root) {
    Object.assign(this, { root, data: null, serial: null, scale: "raw", part: "training", mining: null, epoch: null, sprites: [], smalls: [] });
    root.classList.add("muldml", "taus");
    this.observer = new ResizeObserver(() => this.fit());
    this.again = () => this.update(this.given, this.send);
    this.unwatch = watchTheme(() => this.main && this.again());
  }

  update(given, send) {
    Object.assign(this, { given, send });
    if (!given?.token) return;
    const data = given.runs ? given : STORE.values.get(given.token);
    STORE.waiting[data ? "delete" : "add"](this.again); // the values may come after the wish
    if (!data) return;
    if (this.data?.token !== data.token) this.build(data);
    // Python's wish counts when its serial is new: an echo of an older move must not undo a newer one.
    if (given.pick && given.pick.serial !== this.serial) {
      this.serial = given.pick.serial;
      this.obey(given.pick);
    }
    hideBlocks(this, given.hides);
    this.theme = themeOf(this.root);
    this.root.dataset.theme = this.theme.dark ? "dark" : "light";
    this.measured = null;
    for (const card of [this.main, this.pinned]) {
      if (card) card.shown = null; // colours may have changed
      card?.pairs.paint?.(this.theme);
    }
    this.show();
  }

  build(data) {
    const kept = this.data?.runs[0].run === data.runs[0].run;
    Object.assign(this, { data, runs: data.runs, levels: makeLevels(data.runs), shelf: new Shelf(data.runs), measured: null });
    this.top = data.runs.some((run) => run.squared) ? 4 : 2;
    this.parts = ["training", "unseen"].filter((part) => this.shelf.rows(0, part).length);
    if (!this.parts.includes(this.part)) this.part = this.parts[0];
    const { epochs } = this.runs[0];
    if (!kept || !epochs.includes(this.epoch)) this.epoch = epochs.at(-1);
    this.forget();
    this.sprites = data.runs.map((run) => (run.sprite ? blobUrl(run.sprite.url) : null));
    this.sprites = this.sprites.map((url) => url ?? this.sprites[0]);
    const place = kept ? this.main : this.middle();
    const held = kept && this.pinned;
    this.main = new Card(this, "main", place);
    this.pinned = held ? new Card(this, "pinned", held) : null;
    this.compared = make("p", { className: "compared", role: "status" });
    this.cards = make("div", { className: "cards" });
    this.slider = null;
    this.root.replaceChildren(makeControls(this), makeSmalls(this), this.compared, this.cards);
    this.observer.disconnect();
    this.observer.observe(this.cards);
  }

  // Where nobody said where to begin: a level in the middle of the first run's.
  middle() {
    const own = this.levels.filter((level) => level.run === 0);
    const level = own[own.length >> 1];
    return { tau: level.tau == null ? 0.3 : roundTau(level.tau), of: undefined };
  }

  obey({ tau, of, epoch, scale, part, triplets, pinned }) {
    if (tau != null) Object.assign(this.main, { tau: Math.min(this.top, Math.max(0, roundTau(tau))), of: of ?? undefined });
    if (this.runs[0].epochs.includes(epoch)) this.epoch = epoch;
    if (scale === "raw" || scale === "shape") this.scale = scale;
    if (this.parts.includes(part)) this.part = part;
    if (triplets in MINERS) this.mining = triplets;
    const place = readPlace(pinned);
    if (pinned !== undefined) this.pinned = place && new Card(this, "pinned", place);
  }

  set(values) {
    Object.assign(this, values);
    this.soon();
    this.tell();
  }

  pin(card) {
    this.pinned = card === this.main ? new Card(this, "pinned", { tau: card.tau, of: card.level.name }) : null;
    this.soon();
    this.tell();
    (this.pinned ?? this.main).pinButton.focus({ preventScroll: true });
  }

  // All of what is asked for until the next frame of the screen is shown in it.
  soon() {
    this.ticket ??= requestAnimationFrame(() => {
      this.ticket = null;
      this.show();
    });
  }

  show() {
    if (!this.theme) return;
    const cards = [this.pinned, this.main].filter(Boolean);
    if (cards.length !== this.cards.children.length || cards[0].root !== this.cards.firstChild) {
      this.cards.replaceChildren(...cards.map((card) => card.root));
      this.cards.dataset.count = cards.length;
      for (const card of cards) Object.assign(card, { width: 0, shown: null });
    }
    const fresh = measureSmalls(this);
    for (const card of cards) card.show(); // the first may make the hinges' axis wider for all
    if (this.pinned?.stats && this.widened(this.pinned)) this.pinned.draw();
    if (fresh) {
      drawSmalls(this);
      this.warm();
    }
    markSmalls(this);
    writeClock(this);
    pressOnly(this.switches.scale, this.scale);
    pressOnly(this.switches.part, this.part);
    pressOnly(this.switches.mining, this.mining ?? this.runs[0].mining);
    this.compared.hidden = !this.pinned;
    if (this.pinned) this.compare();
  }

  // Between frames, so that dragging never waits: the hinges of every level.
  warm() {
    clearTimeout(this.warming);
    const left = this.smalls.map((small) => small.level);
    const next = () => {
      const level = left.shift();
      if (!level) return;
      hingesOf(this.shelf.stats(level, this.epoch, this.part), this.mining ?? this.runs[level.run].mining);
      this.warming = setTimeout(next, 8);
    };
    this.warming = setTimeout(next, 60);
  }

  // The ends of the hinges' axis: wide enough for what was shown so far, so that it doesn't jump while one drags.
  reach({ hinges, unit, tau, run, mining }) {
    const key = [this.part, mining, this.scale, run.squared].join();
    if (this.reached?.key !== key) this.reached = { key, low: -0.25, high: 0.5 };
    const [low, high] = hinges.count ? [hinges.sides[0][0], hinges.sides[0].at(-1)] : [0, 0];
    const levels = this.levels.map((level) => level.tau ?? 0);
    const whole = (value) => Math.ceil(value / 0.25 - 1e-6) * 0.25;
    this.reached.low = Math.min(this.reached.low, -whole(-low / unit));
    this.reached.high = Math.max(this.reached.high, whole(high / unit), whole((Math.max(tau, ...levels) + 0.1) / unit));
    return [this.reached.low, this.reached.high];
  }

  // Sorting all distances takes a moment: not while one drags over many slices.
  compare() {
    clearTimeout(this.comparing);
    const say = () => this.pinned && (this.compared.textContent = compareWords(this.pinned, this.main));
    if (knownComparison(this.pinned.stats, this.main.stats)) say();
    else this.comparing = setTimeout(say, 90);
  }

  // Whether the other card has made the hinges' axis wider than this card knows.
  widened(card) {
    return this.reach(card).some((end, i) => end !== card.reached?.[i]);
  }

  play() {
    const { epochs } = this.runs[0];
    let frame = epochs.indexOf(this.epoch);
    if (frame === epochs.length - 1) frame = -1;
    const step = () => {
      frame += 1;
      this.epoch = epochs[frame];
      this.soon();
      if (frame === epochs.length - 1) return this.pause(true);
      this.timer = setTimeout(step, 620);
    };
    this.playButton.textContent = "❚❚";
    this.playButton.ariaLabel = "Pause";
    this.timer = setTimeout(step, 0);
  }

  pause(tell = false) {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.playButton) Object.assign(this.playButton, { textContent: "▶", ariaLabel: "Play training" });
    if (tell) this.tell();
  }

  // What is shown, to Python and into the link; what is as it would be anyway is null.
  tell() {
    if (this.ticket != null) {
      cancelAnimationFrame(this.ticket);
      this.ticket = null;
      this.show();
    }
    const first = this.runs[0];
    const { level, tau } = this.main;
    const twice = this.levels.filter((one) => one.tau === level.tau).length > 1;
    this.send("seen", {
      tau, of: level.run && twice ? level.name : null,
      epoch: this.epoch === first.epochs.at(-1) ? null : this.epoch,
      scale: this.scale === "raw" ? null : this.scale,
      part: this.part === this.parts[0] ? null : this.part,
      triplets: (this.mining ?? first.mining) === first.mining ? null : this.mining,
      pinned: this.pinned ? writePlace({ tau: this.pinned.tau, of: this.pinned.level.run ? this.pinned.level.name : null }) : null,
    });
  }

  fileName() {
    return `thresholds ${this.runs[0].name} tau ${this.main.tau.toFixed(2)} epoch ${this.epoch}`;
  }

  fit() {
    if (!this.theme || !this.main?.stats) return;
    drawSmalls(this);
    for (const card of [this.pinned, this.main]) {
      if (!card?.stats) continue;
      card.width = 0;
      card.draw();
    }
  }

  forget() {
    for (const url of new Set(this.sprites)) if (url) URL.revokeObjectURL(url);
    this.sprites = [];
  }

  destroy() {
    this.pause();
    cancelAnimationFrame(this.ticket);
    clearTimeout(this.warming);
    clearTimeout(this.comparing);
    this.observer.disconnect();
    this.unwatch();
    STORE.waiting.delete(this.again);
    this.forget();
    this.root.replaceChildren();
  }
}

export default meetHosts((root) => new ThresholdsView(root));
