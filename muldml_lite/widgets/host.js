// What every view of ours shares: reading packed arrays and theme colours, and meeting the two hosts.
// These files are joined into one ES module (see __init__.py); the last one has the default export.

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
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

// The colours that a host's theme resolved to: Streamlit's --st-*, Jupyter's --jp-*, or the system's.
function themeOf(element) {
  const style = getComputedStyle(element);
  const probe = make("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = style.backgroundColor;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  const dark = a > 0 && 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
  return { text: style.color, background: style.backgroundColor, dark, font: style.fontFamily };
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
    el.append(mount);
    const view = create(mount);
    const send = (key, value) => {
      model.set(key, value);
      model.save_changes();
    };
    const update = () => view.update({ ...model.get("data"), pick: model.get("pick") }, send);
    model.on("change:data", update);
    model.on("change:pick", update);
    update();
    return () => {
      model.off("change:data", update);
      model.off("change:pick", update);
      view.destroy();
    };
  }

  return (component) => (component === undefined ? { render } : streamlit(component));
}
