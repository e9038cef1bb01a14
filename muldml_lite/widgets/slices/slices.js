// The slices view: every slice's embedding side by side, linked through the faces.

const PACE = 620; // milliseconds from epoch to epoch
const PATIENCE = 350; // milliseconds of rest after which a new look is told to Python

class SlicesView {
  constructor(root) {
    this.root = root;
    Object.assign(this, { data: null, count: 0, lit: -1, picked: -1, only: -1, thumb: 32, near: [], panels: [], serial: null });
    Object.assign(this, { colour: "expression", camera: wholeView(), chosen: new Set(), lassoing: false });
    root.classList.add("muldml");
    this.observer = new ResizeObserver(() => {
      this.restyle(); // a view that was not on the page had no colours either
      this.fit();
    });
    this.again = () => this.update(this.given, this.send);
    this.endWatch = watchTheme(() => this.data && this.restyle());
  }

  update(given, send) {
    Object.assign(this, { given, send });
    if (!given?.token) return;
    const data = given.labels ? given : STORE.values.get(given.token);
    STORE.waiting[data ? "delete" : "add"](this.again); // the values may come after the wish
    if (!data) return;
    this.root.dataset.hides = (given.hides ?? []).join(" "); // what a lesson leaves out: downloads, table, controls
    if (this.data?.token !== data.token) this.build(data);
    // Python's wish counts when its serial is new: an echo of an older click must not undo a newer one.
    const { pick } = given;
    if (pick && pick.serial !== this.serial) this.grant(pick);
    this.restyle();
  }

  grant({ serial, index, epoch, selected, look }) {
    this.serial = serial;
    if (look) this.adopt(look);
    const frame = this.data.epochs.indexOf(epoch);
    if (frame >= 0) this.go(frame, 0);
    if (selected) this.chosen = new Set(selected.filter((i) => i < this.count));
    this.select(index ?? -1);
    this.arrange();
    showSelection(this);
    this.refreshSoon();
  }

  // A look as it was reported (and kept in a link): colour, layout, item shown alone, zoom.
  adopt({ colour, kind, only, zoom }) {
    if (kind in this.layouts) this.kind = kind;
    if (colour in this.schemes) this.colour = colour;
    this.only = this.scheme.items.findIndex((item) => item.name === only);
    const [x, y, scale] = zoom ?? [0, 0, 1];
    this.camera = { x, y, scale };
    this.now.set(this.positions(this.frame));
    this.layOut();
    this.fit(true);
  }

  build(data) {
    const sameRun = this.data?.run === data.run;
    const kind = this.kind in data.layouts ? this.kind : Object.keys(data.layouts)[0];
    this.pause();
    Object.assign(this, { data, kind, count: data.labels.length, only: -1, lit: -1, decoded: null });
    if (!sameRun) Object.assign(this, { picked: -1, near: [], chosen: new Set(), camera: wholeView() });
    this.layouts = Object.fromEntries(Object.entries(data.layouts).map(([name, packed]) => [name, shortsOf(packed)]));
    this.vectors = shortsOf(data.vectors, Uint16Array);
    this.predictions = bytesOf(data.predictions);
    this.confidence = bytesOf(data.confidence);
    this.frame = data.epochs.length - 1;
    this.now = this.positions(this.frame);
    this.schemes = makeSchemes(this);
    [this.look, this.order] = [new Uint16Array(this.count), new Uint32Array(this.count)];
    if (this.sprite) URL.revokeObjectURL(this.sprite);
    this.sprite = blobUrl(data.sprite.url);
    this.root.style.setProperty("--sprite", `url(${this.sprite})`);
    this.theme = themeOf(this.root);
    this.panels = data.thresholds.map((_, slice) => makePanel(this, slice));
    this.layOut();
    if (this.picked >= 0) this.select(this.picked);
    else showNear(this);
  }

  // The frame around the panels, anew for another run or another meaning of the colours.
  layOut() {
    const part = (className) => make("div", { className });
    this.grid ??= part("grid");
    this.grid.replaceChildren(...this.panels.map((panel) => panel.root));
    this.grid.dataset.panels = this.panels.length;
    this.tip ??= make("div", { className: "tip", hidden: true });
    this.voice ??= make("div", { className: "hear", role: "status" });
    this.note ??= part("note");
    this.selected ??= part("selected");
    this.compared ??= part("compared");
    this.root.replaceChildren(makeBar(this), this.note, this.grid, this.selected, this.compared, this.tip, this.voice);
    this.observer.disconnect();
    this.observer.observe(this.grid);
    writeCaptions(this);
    writeNote(this);
    this.arrange();
    this.lasso(this.lassoing);
    this.showCamera();
  }

  // Positions of all points of all slices in one frame, from −1 to 1.
  positions(frame) {
    const size = this.data.thresholds.length * this.count * 2;
    const to = new Float32Array(size);
    const packed = this.layouts[this.kind];
    for (let i = 0; i < size; i++) to[i] = packed[frame * size + i] / 32000;
    return to;
  }

