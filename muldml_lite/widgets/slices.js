// The slices view: every slice's embedding side by side, linked through the faces.

class SlicesView {
  constructor(root) {
    this.root = root;
    Object.assign(this, { data: null, count: 0, lit: -1, picked: -1, only: -1, thumb: 32, near: [], panels: [], serial: null });
    root.classList.add("muldml");
    this.observer = new ResizeObserver(() => this.fit());
    this.stop = new AbortController(); // ends every listener outside the root
  }

  update(data, send) {
    this.send = send;
    if (!data || !data.token) return;
    if (this.data?.token !== data.token) this.build(data);
    this.data.pick = data.pick;
    // Python's wish counts when its serial is new: an echo of an older click must not undo a newer one.
    if (data.pick && data.pick.serial !== this.serial) {
      this.serial = data.pick.serial;
      if (data.pick.epoch != null) this.jump(data.epochs.indexOf(data.pick.epoch));
      this.select(data.pick.index ?? -1);
    }
    this.restyle();
  }

  build(data) {
    const kind = this.kind in data.layouts ? this.kind : Object.keys(data.layouts)[0];
    const sameRun = this.data?.run === data.run;
    Object.assign(this, { data, kind, count: data.labels.length, only: -1, lit: -1 });
    if (!sameRun) Object.assign(this, { picked: -1, near: [] });
    this.layouts = Object.fromEntries(
      Object.entries(data.layouts).map(([k, text]) => [k, new Int16Array(bytesOf(text).buffer)]));
    this.vectors = new Uint16Array(bytesOf(data.vectors).buffer);
    this.predictions = bytesOf(data.predictions);
    this.frame = data.epochs.length - 1;
    this.now = this.positions(this.frame);
    if (this.sprite) URL.revokeObjectURL(this.sprite);
    this.sprite = blobUrl(data.sprite.url);
    this.root.style.setProperty("--sprite", `url(${this.sprite})`);
    this.panels = data.thresholds.map((_, slice) => makePanel(this, slice));
    this.grid = make("div", { className: "grid" }, ...this.panels.map((p) => p.root));
    this.grid.dataset.panels = this.panels.length;
    this.tip = make("div", { className: "tip", hidden: true });
    this.voice = make("div", { className: "hear", role: "status" });
    this.root.replaceChildren(makeBar(this), this.grid, this.tip, this.voice);
    this.observer.disconnect();
    this.observer.observe(this.grid);
    writeCaptions(this);
    if (this.picked >= 0) this.select(this.picked);
    else showNear(this);
  }

  // Positions of all points of all slices in one frame, from −1 to 1.
  positions(frame) {
    const size = this.data.thresholds.length * this.count * 2;
    const packed = this.layouts[this.kind].subarray(frame * size, (frame + 1) * size);
    return Float32Array.from(packed, (v) => v / 32000);
  }

  changeKind(kind, group) {
    this.kind = kind;
    for (const button of group.children) button.ariaPressed = String(button.textContent === kind.toUpperCase());
    this.go(this.frame, 600);
  }

  jump(frame) {
    if (frame >= 0) this.go(frame, 0);
  }

  // Let the points glide to a frame.
  go(frame, duration, then) {
    cancelAnimationFrame(this.ticket);
    this.frame = frame;
    writeCaptions(this);
    if (this.picked >= 0) this.select(this.picked);
    const [from, to] = [this.now, this.positions(frame)];
    const still = duration === 0 || stillMotion();
    const begin = performance.now();
    const tick = (time) => {
      const share = still ? 1 : Math.min(1, Math.max(0, (time - begin) / duration));
      const eased = this.playing ? share : share * share * (3 - 2 * share);
      this.now = share === 1 ? to : from.map((v, i) => v + (to[i] - v) * eased);
      this.redraw();
      if (share < 1) this.ticket = requestAnimationFrame(tick);
      else then?.();
    };
    this.ticket = requestAnimationFrame(tick);
  }

  play() {
    this.playing = true;
    this.playButton.textContent = "❚❚";
    this.playButton.ariaLabel = "Pause";
    const last = this.data.epochs.length - 1;
    const next = () => {
      if (!this.playing) return;
      if (this.frame >= last) return this.pause(), this.tellEpoch();
      const go = () => this.playing && this.go(this.frame + 1, 620, next);
      if (stillMotion()) this.timer = setTimeout(go, 620);
      else go();
    };
    if (this.frame >= last) this.go(0, 400, next);
    else next();
  }

  pause() {
    this.playing = false;
    clearTimeout(this.timer);
    if (!this.playButton) return;
    this.playButton.textContent = "▶";
    this.playButton.ariaLabel = "Play training";
  }

