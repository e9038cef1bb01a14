// What colours and marks can mean: expression, subject, whether the head is right, how sure it is.
// A scheme has items { name, symbol, light, dark, size } and says which item point i is.

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star", "x"];
const SURENESS = [
  { name: "0–20 %", light: "#9a8324", dark: "#6b7fae", size: 0.62 },
  { name: "20–40 %", light: "#7f7a55", dark: "#858d9d", size: 0.76 },
  { name: "40–60 %", light: "#66706e", dark: "#a3a18c", size: 0.9 },
  { name: "60–80 %", light: "#3f5578", dark: "#c9b75d", size: 1.04 },
  { name: "80–100 %", light: "#00306f", dark: "#fde737", size: 1.18 },
];

function makeSchemes(view) {
  const { classes, labels, subjects } = view.data;
  const people = [...new Set(subjects)].sort((a, b) => a - b);
  const person = new Map(people.map((subject, p) => [subject, p]));
  const [yes, no] = [{ light: "#0b6aa8", dark: "#6cb8e6" }, { light: "#b8420a", dark: "#ff9a5c" }];
  return {
    expression: { title: "Expression", items: classes, of: (i) => labels[i] },
    subject: { title: "Subject", items: people.map((subject, p) => personStyle(classes, subject, p)), of: (i) => person.get(subjects[i]) },
    correctness: {
      title: "Right or wrong",
      items: [{ name: "predicted right", symbol: "circle", ...yes }, { name: "predicted wrong", symbol: "x", ...no, size: 1.15 }],
      of: (i) => Number(!view.right(i)),
      moves: true,
    },
    confidence: {
      title: "Confidence",
      items: SURENESS.map((item) => ({ symbol: "circle", ...item })),
      of: (i) => Math.min(4, Math.floor(view.sureness(i) * 5)),
      moves: true, // another epoch, another item
    },
  };
}

// Hues and shapes run at different periods: 56 people before a sign comes again, and neighbours in the list differ in both.
function personStyle(classes, subject, p) {
  if (subject < 0) return { name: "unknown subject", symbol: "circle", light: "#5d6166", dark: "#a9adb3" };
  const { light, dark } = classes[p % classes.length];
  return { name: `subject ${subject}`, symbol: SYMBOLS[(p + Math.floor(p / classes.length)) % SYMBOLS.length], light, dark };
}

// Buttons, each with its mark; many items take one list instead.
function makeLegend(view) {
  const { items, title } = view.scheme;
  const counts = items.map(() => 0);
  for (let i = 0; i < view.count; i++) counts[view.scheme.of(i)]++;
  const legend = make("div", { className: "legend", role: "group", ariaLabel: `${title}; press one to see it alone` });
  if (items.length > 14) {
    const list = make("select", { ariaLabel: "Show one subject alone" }, make("option", { value: -1 }, `all ${items.length} subjects`),
      ...items.map((item, k) => make("option", { value: k }, `${item.name} (${counts[k]})`)));
    list.value = view.only;
    list.onchange = () => view.isolate(Number(list.value));
    legend.append(list, make("span", { className: "soft" }, "signs repeat: choose one, or hover"));
    return legend;
  }
  items.forEach((item, k) => {
    const button = make("button", { type: "button", ariaPressed: String(k === view.only) }, signOf(view, item, true), item.name,
      ...(view.scheme.moves ? [make("small", {}, String(counts[k]))] : []));
    button.onclick = () => view.isolate(view.only === k ? -1 : k);
    legend.append(button);
  });
  return legend;
}

function signOf(view, item, filled) {
  const canvas = make("canvas", { width: 36, height: 36, className: "sign", ariaHidden: "true" });
  drawMark(canvas.getContext("2d"), item, 18, 18, 11 * (item.size ?? 1), filled, view.theme);
  return canvas;
}
