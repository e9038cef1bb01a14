"""A page of the app without a browser, by Streamlit's AppTest: opened by a link, and read."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
APP = ROOT / "streamlit_app"
sys.path.insert(0, str(APP))
_KINDS = ("markdown", "caption", "warning", "error", "info", "title", "header", "subheader", "code", "html")


def modules(*names: str) -> tuple[ModuleType, ...]:
    """Modules of the app, which is no package."""
    return tuple(importlib.import_module(name) for name in names)


def open_page(page: str, **query: str | list[str]) -> AppTest:
    """The page `views/<page>.py` as a link with this query opens it."""
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=60)
    _ask(app, query)
    app.run()
    app.switch_page(f"views/{page}.py")
    _ask(app, query)  # a switch of pages clears the link, as in a browser
    return app.run()


def _ask(app: AppTest, query: dict[str, Any]) -> None:
    for key, value in query.items():
        app.query_params[key] = value


def fine(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    """What a page without an error says, kind by kind."""
    found = [item for kind in _KINDS for item in fine(app).get(kind)]
    return "\n".join(str(getattr(item, "value", None) or item.proto.body) for item in found)


def link(app: AppTest) -> dict[str, Any]:
    """The query of the address; a key that stands there once has its one value."""
    values = {key: app.query_params.get(key) for key in app.query_params}
    return {key: one[0] if isinstance(one, list) and len(one) == 1 else one for key, one in values.items()}


def button(app: AppTest, key: str) -> Any:
    """The button with this key or these words; None if there is none."""
    return next((one for one in app.button if key in (one.key, one.label)), None)
