// Dice: another person, another shot; and all that is known of the face.

const DIE = '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><rect x="2" y="2" width="16" height="16" rx="4" ' +
  'fill="none" stroke="currentColor" stroke-width="1.7"/><g fill="currentColor"><circle cx="6.5" cy="6.5" r="1.6"/>' +
  '<circle cx="13.5" cy="6.5" r="1.6"/><circle cx="10" cy="10" r="1.6"/><circle cx="6.5" cy="13.5" r="1.6"/>' +
  '<circle cx="13.5" cy="13.5" r="1.6"/></g></svg>';
const MOST = 999999; // as in faces/lab.py

const seedOf = () => Math.floor(Math.random() * (MOST + 1));

function iconButton(label, html, act) {
  const button = make("button", { type: "button", className: "icon", ariaLabel: label, title: label });
  button.innerHTML = html;
  button.onclick = act;
  return button;
}

function makePersons(lab) {
  const roll = make("button", { type: "button", className: "roll" });
  roll.innerHTML = `${DIE} New person`;
  roll.onclick = () => goToPerson(lab, seedOf());
  lab.undoButton = iconButton("Undo", "↶", () => travel(lab, -1));
  lab.redoButton = iconButton("Redo", "↷", () => travel(lab, 1));
  lab.seed = make("input", { type: "number", min: 0, max: MOST, step: 1, className: "seed", inputMode: "numeric" });
  lab.seed.onchange = () => {
    const wanted = Math.round(Number(lab.seed.value));
    if (lab.seed.value !== "" && wanted >= 0 && wanted <= MOST) goToPerson(lab, wanted);
    else lab.seed.value = lab.face.person;
  };
  return [make("div", { className: "dice" }, roll, lab.undoButton, lab.redoButton), makeShots(lab), make("label", { className: "who" }, "Person", lab.seed)];
}

function goToPerson(lab, seed) {
  if (seed === lab.face.person) return;
  lab.change({ person: seed });
}

function showPersons(lab) {
  if (!lab.seed.matches(":focus")) lab.seed.value = lab.face.person; // an answer must not undo what is being typed
  showHistory(lab);
  for (const button of lab.shots.children) button.ariaPressed = String(button.dataset.shot === lab.face.shot);
}

const SHOTS = {
  studio: ["Studio", "From the front, in even light"],
  posed: ["Posed", "A posed shot: nearly frontal, clean. Press again for another"],
  wild: ["Wild", "A wild shot: turned, oddly lit, perhaps something in the way. Press again for another"],
};

function makeShots(lab) {
  lab.shots = make("div", { className: "chips", role: "group", ariaLabel: "Shot" });
  for (const [shot, [name, title]] of Object.entries(SHOTS)) {
    const button = make("button", { type: "button", title, ariaLabel: `${name}: ${title}` });
    button.innerHTML = shot === "studio" ? name : `${DIE} ${name}`;
    button.dataset.shot = shot;
    // The dials that the new shot comes with are known in Python only: the answer brings them.
    button.onclick = () => lab.change({ shot, take: shot === "studio" ? 0 : seedOf(), camera: {} });
    lab.shots.append(button);
  }
  return lab.shots;
}

function makeTruth(lab) {
  lab.truth = make("div", { className: "truth" });
  return make("details", { className: "known" }, make("summary", {}, "What is true of this face"), lab.truth);
}

function showTruth(lab, truth) {
  const percent = (share) => `${Math.round(100 * share)} %`;
  const rows = truth.units.map(({ name, asked, gain, resting, shown }) =>
    make("tr", {}, ...[name, `${asked} %`, `× ${gain.toFixed(2)}`, `+ ${percent(resting)}`, `= ${percent(shown)}`].map((text) => make("td", {}, text))));
  const head = make("tr", {}, ...["", "asked", "gain", "at rest", "shown"].map((text) => make("th", { scope: "col" }, text)));
  const extras = [truth.occluder === "none" ? "" : `behind a ${truth.occluder}`, truth.noise ? `grain ${truth.noise}` : ""].filter(Boolean);
  lab.truth.replaceChildren(
    make("p", {}, `Person ${lab.face.person}: ${truth.person}, ${truth.worn}; age ${truth.age} (0 young, 1 old). `
      + `Shot: ${[truth.shot, ...extras].join(", ")}.`),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
    make("p", { className: "soft" }, "A person's face follows each action unit by a gain of its own and has some tone at rest: one smile is not another."));
}
