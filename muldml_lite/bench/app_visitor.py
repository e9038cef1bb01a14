"""A visitor of the app without a browser: Streamlit's own messages over a websocket, timed from wish to answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from random import Random
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import connect

from muldml_lite.widgets.judgements import Scene

_DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
_KINDS = ("button", "button_group", "bidi_component")
_PATIENCE = 60.0  # seconds after which an answer no longer comes
_LARGEST = 64 * 2**20  # bytes of a message; the largest view sends a few MB


def _person(random: Random) -> dict[str, Any]:
    face = {"person": random.randrange(10_000), "units": {"AU12": 80}, "shot": "studio", "take": 0, "camera": {}}
    return {"ask": {"serial": random.randrange(1, 10**9), "face": face, "vary": "", "held": None, "token": None}}


def _scene(random: Random) -> dict[str, Any]:
    return {"scene": Scene(((0.0, 0.0, 0), (round(random.uniform(0.2, 1), 3), 0.0, 0), (1.0, 1.0, 1))).to_dict()}


# Page → what one does there: how the key or label of the element starts, and what a view of ours reports about itself.
# Other pages are only walked through.
ACTIONS: dict[str, tuple[str, Callable[[Random], dict[str, Any]] | None]] = {
    "": ("expression", None),
    "faces": ("faces_view", _person),
    "slices": ("slices_view", lambda random: {"picked": random.randrange(300)}),
    "thresholds": ("thresholds_view", lambda random: {"seen": {"tau": f"{random.random():.2f}"}}),
    "judgements": ("judgement_lab", _scene),
    "evidence": ("open_", None),
    "compare": ("Surprise me", None),
}


class Visitor:
    """One open page: what the server told it, and what it would send back."""

    def __init__(self, socket: Any, random: Random) -> None:
        self.socket, self.random = socket, random
        self.pages: dict[str, str] = {}  # name in the link → what Streamlit calls it
        self.page = self.query = ""
        self.elements: dict[str, tuple[Any, str]] = {}  # id → what is shown, and its fragment
        self.states: dict[str, WidgetState] = {}
        self.cached: dict[str, ForwardMsg] = {}  # large messages that need not be sent again

    async def go(self, page: str) -> float:
        """Open a page; seconds until its script has run and all has arrived."""
        self.states, self.query, self.page = {}, "", self.pages.get(page, "")
        return await self._rerun("")

    async def act(self, page: str) -> float:
        """Do what one does on this page; seconds until all that follows has arrived."""
        key, report = ACTIONS[page]
        found = self.find(key)
        element, fragment = self.elements[found]
        state = WidgetState(id=found)
        if report:
            state.json_value = json.dumps(report(self.random))
        elif element.WhichOneof("type") == "button":
            state.trigger_value = True
            return await self._rerun(fragment, state)
        else:
            state.string_array_value.data.append(self.random.choice(element.button_group.options).content)
        self.states[found] = state
        return await self._rerun(fragment)

    def find(self, key: str) -> str:
        """Id of one of the buttons, pills or views of ours whose key, or label, starts so.

        Raises:
            LookupError: the page shows none.
        """
        found = []
        for name, (element, _) in self.elements.items():
            kind = element.WhichOneof("type")
            label = getattr(getattr(element, kind), "label", "")
            if kind in _KINDS and (name.split("-", 2)[-1].startswith(key) or label.startswith(key)):
                found.append(name)
        if not found:
            raise LookupError(f"the page {self._name()} shows no {key!r}")
        return self.random.choice(found)

    async def _rerun(self, fragment: str, trigger: WidgetState | None = None) -> float:
        message = BackMsg()
        wish = message.rerun_script
        wish.query_string, wish.page_script_hash, wish.fragment_id = self.query, self.page, fragment
        wish.cached_message_hashes.extend(self.cached)
        wish.context_info.timezone, wish.context_info.locale = "UTC", "en-GB"
        wish.widget_states.widgets.extend([*self.states.values(), *([trigger] if trigger else [])])
        if not fragment:
            self.elements = {}
        started = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while not self.take(await asyncio.wait_for(self.socket.recv(), _PATIENCE)):
            pass
        return time.perf_counter() - started

    def take(self, raw: bytes) -> bool:
        """Note what a message says; True when the script has finished for good (not to start again at once).

        Raises:
            RuntimeError: the app showed an exception.
        """
        message = ForwardMsg.FromString(raw)
        if message.WhichOneof("type") == "ref_hash":
            message = self.cached[message.ref_hash]
        elif message.metadata.cacheable:
            self.cached[message.hash] = message
        kind, element = message.WhichOneof("type"), message.delta.new_element
        if kind == "navigation":
            known = message.navigation.app_pages
            self.pages = {"" if page.is_default else page.url_pathname: page.page_script_hash for page in known}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and element.WhichOneof("type") == "exception":
            raise RuntimeError(f"{element.exception.type or 'an exception'} on the page {self._name()}")
        elif kind == "delta" and element.WhichOneof("type"):
            name = getattr(getattr(element, element.WhichOneof("type")), "id", "")
            self.elements |= {name: (element, message.delta.fragment_id)} if name else {}
        return kind == "script_finished" and message.script_finished in _DONE

    def _name(self) -> str:
        return next((name for name, known in self.pages.items() if known == self.page and name), "tour")


async def visit(
    address: str, seconds: float, seed: int, pause: tuple[float, float] = (1.0, 3.0)
) -> list[tuple[str, float]]:
    """Open the app, walk through all pages in an order of one's own, again and again, with pauses to look."""
    random, until = Random(seed), time.monotonic() + seconds
    url = address.replace("http", "ws") + "/_stcore/stream"
    async with connect(url, max_size=_LARGEST, subprotocols=["streamlit"], compression=None) as socket:
        visitor = Visitor(socket, random)
        await asyncio.sleep(random.uniform(0, pause[1]))
        noted, ahead = [("tour: the app opened", await visitor.go(""))], []
        while time.monotonic() < until or len(noted) < 2:
            ahead = ahead or random.sample(list(visitor.pages), len(visitor.pages))
            page = ahead.pop()
            await asyncio.sleep(random.uniform(*pause))
            noted.append((f"{page or 'tour'}: page change", await visitor.go(page)))
            for _ in range(3 if page in ACTIONS else 0):
                await asyncio.sleep(random.uniform(*pause))
                noted.append((f"{page or 'tour'}: used", await visitor.act(page)))
                if page == "evidence":
                    await visitor.go(page)  # back to the list of claims
    return noted


async def crowd(address: str, visitors: int, seconds: float) -> list[tuple[str, float]]:
    """What several visitors at once did, and seconds."""
    each = await asyncio.gather(*(visit(address, seconds, seed) for seed in range(visitors)))
    return [one for noted in each for one in noted]
