// What every view of ours shares: reading packed arrays and theme colours, and meeting the two hosts.
// These files are joined into one ES module (see source.py); the last one has the default export.

// Bytes as a host brings them: base64 text (JSON), a DataView (Jupyter), or an array (see unpack). They start at a place
// where any typed array may start.
function bytesOf(given) {
  if (typeof given === "string") {
    const text = atob(given);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
  const bytes = given instanceof ArrayBuffer ? new Uint8Array(given) : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return bytes.byteOffset % 8 ? bytes.slice() : bytes;
}

const shortsOf = (given, Kind = Int16Array) => {
  const bytes = bytesOf(given);
  return new Kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / Kind.BYTES_PER_ELEMENT);
};

// What packed.py made of values with bytes in them.
function unpack(packed) {
  const bytes = bytesOf(packed);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const start = 4 + length;
  const part = (key, value) =>
    Array.isArray(value?.$part) ? bytes.subarray(start + value.$part[0], start + value.$part[0] + value.$part[1]) : value;
  return JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)), part);
}

// Large values come once and are kept here by their token; views then get the token only (see feeder.js).
const STORE = (globalThis[Symbol.for("muldml.store")] ??= { values: new Map(), waiting: new Set() });

function keepValues(values) {
  STORE.values.delete(values.token);
  STORE.values.set(values.token, values);
  if (STORE.values.size > 3) STORE.values.delete(STORE.values.keys().next().value);
  for (const waiting of [...STORE.waiting]) waiting();
}

// Float16Array is too young to rely on: a table of all 65,536 half-precision numbers instead.
let halves = null;
function halfTable() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 31) halves[h] = fraction ? NaN : sign * Infinity;
    else if (exponent === 0) halves[h] = sign * fraction * 2 ** -24;
    else halves[h] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return halves;
}

function blobUrl(dataUrl) {
  const [head, body] = dataUrl.split(",");
  return URL.createObjectURL(new Blob([bytesOf(body)], { type: head.slice(5).split(";")[0] }));
}

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element && key !== "role") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const stillMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// [red, green, blue, alpha] of any CSS colour.
function rgbaOf(colour) {
  const probe = make("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data];
}

// The colours that a host's theme resolved to: Streamlit's --st-*, Jupyter's --jp-*, or the system's.
function themeOf(element) {
  const style = getComputedStyle(element);
  const [r, g, b, a] = rgbaOf(style.backgroundColor);
  const dark = a > 0 && 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
  return { text: style.color, background: style.backgroundColor, dark, font: style.fontFamily };
}

// Calls back when the host's theme may have changed; returns the way to end that.
function watchTheme(changed) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const later = () => setTimeout(changed, 60); // hosts write their colours after they were told
  media.addEventListener("change", later);
  const observer = new MutationObserver(later);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  return () => {
    media.removeEventListener("change", later);
    observer.disconnect();
  };
}

// create(root) -> { update(data, send), destroy() }; send(key, value) reports to Python.
function meetHosts(create) {
  const views = new WeakMap();

  function streamlit(component) {
    const { parentElement, data, setStateValue } = component;
    let view = views.get(parentElement);
    if (!view) {
      view = create(parentElement.querySelector(".muldml-mount") ?? parentElement);
      view.calls = 0;
      views.set(parentElement, view);
    }
    // Streamlit calls this again on every rerun, and may then run the *earlier* call's clean-up.
    const call = ++view.calls;
    view.update(data, setStateValue);
    return () => {
      if (view.calls !== call) return;
      view.destroy();
      views.delete(parentElement);
    };
  }

  function render({ model, el }) {
    const mount = make("div", { className: "muldml-mount" });
    // JupyterLab has keys of its own, arrows and letters among them; it leaves them to an element with this mark.
    mount.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
    el.append(mount);
    const view = create(mount);
    const send = (key, value) => {
      model.set(key, value);
      model.save_changes();
    };
    const update = () => view.update({ ...model.get("data"), pick: model.get("pick") }, send);
    model.on("change:data", update);
    model.on("change:pick", update);
    // JupyterLab calls before the element is on the page, where nothing has a size or a theme's colours yet.
    let begin = null;
    const whenShown = () => (mount.isConnected ? update() : (begin = requestAnimationFrame(whenShown)));
    whenShown();
    return () => {
      cancelAnimationFrame(begin);
      model.off("change:data", update);
      model.off("change:pick", update);
      view.destroy();
    };
  }

  return (component) => (component === undefined ? { render } : streamlit(component));
}
