// A frame is as large as a slide. What does not fit is set smaller step by step: first code, then all of it.
const CODE = [24, 22, 21, 20, 19]; // pixels of a slide that is 720 high
const SCALES = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6];

function overflows(frame) {
  const wide = [frame, ...frame.querySelectorAll("pre, .formula, table")];
  return frame.scrollHeight > frame.clientHeight + 1 || wide.some((one) => one.scrollWidth > one.clientWidth + 1);
}

function shrink(frame, element, property, sizes) {
  for (const size of sizes) {
    if (!overflows(frame)) return;
    element.style.setProperty(property, size);
  }
}

function fit(frame) {
  for (const formula of frame.querySelectorAll(".formula")) {
    if (formula.scrollWidth > formula.clientWidth + 1) shrink(frame, formula, "--formula", [0.9, 0.8, 0.7]);
  }
  shrink(frame, frame, "--code", CODE);
  shrink(frame, frame, "--scale", SCALES);
}

const deck = new Reveal({
  width: 1280,
  height: 720,
  margin: 0.02,
  center: false,
  hash: true,
  navigationMode: "linear", // every arrow and every clicker goes through all slides
  slideNumber: "c/t",
  transition: "none",
  viewDistance: 1000, // all slides are laid out, so that all can be measured
  plugins: [RevealNotes],
});
deck.initialize().then(() => {
  document.querySelectorAll(".frame").forEach(fit);
  document.body.dataset.fitted = "yes";
});
