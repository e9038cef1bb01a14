// The large face: the exact picture from Python, or, while a slider is dragged, a piece of the strip along it.

// A strip holds as long as nothing but its own slider has changed since.
function signature(face, vary) {
  const { person, units, shot, take, camera } = face;
  const rest = { person, shot, take, units: vary.startsWith("morph:") ? {} : { ...units }, camera: { ...camera } };
  delete rest.units[vary];
  delete rest.camera[vary];
  const ordered = (values) => Object.entries(values).filter(([, value]) => value !== null).sort();
  return JSON.stringify([person, shot, take, ordered(rest.units).filter(([, value]) => value), ordered(rest.camera)]);
}

const sameFace = (a, b) => signature(a, "") === signature(b, "");

const holdsStrip = (lab, vary) => lab.strip?.vary === vary && lab.strip.signature === signature(lab.face, vary);

// Pictures are decoded before they take the place of the one that is shown: no flicker.
function blobOfUrl(url) {
  const [head, body] = url.split(",");
  return new Blob([bytesOf(body)], { type: head.slice(5).split(";")[0] });
}

async function readAnswer(lab, answer) {
  const { strip } = answer;
  const kept = strip && !strip.url && lab.strip?.key === answer.key ? lab.strip : null;
  const [exact, pieces] = await Promise.all([
    createImageBitmap(blobOfUrl(answer.picture)), strip?.url ? createImageBitmap(blobOfUrl(strip.url)) : kept?.bitmap]);
  const found = answer.places && readPlaces(answer.places, lab.data.around);
  const read = {
    exact: { face: answer.face, bitmap: exact, file: blobOfUrl(answer.file) },
    strip: strip && pieces && {
      key: answer.key, vary: answer.vary, signature: signature(answer.face, answer.vary), steps: strip.steps,
      bitmap: pieces, places: found,
    },
    places: found,
  };
  return read;
}

// Rows of places: the face itself first, then the strip.
function readPlaces({ rows, near, apart, places, said }, { k, classes }) {
  return {
    rows,
    near: new Int16Array(bytesOf(near).buffer),
    apart: new Float32Array(bytesOf(apart).buffer),
    places: new Float32Array(bytesOf(places).buffer),
    said: said && new Float32Array(bytesOf(said).buffer),
    k,
    classes: classes.length,
  };
}

function showFace(lab) {
  const context = lab.canvas.getContext("2d");
  const { side, shown } = lab.data;
  const step = lab.step();
  context.imageSmoothingQuality = "high";
  if (lab.exact && sameFace(lab.exact.face, lab.face)) context.drawImage(lab.exact.bitmap, 0, 0, shown, shown);
  else if (step >= 0) context.drawImage(lab.strip.bitmap, 0, Math.round(step) * side, side, side, 0, 0, shown, shown);
  lab.canvas.ariaLabel = lab.describe();
}
