// One camera for all panels: the centre (in layout units, −1 to 1) and the scale.

const FARTHEST = 40;

const wholeView = () => ({ x: 0, y: 0, scale: 1 });

// Zoom so that what lies under (x, y) of the panel stays there.
function zoomAt(view, panel, x, y, factor) {
  const { camera } = view;
  const scale = Math.min(FARTHEST, Math.max(1, camera.scale * factor));
  const reach = panel.side / 2 - MARGIN;
  const [dx, dy] = [(x - panel.side / 2) / reach, (panel.side / 2 - y) / reach];
  moveCamera(view, camera.x + dx / camera.scale - dx / scale, camera.y + dy / camera.scale - dy / scale, scale);
}

function zoomMiddle(view, factor) {
  const half = view.panels[0].side / 2;
  zoomAt(view, view.panels[0], half, half, factor);
}

function panBy(view, panel, dx, dy) {
  const grow = (panel.side / 2 - MARGIN) * view.camera.scale;
  moveCamera(view, view.camera.x - dx / grow, view.camera.y + dy / grow, view.camera.scale);
}

function moveCamera(view, x, y, scale) {
  const most = 1 - 1 / scale; // the edge of the layout is as far as one can go
  const hold = (value) => Math.min(most, Math.max(-most, value)) || 0;
  view.camera = { x: hold(x), y: hold(y), scale };
  view.cameraMoved();
}
