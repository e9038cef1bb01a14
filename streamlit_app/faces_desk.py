"""Where drawn faces are put through a run's network: one at a time, in a thread that no page waits for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Unfinished
from typing import TYPE_CHECKING

import streamlit as st

from muldml_lite.analysis.embedding_of import Embedded, Embedder
from muldml_lite.faces.lab import LabFace, draw_faces
from muldml_lite.runs import NEWEST_WEIGHTS, Run, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NETWORKS, _ANSWERS = 3, 256  # kept; an answer of 26 faces takes about 60 kB
PATIENCE = 0.06  # seconds that a page waits before it shows what it has


class Desk:
    """Networks of the last runs and answers to the last questions, for all visitors."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple, Future[Embedded]] = OrderedDict()
        self._networks: OrderedDict[tuple, Embedder] = OrderedDict()

    def ask(
        self, run: Run, epoch: int, faces: Sequence[LabFace], before: tuple | None = None
    ) -> tuple[Embedded | None, tuple]:
        """What the run's network makes of the faces, None if it takes longer than PATIENCE; and the question's key.

        Args:
            epoch: whose weights are meant; a run that has gone on since cannot answer.
            before: key of this visitor's question before; if nobody has begun with it, nobody will.

        Raises:
            RunError: the run has no readable weights, or those of another epoch.
        """
        weights = (str(run.path), (run.path / NEWEST_WEIGHTS).stat().st_mtime_ns)
        key = (*weights, epoch, tuple(tuple(face.to_link().items()) for face in faces))
        with self._lock:
            if before is not None and before != key and before in self._answers and self._answers[before].cancel():
                del self._answers[before]
            future = self._answers.pop(key, None)
            if future is None or future.cancelled():
                future = self._worker.submit(self._embed, run, weights, epoch, list(faces))
            self._answers[key] = future
            while len(self._answers) > _ANSWERS:
                self._answers.popitem(last=False)[1].cancel()
        try:
            return future.result(timeout=PATIENCE), key
        except Unfinished:
            return None, key

    def _embed(self, run: Run, weights: tuple, epoch: int, faces: list[LabFace]) -> Embedded:
        network = self._networks.pop(weights, None) or Embedder(run)
        self._networks[weights] = network
        while len(self._networks) > _NETWORKS:
            self._networks.popitem(last=False)
        if network.epoch != epoch:
            raise RunError(
                f"{run.path}: its weights are now those of epoch {network.epoch}; reload this page to see it"
            )
        return network.embed(draw_faces(faces, network.size))


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """One an app process."""
    return Desk()
