"""Holds a training for as long as the run folder's control.json says so."""

from __future__ import annotations

import time
from collections.abc import Callable

from muldml_lite.runs import Control, RunError, RunWriter, read_control
from muldml_lite.trainer import Step, ask_main

POLL = 0.1  # seconds between two looks at the file while a training stands still


class Pace:
    """Asked between steps and epochs; a wish that cannot be read is told once, and the one before it stays in force."""

    def __init__(self, writer: RunWriter, say: Callable[[str], None]) -> None:
        self.writer, self.say = writer, say
        self.control = Control()
        self.complaint = ""
        self.stood = 0.0  # seconds

    def clock(self) -> float:
        """Seconds that stand still with the training, so that speed and time left are those of its work."""
        return time.perf_counter() - self.stood

    def hold(self, finished: int, where: str) -> None:
        """Return when the training may go on; at once unless it is to stand still.

        Args:
            finished: the last finished epoch.
            where: place in the training, for the message.
        """
        if not ask_main(self._wanted(finished)):
            return
        begun, since = time.perf_counter(), time.time()
        self.writer.status("running", f"paused {where}", paused=since)
        while ask_main(self._wanted(finished)):
            time.sleep(POLL)
            self.writer.heartbeat(f"paused {where}", paused=since)
        self.stood += time.perf_counter() - begun
        self.writer.status("running", f"goes on {where}")

    def _wanted(self, finished: int) -> bool:
        try:
            self.control = read_control(self.writer.path)
        except RunError as error:
            if str(error) != self.complaint:
                self.say(f"{error}; passed over")
            self.complaint = str(error)
        return self.control.holds(finished)


class Follower:
    """What the other processes do wherever the main one asks its `Pace`: stand still as long as it does."""

    stepped = False

    def on_step(self, step: Step) -> None:
        self.stepped = True
        self.hold()

    def on_images(self) -> None:
        if self.stepped:  # as the main process, which does not hold the measuring of an untrained network
            self.hold()

    def hold(self) -> None:
        while ask_main(False):
            pass
