// What can be seen of a page by its computed styles: words too faint to read, and pictures without words.

const channel = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const bright = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// Any CSS colour as red, green, blue and a share of cover.
function rgba(colour) {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => a * v + (1 - a) * under[i]);
const parentOf = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;

function chain(element) {
  const found = [];
  for (let e = element; e; e = parentOf(e)) found.push(e);
  return found;
}

// Some words stand outside of the box they belong to, such as a slider's value above its thumb.
function groundOf(elements) {
  const words = elements[0].getBoundingClientRect();
  const [x, y] = [words.left + words.width / 2, words.top + words.height / 2];
  let ground = [255, 255, 255];
  for (const e of [...elements].reverse()) {
    const box = e.getBoundingClientRect();
    const outside = box.height < 60 && (x < box.left || x > box.right || y < box.top || y > box.bottom);
    if (!outside) ground = over(rgba(getComputedStyle(e).backgroundColor), ground);
  }
  return onShapes(elements[0], x, y, ground);
}

// A note in a chart may stand on a box, which is a shape of its own and no ancestor.
function onShapes(element, x, y, ground) {
  if (!element.closest(".annotation")) return ground;
  for (const path of element.closest(".svg-container").querySelectorAll(".shapelayer path")) {
    const box = path.getBoundingClientRect();
    const style = getComputedStyle(path);
    if (x < box.left || x > box.right || y < box.top || y > box.bottom || style.fill === "none") continue;
    const [r, g, b, a] = rgba(style.fill);
    ground = over([r, g, b, a * Number(style.fillOpacity)], ground);
  }
  return ground;
}

function everything(root, found = []) {
  for (const e of root.querySelectorAll("*")) {
    found.push(e);
    if (e.shadowRoot) everything(e.shadowRoot, found);
  }
  return found;
}

function shownAt(element) {
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

function faint() {
  const bad = [];
  for (const e of everything(document.body)) {
    const own = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data.trim());
    if (!own.length || /^(style|script|title|desc|option)$/.test(e.localName) || !shownAt(e)) continue;
    const elements = chain(e);
    if (e.closest(".points, .textpoint")) continue; // on a mark of a chart, whose colour is not a background
    if (elements.some((one) => one.disabled || one.ariaHidden === "true" || one.ariaDisabled === "true" || one.inert)) continue;
    const style = getComputedStyle(e);
    if (elements.some((one) => /inset\(50%\)|rect\(0px/.test(getComputedStyle(one).clipPath + getComputedStyle(one).clip))) continue;
    const ground = groundOf(elements);
    const cover = elements.reduce((share, one) => share * Number(getComputedStyle(one).opacity), 1);
    const [r, g, b, a] = rgba(e.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const pair = [bright(over([r, g, b, a * cover], ground)), bright(ground)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) || e.dataset.testid === "stIconMaterial";
    if (ratio < (large ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${e.localName}: ${own.join(" ").slice(0, 60)}`);
  }
  return bad;
}

// Words that assistive technology has for an element, in the simple cases.
function named(e) {
  const by = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => id && e.getRootNode().getElementById(id)?.textContent);
  return [e.ariaLabel, e.getAttribute("alt"), e.title, e.querySelector(":scope > title")?.textContent, ...by].some((t) => t?.trim());
}

function unnamed() {
  const bad = [];
  for (const e of everything(document.body)) {
    if (!["img", "canvas", "svg"].includes(e.localName) || !shownAt(e) || e.id === "js-plotly-tester") continue;
    const elements = chain(e);
    const silent = elements.some((one) => one.ariaHidden === "true" || one.role === "presentation");
    const spoken = elements.slice(0, 7).some((one) => named(one) || (one.matches("button,a,summary,label") && one.textContent.trim()));
    if (!silent && !spoken && e.getAttribute("alt") !== "") bad.push(`${e.localName}: ${e.outerHTML.slice(0, 120)}`);
  }
  return bad;
}
