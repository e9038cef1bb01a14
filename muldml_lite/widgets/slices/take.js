// What one can take home: all panels as one picture, and the numbers behind the shown epoch.

function pictureOf(view) {
  view.fit(false, 2); // as sharp as print wants it
  const picture = drawPicture(view);
  view.fit();
  return picture;
}

function drawPicture(view) {
  const { panels, data, theme } = view;
  const { side, ratio } = panels[0];
  const columns = Math.min(panels.length, Math.round(view.grid.clientWidth / panels[0].root.clientWidth) || 1);
  const [gap, head, foot] = [14, 26, 30];
  const legend = view.scheme.items.length <= 14 ? view.scheme.items : [];
  const width = columns * (side + gap) + gap;
  const height = Math.ceil(panels.length / columns) * (side + head + gap) + gap + foot + (legend.length ? 24 : 0);
  const canvas = make("canvas", { width: width * ratio, height: height * ratio });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  const write = (text, x, y, font = "13px") => {
    context.fillStyle = theme.text;
    context.font = `${font} ${theme.font}`;
    context.fillText(text, x, y);
    return context.measureText(text).width;
  };
  panels.forEach((panel, i) => {
    const [x, y] = [gap + (i % columns) * (side + gap), gap + Math.floor(i / columns) * (side + head + gap)];
    write(`${panel.tau.textContent}   ${panel.apart.textContent}   ${panel.knn.textContent}`, x, y + head / 2, "600 13px");
    context.drawImage(panel.canvas, x, y + head, side, side);
  });
  let x = gap;
  for (const item of legend) {
    drawMark(context, item, x + 6, height - foot - 10, 5 * (item.size ?? 1), true, theme);
    x += 24 + write(item.name, x + 15, height - foot - 10);
  }
  write(`${runName(data)} · epoch ${data.epochs[view.frame]} · ${view.kind.toUpperCase()} · ${view.scheme.title.toLowerCase()}`, gap, height - foot / 2, "12px");
  return canvas;
}

const runName = (data) => data.run.split(/[\\/]/).filter(Boolean).at(-1) ?? "run";

// One row a face and slice; x and y as laid out (−1 to 1), not as zoomed.
function numbersOf(view) {
  const { data, kind, count } = view;
  const names = ["point", "name", "subject", "expression", "unseen", "predicted", "confidence", "selected", "epoch", "slice", "threshold", `${kind}_x`, `${kind}_y`, "residual"];
  const columns = Object.fromEntries(names.map((name) => [name, []]));
  const xy = view.positions(view.frame);
  data.thresholds.forEach((threshold, slice) => {
    for (let i = 0; i < count; i++) {
      const p = 2 * (slice * count + i);
      const row = [i, data.names[i], data.subjects[i], view.style(i).name, data.test[i], view.predicted(i), view.sureness(i).toFixed(3),
        Number(view.chosen.has(i)), data.epochs[view.frame], slice + 1, threshold, xy[p].toFixed(5), xy[p + 1].toFixed(5),
        data.residuals[kind][view.frame][slice]];
      names.forEach((name, n) => columns[name].push(row[n]));
    }
  });
  return csvText(columns);
}
