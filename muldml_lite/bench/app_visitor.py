"""A visitor of the app without a browser: Streamlit's own messages over a websocket, timed from wish to answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from muldml_lite.widgets.judgements import Scene

_LARGEST = 64 * 2**20  # bytes of a message; the largest view sends a few MB
_PATIENCE = 60.0  # seconds after which an answer no longer comes


@dataclass
class Visitor:
    """One open page: what the server told it, and what it would send back."""

    socket: ClientConnection
    pages: dict[str, str] = field(default_factory=dict)  # name in the link → what Streamlit calls it
    page: str = ""
    query: str = ""
    elements: dict[str, tuple[Any, str]] = field(default_factory=dict)  # id → what is shown, and its fragment
    states: dict[str, WidgetState] = field(default_factory=dict)
    cached: dict[str, ForwardMsg] = field(default_factory=dict)  # large messages that need not be sent again
    received: int = 0  # bytes
    errors: list[str] = field(default_factory=list)

    async def go(self, page: str) -> float:
        """Open a page; seconds until its script has run and all has arrived."""
        self.elements, self.states, self.query = {}, {}, ""
        self.page = self.pages.get(page, "")
        return await self._rerun("")

    async def press(self, key: str) -> float:
        """Press the button whose key starts so."""
        found, _, fragment = self.find("button", key)
        return await self._rerun(fragment, WidgetState(id=found, trigger_value=True))

    async def press_labelled(self, label: str) -> float:
        """Press the button that has this label."""
        pairs = self.elements.items()
        found = (name for name, (one, _) in pairs if one.WhichOneof("type") == "button" and one.button.label == label)
        name = next(found, "")
        if not name:
            raise LookupError(f"no button {label!r} on the page")
        return await self._rerun(self.elements[name][1], WidgetState(id=name, trigger_value=True))

    async def choose(self, key: str, option: str) -> float:
        """Choose among pills."""
        found, _, fragment = self.find("button_group", key)
        state = WidgetState(id=found)
        state.string_array_value.data.append(option)
        self.states[found] = state
        return await self._rerun(fragment)

    async def report(self, key: str, values: str) -> float:
        """What a view of ours reports about itself, JSON."""
        found, _, fragment = self.find("bidi_component", key)
        self.states[found] = WidgetState(id=found, json_value=values)
        return await self._rerun(fragment)

    def find(self, kind: str, key: str) -> tuple[str, Any, str]:
        """Id, element and fragment of what the page shows under a key (or one that starts so).

        Raises:
            LookupError: there is none.
        """
        for name, (element, fragment) in self.elements.items():
            if element.WhichOneof("type") == kind and name.split("-", 2)[-1].startswith(key):
                return name, getattr(element, kind), fragment
        raise LookupError(f"no {kind} {key!r} on the page")

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
        await asyncio.wait_for(self._answered(), _PATIENCE)
        return time.perf_counter() - started

    async def _answered(self) -> None:
        while not self._take(await self.socket.recv()):
            pass

    def _take(self, raw: str | bytes) -> bool:
        """Note what a message says; True when the script has finished for good (not to start again at once)."""
        message = ForwardMsg.FromString(raw)
        self.received += len(raw)
        if message.WhichOneof("type") == "ref_hash":
            message = self.cached[message.ref_hash]
        elif message.metadata.cacheable:
            self.cached[message.hash] = message
        kind = message.WhichOneof("type")
        if kind == "navigation":
            known = message.navigation.app_pages
            self.pages = {"" if page.is_default else page.url_pathname: page.page_script_hash for page in known}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._note(message.delta.new_element, message.delta.fragment_id)
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
        )

    def _note(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            name = next((name for name, known in self.pages.items() if known == self.page), "")
            self.errors.append(f"{element.exception.type or 'an exception'} on the page {name or 'tour'}")
        name = getattr(getattr(element, kind), "id", "") if kind else ""
        if name:
            self.elements[name] = element, fragment


@dataclass(frozen=True)
class Timed:
    """One interaction of one visitor."""

    page: str
    what: str
    seconds: float


async def _tour(visitor: Visitor, random: Random) -> tuple[str, float]:
    options = [option.content for option in visitor.find("button_group", "expression")[1].options]
    return "another expression", await visitor.choose("expression", random.choice(options))


async def _slices(visitor: Visitor, random: Random) -> tuple[str, float]:
    return "a face picked", await visitor.report("slices_view", f'{{"picked": {random.randrange(300)}}}')


async def _evidence(visitor: Visitor, random: Random) -> tuple[str, float]:
    try:
        return "back to the list", await visitor.press("all_claims")
    except LookupError:
        return "a claim opened", await visitor.press(f"open_{random.choice(('1a', '2a', '3', '5', '7'))}")


async def _faces(visitor: Visitor, random: Random) -> tuple[str, float]:
    face = {"person": random.randrange(10_000), "units": {"AU12": 80}, "shot": "studio", "take": 0, "camera": {}}
    asked = {"serial": random.randrange(1, 10**9), "face": face, "vary": "", "held": None, "token": None}
    return "another person", await visitor.report("faces_view", json.dumps({"ask": asked}))


async def _thresholds(visitor: Visitor, random: Random) -> tuple[str, float]:
    return "τ moved", await visitor.report("thresholds_view", json.dumps({"seen": {"tau": f"{random.random():.2f}"}}))


async def _judgements(visitor: Visitor, random: Random) -> tuple[str, float]:
    points = ((0.0, 0.0, 0), (round(random.uniform(0.2, 1), 3), 0.0, 0), (1.0, 1.0, 1))
    return "a point dragged", await visitor.report("judgement_lab", json.dumps({"scene": Scene(points).to_dict()}))


async def _compare(visitor: Visitor, random: Random) -> tuple[str, float]:
    return "another face", await visitor.press_labelled("Surprise me")


# What one does on a page; the others are only walked through.
ACTIONS: dict[str, Callable[[Visitor, Random], Awaitable[tuple[str, float]]]] = {
    "": _tour,
    "faces": _faces,
    "slices": _slices,
    "thresholds": _thresholds,
    "judgements": _judgements,
    "evidence": _evidence,
    "compare": _compare,
}


async def visit(address: str, seconds: float, seed: int, pause: tuple[float, float] = (1.0, 3.0)) -> list[Timed]:
    """Open the app, walk through it for a while with pauses to look; what was waited for, each time.

    Raises:
        RuntimeError: the app showed an exception.
    """
    random, noted = Random(seed), []
    url = address.replace("http", "ws") + "/_stcore/stream"
    async with connect(url, max_size=_LARGEST, subprotocols=["streamlit"], compression=None) as socket:
        visitor = Visitor(socket)
        await asyncio.sleep(random.uniform(0, pause[1]))
        noted.append(Timed("tour", "the app opened", await visitor.go("")))
        until = time.monotonic() + seconds
        for page in _walk(random, list(visitor.pages)):
            await asyncio.sleep(random.uniform(*pause))
            noted.append(Timed(page or "tour", "page change", await visitor.go(page)))
            for _ in range(3 if page in ACTIONS else 0):
                await asyncio.sleep(random.uniform(*pause))
                what, spent = await ACTIONS[page](visitor, random)
                noted.append(Timed(page or "tour", what, spent))
            if time.monotonic() > until:
                break
    if visitor.errors:
        raise RuntimeError(visitor.errors[0])
    return noted


def _walk(random: Random, pages: list[str]) -> Iterator[str]:
    """All pages in an order of one's own, again and again."""
    while True:
        yield from random.sample(pages, len(pages))


async def crowd(address: str, visitors: int, seconds: float) -> list[Timed]:
    """Several visitors at once."""
    all_noted = await asyncio.gather(*(visit(address, seconds, seed) for seed in range(visitors)))
    return [one for noted in all_noted for one in noted]
