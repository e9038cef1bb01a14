// Play, pause and step, as wishes to Python: the training itself is a process that reads the run folder.

function makeTransport(view) {
  const button = (className, words, sign, wish) => {
    const element = make("button", { type: "button", className, ariaLabel: words, title: words }, make("span", { ariaHidden: "true" }, sign), words);
    element.onclick = () => view.ask(wish());
    return element;
  };
  const main = button("main", "Pause", "❚❚", () => (view.data.held ? "play" : "pause"));
  const step = button("step", "Step", "▶❙", () => "step");
  step.title = "Train one epoch, then pause";
  const reset = button("reset", "Reset", "↺", () => "reset");
  reset.title = "Start these settings again from epoch 0, as a new run. This one is kept.";
  view.buttons = { main, step, reset };
  return make("div", { className: "transport", role: "group", ariaLabel: "Training" }, reset, main, step);
}

function writeTransport(view) {
  const { state, held, controls, resets, message, total, epochs } = view.data;
  view.transport.hidden = view.status.hidden = !controls; // else the page has buttons, and says how far it is
  const live = state === "running" || state === "queued";
  const { main, step, reset } = view.buttons;
  reset.hidden = !resets;
  main.replaceChildren(make("span", { ariaHidden: "true" }, held ? "▶" : "❚❚"), held ? "Play" : "Pause");
  main.ariaLabel = main.title = held ? "Play" : "Pause";
  main.disabled = step.disabled = !live;
  const last = epochs.at(-1);
  const done = last === undefined ? "Nothing finished yet" : `Epoch ${last} of ${total ?? "?"}`;
  const now = `${done} · ${message || state}`;
  if (view.status.textContent !== now) view.status.textContent = now;
  view.root.dataset.held = held && live;
}