  // Which mark each point has, and in which order they are drawn: what was put aside first, unseen subjects last.
  arrange() {
    const { count, scheme, only, chosen, look, order } = this;
    const layers = [[], [], [], []];
    for (let i = 0; i < count; i++) {
      const item = scheme.of(i);
      const faint = Number((only >= 0 && item !== only) || (chosen.size > 0 && !chosen.has(i)));
      look[i] = (item * 2 + this.data.test[i]) * 2 + faint;
      layers[2 * (1 - faint) + this.data.test[i]].push(i);
    }
    order.set(layers.flat());
  }

  changeKind(kind) {
    this.kind = kind;
    for (const button of this.kindButtons.children) button.ariaPressed = String(button.textContent === kind.toUpperCase());
    this.go(this.frame, 600);
    this.tellLook();
  }

  recolour(colour) {
    Object.assign(this, { colour, only: -1 });
    this.changeScheme();
    this.tellLook();
  }

  changeScheme() {
    const legend = makeLegend(this);
    this.legend.replaceWith(legend);
    this.legend = legend;
    this.arrange();
    this.fit(true);
  }

  isolate(k) {
    this.only = k;
    [...this.legend.querySelectorAll("button")].forEach((button, i) => (button.ariaPressed = String(i === k)));
    this.arrange();
    this.refresh();
    this.tellLook();
  }

  hover(i, panel, aloud = false, anchor = null) {
    if (i === this.lit && !aloud) return;
    for (const button of this.root.querySelectorAll("[data-face].lit")) button.classList.remove("lit");
    this.lit = i;
    this.byKeys = aloud;
    if (i >= 0) for (const button of this.root.querySelectorAll(`[data-face="${i}"]`)) button.classList.add("lit");
    this.grid.style.cursor = i >= 0 ? "pointer" : "";
    this.redraw();
    showTip(this, panel, anchor);
    if (aloud && i >= 0) this.voice.textContent = this.describe(i);
  }

  pick(i, panel) {
    const picked = i === this.picked || i < 0 ? -1 : i;
    this.send("picked", picked < 0 ? null : picked); // first, so that Python works while this side draws
    this.select(picked);
    if (panel && i >= 0) showTip(this, panel);
    this.voice.textContent = picked < 0 ? "Nothing picked" : `Picked ${this.describe(picked)}`;
  }

  select(i) {
    this.picked = i >= 0 && i < this.count ? i : -1;
    this.near = this.picked < 0 ? [] : this.panels.map((p) => neighboursOf(this, p.slice, this.picked));
    showNear(this);
    this.redraw();
  }

  choose(list) {
    this.chosen = new Set(list);
    this.arrange();
    this.refresh();
    showSelection(this);
    this.voice.textContent = list.length ? `${list.length} faces selected` : "Nothing selected";
    this.send("selected", [...list].sort((a, b) => a - b));
  }

  toggleChosen(i, add = false) {
    if (i < 0 || (add && this.chosen.has(i))) return;
    const chosen = new Set(this.chosen);
    if (!chosen.delete(i)) chosen.add(i);
    this.choose([...chosen]);
  }

  lasso(on) {
    this.lassoing = on;
    this.lassoButton.ariaPressed = String(on);
    this.root.toggleAttribute("data-lasso", on);
  }

  escape(panel) {
    this.hover(-1, panel);
    if (this.picked >= 0) this.pick(-1, panel);
    else if (this.chosen.size) this.choose([]);
    else this.lasso(false);
  }

  hint(text) {
    writeNote(this, text);
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => writeNote(this), 3000);
  }

  resetCamera() {
    this.camera = wholeView();
    this.cameraMoved();
  }

  showCamera() {
    this.root.toggleAttribute("data-zoomed", this.camera.scale > 1);
    this.resetButton.disabled = this.camera.scale === 1;
  }

  cameraMoved() {
    this.showCamera();
    this.tip.hidden = true;
    this.refreshSoon();
    this.tellLook();
  }

  get scheme() {
    return this.schemes[this.colour];
  }

  item(i) {
    return this.scheme.items[this.scheme.of(i)];
  }

  style(i) {
    return this.data.classes[this.data.labels[i]];
  }

  sliceName(slice) {
    const threshold = this.data.thresholds[slice];
    return threshold == null ? `slice ${slice + 1}` : `τ = ${threshold.toFixed(2)}`;
  }

  describe(i) {
    const { classes, labels, test, names } = this.data;
    return `${classes[labels[i]].name}, ${names[i]}, predicted ${this.predicted(i)}, ${test[i] ? "unseen" : "training"} subject`;
  }

  predicted(i) {
    return this.data.classes[this.predictions[this.frame * this.count + i]]?.name ?? "?";
  }

  right(i) {
    return this.predictions[this.frame * this.count + i] === this.data.labels[i];
  }

  sureness(i) {
    return this.confidence[this.frame * this.count + i] / 255;
  }

  face(i, size) {
    const { columns, rows } = this.data.sprite;
    const face = make("span", { className: "face", role: "img", ariaLabel: `Face: ${this.describe(i)}` });
    face.style.cssText = `width:${size}px;height:${size}px;background-size:${columns * size}px ${rows * size}px;` +
      `background-position:${-(i % columns) * size}px ${-Math.floor(i / columns) * size}px`;
    return face;
  }
}
