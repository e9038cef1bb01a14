// How the view moves and is drawn: time, glides, sizes, frames.

const SLOW = 13; // milliseconds of drawing that leave no room in a frame of 16

Object.assign(SlicesView.prototype, {
  // Let the points glide to a frame.
  go(frame, duration, then) {
    cancelAnimationFrame(this.ticket);
    this.frame = frame;
    writeCaptions(this);
    if (this.scheme.moves) this.changeScheme();
    if (this.picked >= 0) this.select(this.picked);
    if (this.chosen.size) showSelection(this);
    const [from, to] = [this.now.slice(), this.positions(frame)];
    const still = duration === 0 || stillMotion();
    const begin = performance.now();
    const tick = (time) => {
      const share = still ? 1 : Math.min(1, Math.max(0, (time - begin) / duration));
      const eased = this.playing ? share : share * share * (3 - 2 * share);
      for (let i = 0; i < to.length; i++) this.now[i] = from[i] + (to[i] - from[i]) * eased;
      const drawing = performance.now();
      this.refresh();
      if (share === 1) {
        if (!this.playing) this.rest();
        return then?.();
      }
      if (performance.now() - drawing > SLOW) this.hurry();
      this.ticket = requestAnimationFrame(tick);
    };
    this.ticket = requestAnimationFrame(tick);
  },

  // On a dense screen and a slow machine, moving points are drawn with fewer pixels: smooth first, sharp again at rest.
  hurry() {
    this.late = (this.late ?? 0) + 1;
    if (this.late < 4 || this.hurried || this.stamps.ratio === 1) return;
    this.hurried = true;
    this.fit();
  },

  rest() {
    this.late = 0;
    if (!this.hurried) return;
    this.hurried = false;
    this.fit();
  },

  play() {
    this.playing = true;
    this.playButton.textContent = "❚❚";
    this.playButton.ariaLabel = "Pause";
    const last = this.data.epochs.length - 1;
    const next = () => {
      if (!this.playing) return;
      if (this.frame >= last) return this.pause(), this.tellEpoch();
      const go = () => this.playing && this.go(this.frame + 1, PACE, next);
      if (stillMotion()) this.timer = setTimeout(go, PACE);
      else go();
    };
    if (this.frame >= last) this.go(0, 400, next);
    else next();
  },

  pause() {
    this.playing = false;
    clearTimeout(this.timer);
    this.rest();
    if (!this.playButton) return;
    this.playButton.textContent = "▶";
    this.playButton.ariaLabel = "Play training";
  },

  tellEpoch() {
    this.send("epoch", this.data.epochs[this.frame]);
  },

  tellLook() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      const { colour, kind, only, camera } = this;
      const zoom = camera.scale > 1 ? [camera.x, camera.y, camera.scale].map((value) => Number(value.toFixed(3))) : null;
      this.send("look", { colour, kind, only: this.scheme.items[only]?.name ?? null, zoom });
    }, PATIENCE);
  },

  // Colours are read again; what has not changed costs nothing.
  restyle() {
    const theme = themeOf(this.root);
    const soft = getComputedStyle(this.panels[0].canvas).backgroundColor;
    if (this.theme?.soft === soft && this.theme.text === theme.text && this.theme.background === theme.background) return;
    this.theme = { ...theme, soft, panel: rgbaOf(soft) };
    this.root.dataset.theme = theme.dark ? "dark" : "light";
    this.layOut();
    showSelection(this);
    this.fit(true);
  },

  // Sizes follow the panels' width; marks are made anew only if theirs change. Sharpness: pixels a CSS pixel, at least.
  fit(anew = false, sharpness = 1) {
    if (!this.theme?.panel || !this.panels.length) return;
    for (const panel of this.panels) fitPanel(panel, sharpness, this.hurried ? 1 : 3);
    const { side, ratio } = this.panels[0];
    if (!side) return;
    this.thumb = Math.floor(Math.min(38, (side - 30) / (this.root.clientWidth > 620 ? 5 : 4)));
    if (this.thumb !== this.drawnThumb) showNear(this);
    this.drawnThumb = this.thumb;
    const closer = Math.min(2, Math.round(4 * this.camera.scale ** 0.35) / 4); // marks grow a little as one comes near
    const radius = closer * Math.min(6, Math.max(2.2, (side / 52) * Math.min(1, Math.sqrt(420 / this.count))));
    if (anew || radius !== this.radius || this.stamps.side !== side || this.stamps.ratio !== ratio) {
      this.radius = radius;
      this.stamps = { ...makeStamps(this, side, ratio), side, ratio };
    }
    this.refresh();
  },

  // The points have moved or look different.
  refresh() {
    if (!this.stamps) return;
    for (const panel of this.panels) rasterise(this, panel);
    this.redraw();
  },

  refreshSoon() {
    this.soon ??= requestAnimationFrame(() => {
      this.soon = null;
      this.fit();
    });
  },

  // Only what lies on top of the points has changed.
  redraw() {
    if (this.stamps) for (const panel of this.panels) panel.image && drawPanel(this, panel);
  },

  destroy() {
    this.pause();
    for (const timer of [this.hinting, this.telling]) clearTimeout(timer);
    for (const frame of [this.ticket, this.soon]) cancelAnimationFrame(frame);
    this.observer.disconnect();
    this.endWatch();
    STORE.waiting.delete(this.again);
    if (this.sprite) URL.revokeObjectURL(this.sprite);
    this.root.replaceChildren();
  },
});

export default meetHosts((root) => new SlicesView(root));
