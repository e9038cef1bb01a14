"""A run while it is trained: curves that grow, slices that move, and the buttons that hold it."""

from muldml_lite.widgets.live.payload import Frames, live_payload
from muldml_lite.widgets.source import Source

SOURCE = Source(
    ("host.js", "marks.js", "download.js", "live/charts.js", "live/panels.js", "live/transport.js", "live/live.js"),
    ("base.css", "live/live.css"),
)

__all__ = ["SOURCE", "Frames", "live_payload"]