  tellEpoch() {
    this.send("epoch", this.data.epochs[this.frame]);
  }

  isolate(k) {
    this.only = k;
    [...this.legend.children].forEach((button, i) => (button.ariaPressed = String(i === k)));
    this.redraw();
  }

  style(i) {
    return this.data.classes[this.data.labels[i]];
  }

  hover(i, panel, aloud = false) {
    if (i === this.lit && !aloud) return;
    this.lit = i;
    this.root.style.cursor = i >= 0 ? "pointer" : "";
    this.panels.forEach((p) => drawPanel(this, p));
    showTip(this, panel);
    if (aloud && i >= 0) this.voice.textContent = this.describe(i);
  }

  pick(i, panel) {
    this.select(i === this.picked ? -1 : i);
    if (panel && i >= 0) showTip(this, panel, this.picked);
    this.voice.textContent = this.picked < 0 ? "Nothing picked" : `Picked ${this.describe(this.picked)}`;
    this.send("picked", this.picked < 0 ? null : this.picked);
  }

  select(i) {
    this.picked = i >= 0 && i < this.count ? i : -1;
    this.near = this.picked < 0 ? [] : this.panels.map((p) => this.neighbours(p.slice, this.picked));
    showNear(this);
    this.panels.forEach((p) => p.side && drawPanel(this, p));
  }

  // Exact Euclidean neighbours among the probe images, from the very numbers the run folder holds.
  neighbours(slice, i) {
    const table = halfTable();
    const { dim, k } = this.data;
    const start = (this.frame * this.data.thresholds.length + slice) * this.count * dim;
    const found = [];
    for (let j = 0; j < this.count; j++) {
      if (j === i) continue;
      let sum = 0;
      for (let d = 0; d < dim; d++) {
        const gap = table[this.vectors[start + j * dim + d]] - table[this.vectors[start + i * dim + d]];
        sum += gap * gap;
      }
      found.push({ index: j, distance: sum });
    }
    found.sort((a, b) => a.distance - b.distance || a.index - b.index);
    return found.slice(0, k).map(({ index, distance }) => ({ index, distance: Math.sqrt(distance) }));
  }

  describe(i) {
    const { classes, labels, test, names } = this.data;
    return `${classes[labels[i]].name}, ${names[i]}, predicted ${this.predicted(i)}, ${test[i] ? "unseen" : "training"} subject`;
  }

  predicted(i) {
    return this.data.classes[this.predictions[this.frame * this.count + i]]?.name ?? "?";
  }

  face(i, size) {
    const { columns, rows } = this.data.sprite;
    const face = make("span", { className: "face", role: "img", ariaLabel: `Face: ${this.describe(i)}` });
    face.style.cssText = `width:${size}px;height:${size}px;background-size:${columns * size}px ${rows * size}px;` +
      `background-position:${-(i % columns) * size}px ${-Math.floor(i / columns) * size}px`;
    return face;
  }

  restyle() {
    this.theme = themeOf(this.root);
    this.root.dataset.theme = this.theme.dark ? "dark" : "light";
    const sign = (canvas, style, filled) => {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, 36, 36);
      drawMark(context, style, 18, 18, 11, filled, this.theme);
    };
    [...this.legend.children].forEach((button, k) => sign(button.firstChild, this.data.classes[k], true));
    const plain = { symbol: "circle", light: this.theme.text, dark: this.theme.text };
    [...this.split.querySelectorAll("canvas")].forEach((canvas, i) => sign(canvas, plain, i === 0));
    this.fit();
  }

  fit() {
    if (!this.theme || !this.panels.length) return;
    this.panels.forEach(fitPanel);
    const side = this.panels[0].side;
    if (!side) return;
    this.thumb = Math.floor(Math.min(38, (side - 30) / (this.root.clientWidth > 620 ? 5 : 4)));
    if (this.thumb !== this.drawnThumb) showNear(this);
    this.drawnThumb = this.thumb;
    this.radius = Math.min(6, Math.max(2.2, (side / 52) * Math.min(1, Math.sqrt(420 / this.count))));
    this.stamps = markStamps(this.data.classes, this.radius, this.panels[0].ratio, this.theme);
    this.redraw();
  }

  redraw() {
    if (!this.stamps) return;
    for (const panel of this.panels) {
      drawBase(this, panel, this.stamps);
      drawPanel(this, panel);
    }
  }

  destroy() {
    this.pause();
    cancelAnimationFrame(this.ticket);
    this.observer.disconnect();
    this.stop.abort();
    if (this.sprite) URL.revokeObjectURL(this.sprite);
    this.root.replaceChildren();
  }
}

export default meetHosts((root) => new SlicesView(root));
