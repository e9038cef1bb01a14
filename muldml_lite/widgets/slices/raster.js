// Marks as pixels. Each mark is drawn once for every quarter of a pixel, as lists of pixels, and points copy those lists into
// an array: 32,000 marks take a few milliseconds on a processor alone, where drawImage takes several frames.

function makeStamps(view, side, ratio) {
  const { items } = view.scheme;
  const phases = ratio >= 2 ? 2 : 4;
  const sizes = items.map((item) => view.radius * (item.size ?? 1));
  const cell = 2 * Math.ceil((Math.max(...sizes) * 1.45 + 1) * ratio) + 1; // a pixel in the middle
  const half = cell >> 1;
  const width = Math.round(side * ratio) + 2 * cell; // of the array: a frame around it takes what sticks out
  const atlas = make("canvas", { width: cell * phases * phases, height: cell * items.length * 2 });
  const context = atlas.getContext("2d", { willReadFrequently: true });
  items.forEach((item, k) => {
    for (let filled = 0; filled < 2; filled++) {
      for (let phase = 0; phase < phases * phases; phase++) {
        const [dx, dy] = [(phase % phases) / phases, Math.floor(phase / phases) / phases];
        context.setTransform(ratio, 0, 0, ratio, phase * cell + half + dx, (2 * k + filled) * cell + half + dy);
        drawMark(context, item, 0, 0, sizes[k], filled === 1, view.theme);
      }
    }
  });
  const pixels = new Uint32Array(context.getImageData(0, 0, atlas.width, atlas.height).data.buffer);
  const stamps = { phases, cell, width, ground: colourWord(view.theme.panel), list: [] };
  for (let look = 0; look < items.length * 4; look++) {
    for (let phase = 0; phase < phases * phases; phase++) {
      const start = (look >> 1) * cell * atlas.width + phase * cell;
      stamps.list.push(pixelLists(pixels, start, atlas.width, cell, width, look & 1 ? 0.13 : 1));
    }
  }
  return stamps;
}

// Solid pixels are written, soft ones mixed: red and blue together, green alone, in units of 1/256.
function pixelLists(pixels, start, stride, cell, width, opacity) {
  const [solid, soft] = [[], []];
  const half = cell >> 1;
  for (let y = 0; y < cell; y++) {
    for (let x = 0; x < cell; x++) {
      const word = pixels[start + y * stride + x];
      const alpha = Math.round((word >>> 24) * opacity * (256 / 255));
      const place = (y - half) * width + x - half;
      if (alpha >= 255) solid.push(place, word);
      else if (alpha > 4) soft.push(place, (word & 0xff00ff) * alpha, ((word >>> 8) & 0xff) * alpha, 256 - alpha);
    }
  }
  return { solid: Uint32Array.from(solid), soft: Uint32Array.from(soft) };
}

function colourWord([r, g, b]) {
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}

// All marks of a panel, faint ones first, into its pixels.
function rasterise(view, panel) {
  const { phases, width, cell, ground, list } = view.stamps;
  if (panel.pixels?.length !== width * width) {
    panel.image = new ImageData(width, width);
    panel.pixels = new Uint32Array(panel.image.data.buffer);
  }
  const { pixels, ratio, side } = panel;
  const { order, look, now, camera } = view;
  pixels.fill(ground);
  const grow = (side / 2 - 12) * camera.scale * ratio;
  const middle = (side / 2) * ratio + cell + 0.5 / phases; // rounded to the nearest phase
  const [low, high] = [cell >> 1, width - (cell >> 1)];
  const first = 2 * panel.slice * view.count;
  for (let n = 0; n < order.length; n++) {
    const i = order[n];
    const x = middle + (now[first + 2 * i] - camera.x) * grow;
    const y = middle - (now[first + 2 * i + 1] - camera.y) * grow;
    const column = Math.floor(x);
    const row = Math.floor(y);
    if (!(column >= low && column < high && row >= low && row < high)) continue;
    const phase = Math.floor((y - row) * phases) * phases + Math.floor((x - column) * phases);
    copyMark(pixels, row * width + column, list[look[i] * phases * phases + phase]);
  }
}

function copyMark(pixels, centre, lists) {
  const solid = lists.solid;
  const soft = lists.soft;
  for (let k = 0; k < solid.length; k += 2) pixels[(centre + solid[k]) | 0] = solid[k + 1];
  for (let k = 0; k < soft.length; k += 4) {
    const place = (centre + soft[k]) | 0;
    const old = pixels[place];
    const rest = soft[k + 3];
    const redBlue = ((soft[k + 1] + (old & 0xff00ff) * rest) >>> 8) & 0xff00ff;
    pixels[place] = (0xff000000 | redBlue | ((soft[k + 2] + ((old >>> 8) & 0xff) * rest) & 0xff00)) >>> 0;
  }
}
