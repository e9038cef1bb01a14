// One button a point, over the drawing: to be dragged with mouse or finger, reached by tab, moved by arrow keys.

const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function placeHandles(view) {
  const { layer } = view;
  while (layer.children.length < view.classes.length) layer.append(makeHandle(view, layer.children.length));
  while (layer.children.length > view.classes.length) {
    const held = layer.getRootNode().activeElement === layer.lastChild;
    layer.lastChild.remove();
    if (held) layer.lastChild.focus();
  }
  const at = projection(view.canvas.side, view.camera);
  view.classes.forEach((_, i) => {
    const [x, y] = at(view.shown[2 * i], view.shown[2 * i + 1]);
    layer.children[i].style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  });
}

function makeHandle(view, i) {
  const handle = make("button", { type: "button", className: "handle" });
  let grip = null; // where in the point it is held
  handle.onpointerdown = (event) => {
    if (event.button) return;
    handle.setPointerCapture(event.pointerId);
    const [x, y] = worldOf(view, event);
    grip = { x: view.shown[2 * i] - x, y: view.shown[2 * i + 1] - y, moved: false, from: [event.clientX, event.clientY] };
    view.pause();
  };
  handle.onpointermove = (event) => {
    if (!grip) return;
    // A finger that taps trembles: that is no drag yet.
    if (!grip.moved && Math.hypot(event.clientX - grip.from[0], event.clientY - grip.from[1]) < 3) return;
    if (!grip.moved) view.begin();
    grip.moved = true;
    const [x, y] = worldOf(view, event);
    view.movePoint(i, x + grip.x, y + grip.y);
  };
  const end = (event) => {
    if (!grip) return;
    const { moved } = grip;
    grip = null;
    if (moved) view.settle();
    else if (event.type === "pointerup") view.change({ anchor: i });
  };
  handle.onpointerup = end;
  handle.onpointercancel = end;
  handle.onlostpointercapture = end;
  handle.onkeydown = (event) => {
    if (event.key === "Escape" && grip?.moved) {
      grip = null;
      view.cancel();
    } else onPointKey(view, i, event);
  };
  handle.onkeyup = (event) => NUDGES[event.key] && view.settle();
  handle.onblur = () => view.settle();
  return handle;
}

function worldOf(view, event) {
  const box = view.layer.getBoundingClientRect();
  const { side } = view.canvas;
  const { x, y, extent } = view.camera;
  const scale = scaleOf(side, extent);
  return [x + (event.clientX - box.left - side / 2) / scale, y + (side / 2 - event.clientY + box.top) / scale];
}

function onPointKey(view, i, event) {
  if (event.ctrlKey || event.metaKey) return;
  const nudge = NUDGES[event.key];
  if (nudge) {
    view.pause();
    view.begin();
    nudgePoint(view, i, nudge, event.shiftKey ? 0.1 : event.altKey ? 0.002 : 0.02);
  } else if (event.key === "Enter" || event.key === " ") view.change({ anchor: i });
  else if (event.key === "Delete" || event.key === "Backspace") view.removePoint(i);
  else if (["1", "2", "3"].includes(event.key)) view.changeClass(i, Number(event.key) - 1);
  else return;
  event.preventDefault();
}

// On the circle right and up turn with the clock and against it, however the point lies. From where it is, not from
// where it was drawn last: of two keys within one frame both count.
function nudgePoint(view, i, [dx, dy], far) {
  view.rebase();
  const [x, y] = [view.points[2 * i], view.points[2 * i + 1]];
  if (view.rules.space === "plane") return view.movePoint(i, x + dx * far, y + dy * far);
  const turn = Math.atan2(y, x) + (dy - dx) * far;
  view.movePoint(i, Math.cos(turn), Math.sin(turn));
}

// What a point is called by those who hear it.
function nameHandles(view, state) {
  const t = state.triplets.find((one) => one.anchor === view.rules.anchor);
  view.classes.forEach((k, i) => {
    const role = i === view.rules.anchor ? ", anchor" : t?.positive === i ? ", positive" : t?.negative === i ? ", negative" : "";
    const place = `x ${view.shown[2 * i].toFixed(2)}, y ${view.shown[2 * i + 1].toFixed(2)}`;
    const words = `Point ${LETTERS[i]}, class ${k + 1}${role}, ${place}`;
    if (view.layer.children[i].ariaLabel !== words) view.layer.children[i].ariaLabel = words;
  });
}
