// The live view: curves over epochs, the slices of the newest epoch, and what is asked of the training.

class LiveView {
  constructor(root) {
    this.root = root;
    Object.assign(this, { data: null, cursor: -1, serial: 0, shown: -1, now: null, panels: [] });
    root.classList.add("muldml", "live");
    this.observer = new ResizeObserver(() => this.fit());
    this.unwatch = watchTheme(() => this.restyle());
  }

  update(data, send) {
    this.send = send;
    if (!data?.run) return;
    const other = this.data?.run !== data.run;
    this.data = data;
    if (other) this.build();
    const count = data.frame?.slices ?? 0;
    if (count !== this.panels.length) {
      makePanels(this, count);
      this.writeLegend();
      this.now = null;
      this.shown = -1;
    }
    this.cursor = Math.min(this.cursor, data.epochs.length - 1);
    writeTransport(this);
    this.restyle();
    if (data.frame && data.frame.epoch !== this.shown) glideTo(this, data.frame);
    writePanels(this);
  }

  build() {
    Object.assign(this, { cursor: -1, shown: -1, now: null, panels: [], stamps: null });
    this.status = make("output", { className: "status", role: "status" });
    this.transport = makeTransport(this);
    this.legend = make("div", { className: "legend" });
    this.grid = make("div", { className: "grid" });
    this.charts = Object.keys(chartLines(this)).map((title) => makeChart(this, title));
    const menu = downloadMenu(() => `${this.data.name} live`, {
      png: () => this.picture(),
      svg: () => this.curvesSvg(),
      csv: () => csvText(liveColumns(this)),
    });
    this.root.replaceChildren(make("div", { className: "bar" }, this.transport, this.status, menu),
      this.legend, this.grid, make("div", { className: "charts" }, ...this.charts.map((chart) => chart.root)));
    this.observer.disconnect();
    this.observer.observe(this.root);
  }

  writeLegend() {
    const { faces } = this.data;
    this.legend.replaceChildren(...(faces?.classes ?? []).map((style) => {
      const canvas = make("canvas", { width: 36, height: 36, ariaHidden: "true" });
      return make("span", {}, canvas, style.name);
    }));
    if (faces) this.legend.append(make("span", { className: "split" }, "filled: unseen subject, hollow: training subject"));
  }

  ask(wish) {
    this.serial += 1;
    // At once, so that a click is felt; Python's answer comes with the next look at the folder.
    this.data = { ...this.data, held: wish === "pause" || (wish === "reset" && this.data.held) };
    writeTransport(this);
    this.send("wish", { serial: `${Date.now()}-${this.serial}`, wish });
  }

  point(cursor) {
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    this.draw();
  }

  restyle() {
    if (!this.data) return;
    this.theme = themeOf(this.root);
    this.root.dataset.theme = this.theme.dark ? "dark" : "light";
    [...this.legend.querySelectorAll("canvas")].forEach((canvas, k) => {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, 36, 36);
      drawMark(context, this.data.faces.classes[k], 18, 18, 11, true, this.theme);
    });
    this.fit();
  }

  fit() {
    if (!this.theme) return;
    this.draw();
    fitPanels(this);
  }

  draw() {
    const lines = chartLines(this);
    for (const chart of this.charts) drawChart(this, chart, lines[chart.title]);
  }

  // The slices side by side, as they are seen now.
  picture() {
    const columns = Math.min(4, Math.max(1, this.panels.length));
    const cell = Math.round(this.side * this.ratio);
    const rows = Math.ceil(this.panels.length / columns);
    const head = Math.round(18 * this.ratio);
    const canvas = make("canvas", { width: columns * cell, height: rows * (cell + head) });
    const context = canvas.getContext("2d");
    context.fillStyle = this.theme.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = this.theme.text;
    context.font = `${13 * this.ratio}px ${this.theme.font}`;
    this.panels.forEach((panel, i) => {
      const [x, y] = [(i % columns) * cell, Math.floor(i / columns) * (cell + head)];
      context.fillText(`${sliceName(this, i)}, epoch ${this.shown}`, x + 4 * this.ratio, y + 13 * this.ratio);
      context.drawImage(panel.canvas, x, y + head);
    });
    return canvas;
  }

  // The four charts below one another, readable without this page's style sheet.
  curvesSvg() {
    const widths = this.charts.map((chart) => chart.drawing.viewBox.baseVal.width);
    const row = CHART.height + 24;
    const sheet = svg("svg", { xmlns: SVG, width: Math.max(...widths), height: row * this.charts.length, "font-family": "sans-serif", "font-size": 11 });
    sheet.append(svg("rect", { width: "100%", height: "100%", fill: this.theme.background }));
    this.charts.forEach((chart, i) => {
      const group = svg("g", { transform: `translate(0 ${i * row + 20})`, fill: this.theme.text });
      group.append(text(4, -4, chart.title, "start"), ...[...chart.drawing.cloneNode(true).children]);
      for (const path of group.querySelectorAll("path")) path.setAttribute("fill", "none");
      for (const path of group.querySelectorAll("path,line")) path.setAttribute("stroke-width", path.tagName === "path" ? 2 : 0.6);
      for (const line of group.querySelectorAll("line")) line.setAttribute("stroke", "#888");
      sheet.append(group);
    });
    return new XMLSerializer().serializeToString(sheet);
  }

  destroy() {
    cancelAnimationFrame(this.ticket);
    this.observer.disconnect();
    this.unwatch();
    this.root.replaceChildren();
  }
}

export default meetHosts((root) => new LiveView(root));
