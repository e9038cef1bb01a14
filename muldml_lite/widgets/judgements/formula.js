// The loss as a formula with the numbers of the moment in it, the verdict in words, and all judged triplets.

const two = (value) => (value === 0 ? "0" : value.toFixed(2));
const minus = (value) => value.toFixed(2).replace("-", "−");
const nameOf = (t) => `(${LETTERS[t.anchor]}, ${LETTERS[t.positive]}, ${LETTERS[t.negative]})`;

function makeFormula(view) {
  const side = make("div", { className: "formula" });
  const part = (name, ...children) => make("div", { className: name }, ...children);
  const bracket = (of) => {
    const parts = { symbols: make("span"), numbers: make("span", { className: "numbers" }), value: make("b"), state: make("span", { className: "state" }) };
    const root = part(`bracket ${of}`, part("whose", of === "anchor" ? "from the anchor's side" : "from the positive's side"),
      part("symbols", parts.symbols), parts.numbers, part("result", parts.value, parts.state));
    return { root, ...parts };
  };
  view.formula = {
    title: make("h3"),
    brackets: [bracket("anchor"), bracket("positive")],
    sum: make("p", { className: "sum" }),
    verdict: make("p", { className: "verdict" }),
    table: make("div", { className: "triplets" }),
  };
  const { title, brackets, sum, verdict, table } = view.formula;
  side.append(title, brackets[0].root, make("div", { className: "plus", ariaHidden: "true" }, "+"), brackets[1].root, sum, verdict, table);
  return side;
}

function writeFormula(view, state) {
  const { title, brackets, sum, verdict, table } = view.formula;
  const { rules } = view;
  const t = state.triplets.find((one) => one.anchor === rules.anchor);
  const who = t ? nameOf(t) : LETTERS[rules.anchor];
  setText(title, t ? `The triplet ${who}` : `${who} cannot be an anchor`);
  setText(brackets[0].symbols, "[ D(a,p) − D(a,n) + τ ]₊");
  setText(brackets[1].symbols, "[ D(a,p) − D(p,n) + τ ]₊");
  brackets.forEach((bracket, i) => writeBracket(bracket, t, i, rules));
  const several = rules.mining === "hard" ? `Loss, the mean over ${state.triplets.length} triplets` : "Loss";
  setText(sum, t || state.triplets.length ? `${several}: ${state.loss.toFixed(3)}` : "Loss: 0");
  verdict.dataset.kind = kindOf(t);
  setText(verdict, verdictOf(view, state, t));
  writeTable(view, table, state);
}

function writeBracket(bracket, t, i, rules) {
  const judged = t && (i === 0 || rules.loss === "dual");
  bracket.root.dataset.judged = String(Boolean(judged));
  if (!t) return [bracket.numbers, bracket.value, bracket.state].forEach((part) => setText(part, ""));
  setText(bracket.numbers, `[ ${two(t.ap)} − ${two(i ? t.pn : t.an)} + ${two(rules.tau)} ]₊`);
  const value = t.ap - (i ? t.pn : t.an) + rules.tau;
  setText(bracket.value, judged ? `= ${two(Math.max(0, value))}` : "not asked");
  setText(bracket.state, !judged ? ` (would be ${two(Math.max(0, value))})` : value > 0 ? " active: pulls" : ` satisfied (${minus(value)})`);
  bracket.root.dataset.active = String(Boolean(judged && value > 0));
}

function kindOf(t) {
  if (!t) return "none";
  return t.incomplete ? "incomplete" : t.loss > 0 ? "active" : "satisfied";
}

function verdictOf(view, state, t) {
  const { rules } = view;
  if (!t) return `It needs another point of its class and one of another class.`;
  const [a, p, n] = [t.anchor, t.positive, t.negative].map((i) => LETTERS[i]);
  if (!t.incomplete) {
    if (t.loss === 0) return `Satisfied: nothing is taken for ${nameOf(t)}, and the judgement is complete.`;
    return `Active: ${nameOf(t)} costs ${two(t.loss)}, so it pulls and pushes.`;
  }
  const fact = `Judged incompletely: ${a} is content, yet ${p} lies nearer to ${n} (${two(t.pn)}) than to ${a} (${two(t.ap)}).`;
  if (rules.loss === "dual") return `${fact} The positive's side sees it: ${two(t.loss)}.`;
  const own = state.triplets.find((one) => one.anchor === t.positive);
  if (own) return `${fact} Not punished by ${a}, but ${p} is an anchor, too: ${nameOf(own)} costs ${two(own.loss)}.`;
  return `${fact} With one anchor nobody punishes it: no gradient, it stays.`;
}

const KINDS = { incomplete: ["▲", "incomplete"], active: ["●", "active"], satisfied: ["✓", "satisfied"] };

// One row a judged triplet; a row is pressed to look from its anchor's side.
function writeTable(view, table, state) {
  table.hidden = state.triplets.length < 2;
  if (table.hidden) return;
  while (table.children.length < state.triplets.length + 1) table.append(tableRow(view, table.children.length));
  while (table.children.length > state.triplets.length + 1) table.lastChild.remove();
  state.triplets.forEach((t, k) => {
    const row = table.children[k + 1];
    const kind = kindOf(t);
    row.anchor = t.anchor;
    row.dataset.kind = kind;
    row.ariaPressed = String(t.anchor === view.rules.anchor);
    [nameOf(t), two(t.ap), two(t.an), two(t.pn), two(t.loss), KINDS[kind][0]].forEach((words, c) => setText(row.children[c], words));
    if (row.title !== KINDS[kind][1]) row.title = KINDS[kind][1];
    row.ariaLabel = `${nameOf(t)}, ${KINDS[kind][1]}, loss ${two(t.loss)}; look from ${LETTERS[t.anchor]}'s side`;
  });
}

function tableRow(view, place) {
  const words = place ? Array(6).fill("") : ["(a, p, n)", "D(a,p)", "D(a,n)", "D(p,n)", "loss", ""];
  const cells = words.map((text) => make("span", {}, text));
  if (!place) return make("div", { className: "head", ariaHidden: "true" }, ...cells);
  const row = make("button", { type: "button" }, ...cells);
  row.onclick = () => view.change({ anchor: row.anchor });
  return row;
}

// Sixty times a second most words stay what they are: those are left alone.
function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
