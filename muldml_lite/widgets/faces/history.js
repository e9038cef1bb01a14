// What was done can be taken back: slider moves, dice, expressions, the ends of a morph.

const MOST_STEPS_BACK = 200;
const ONE_MOVE = 900; // ms: keys pressed on one slider after another are one move

const momentOf = (lab) => ({ face: structuredClone(lab.face), morph: { ...lab.morph } });

const sameMoment = (a, b) => sameFace(a.face, b.face) && a.morph.from === b.morph.from && a.morph.to === b.morph.to;

// Before a change. `move`: what is moved; what moves on within a gesture has been noted already.
function remember(lab, move = "") {
  const goesOn = move && lab.gesture?.move === move && (lab.gesture.open || performance.now() - lab.gesture.ended < ONE_MOVE);
  lab.gesture = move ? { move, open: true, ended: 0 } : null;
  if (goesOn) return;
  const now = momentOf(lab);
  if (lab.past.length && sameMoment(lab.past.at(-1), now)) return;
  lab.past = [...lab.past, now].slice(-MOST_STEPS_BACK);
  lab.ahead = [];
}

function endGesture(lab) {
  if (lab.gesture) Object.assign(lab.gesture, { open: false, ended: performance.now() });
}

function travel(lab, way) {
  const [from, to] = way < 0 ? [lab.past, lab.ahead] : [lab.ahead, lab.past];
  const now = momentOf(lab);
  while (from.length && sameMoment(from.at(-1), now)) from.pop(); // a change that was taken back by hand
  if (!from.length) return showHistory(lab);
  to.push(now);
  lab.gesture = null;
  lab.setMoment(from.pop());
  lab.voice.textContent = way < 0 ? "Undone" : "Done again";
}

function showHistory(lab) {
  lab.undoButton.disabled = !lab.past.length;
  lab.redoButton.disabled = !lab.ahead.length;
}

function onHistoryKey(lab, event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !["z", "y"].includes(key)) return;
  if (event.target.closest?.("input[type=number]")) return; // what is being typed there has a way back of its own
  event.preventDefault();
  travel(lab, key === "y" || event.shiftKey ? 1 : -1);
}
