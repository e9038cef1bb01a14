// The method's picture, and what is seen of it as one SVG: boxes, drawings, faces and lines of text where they stand.
// Joined behind host.js and download.js (see tour_picture.py).

const NAMESPACE = "http://www.w3.org/2000/svg";

function svgOf(shown) {
  const frame = shown.getBoundingClientRect();
  const style = getComputedStyle(shown);
  const pad = 16;
  const [width, height] = [frame.width + 2 * pad, frame.height + 2 * pad];
  const picture = piece("svg", { xmlns: NAMESPACE, width, height, viewBox: `${-pad} ${-pad} ${width} ${height}` });
  const ground = getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body).backgroundColor;
  picture.append(piece("rect", { x: -pad, y: -pad, width, height, fill: ground }));
  const at = (box) => ({ x: box.left - frame.left, y: box.top - frame.top, width: box.width, height: box.height });
  for (const element of shown.querySelectorAll("*")) {
    if (element.closest("style") || element.parentElement.closest("svg")) continue;
    const box = at(element.getBoundingClientRect());
    if (element.localName === "svg") picture.append(drawing(element, box));
    else if (element.localName === "img") picture.append(piece("image", { ...box, href: element.src }));
    else boxOf(element, box, picture);
  }
  const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest("style,svg")) writeLines(walker.currentNode, getComputedStyle(parent), at, picture);
  }
  picture.setAttribute("font-family", style.fontFamily);
  return new XMLSerializer().serializeToString(picture);
}

function piece(tag, attributes) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, typeof value === "number" ? Math.round(value * 100) / 100 : value);
  }
  return made;
}

// A drawing inside the picture keeps its own coordinates; colours that follow the theme become what they are now.
function drawing(element, box) {
  const copy = element.cloneNode(true);
  for (const [key, value] of Object.entries(box)) copy.setAttribute(key, value);
  const [from, to] = [element, copy].map((one) => [...one.querySelectorAll("path,rect")]);
  from.forEach((one, i) => {
    const style = getComputedStyle(one);
    to[i].removeAttribute("style");
    for (const key of ["fill", "stroke", "opacity"]) to[i].setAttribute(key, style[key]);
  });
  copy.setAttribute("opacity", getComputedStyle(element).opacity);
  return copy;
}

function boxOf(element, box, picture) {
  const style = getComputedStyle(element);
  const line = parseFloat(style.borderLeftWidth);
  if (style.backgroundColor === "rgba(0, 0, 0, 0)" && !line) return;
  const radius = Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.height / 2);
  picture.append(piece("rect", { ...box, rx: radius, fill: style.backgroundColor, stroke: line ? style.borderLeftColor : "none" }));
  const top = parseFloat(style.borderTopWidth);
  if (top > line) picture.append(piece("rect", { ...box, height: top, rx: top / 2, fill: style.borderTopColor }));
}

// A text node as it was broken into lines.
function writeLines(node, style, at, picture) {
  const range = document.createRange();
  const lines = new Map();
  for (const word of node.data.matchAll(/\S+/g)) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const box = at(range.getBoundingClientRect());
    const line = lines.get(Math.round(box.y)) ?? { box, words: [] };
    lines.set(Math.round(box.y), { box: line.box, end: box.x + box.width, words: [...line.words, word[0]] });
  }
  for (const { box, end, words } of lines.values()) {
    // Where the file is opened, another font may stand in: the line keeps its length.
    const text = piece("text", {
      x: box.x, y: box.y + box.height * 0.76, textLength: end - box.x, lengthAdjust: "spacingAndGlyphs",
      fill: style.color, "font-size": style.fontSize, "font-weight": style.fontWeight,
    });
    text.textContent = words.join(" ");
    picture.append(text);
  }
}

async function canvasOf(svg) {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  image.src = url;
  await image.decode();
  const canvas = make("canvas", { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return canvas;
}

export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".place");
  if (place.dataset.token === data.token) return;
  place.innerHTML = data.html;
  place.dataset.token = data.token;
  const shown = place.querySelector(".mp");
  const menu = parentElement.querySelector(".menu");
  menu.replaceChildren();
  if (!data.downloads) return;
  menu.append(downloadMenu("muldml-method", {
    png: () => canvasOf(svgOf(shown)),
    svg: () => svgOf(shown),
    csv: () => csvText(data.numbers),
  }));
}
