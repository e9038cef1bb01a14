"""The live view as a Jupyter widget."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import Any

import anywidget
import traitlets

from muldml_lite.config import Config
from muldml_lite.runs import Control, Run, RunError, one_epoch, write_control
from muldml_lite.widgets.live import SOURCE, Frames, live_payload
from muldml_lite.widgets.live.process import next_folder, start_training

_OVER = ("finished", "failed", "cancelled")


class LiveTraining(anywidget.AnyWidget):
    """A run while another process trains it: `LiveTraining.train(DIR, epochs=40)`, or `muldml train --run DIR`.

    The widget looks at the folder once a second while the kernel is idle, until the training is over; `refresh()` looks
    at once. Its buttons write the folder's control.json.

    Raises:
        RunError: not a run folder.
    """

    _esm = SOURCE.module
    _css = SOURCE.style
    data = traitlets.Dict().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)
    wish = traitlets.Dict().tag(sync=True)

    def __init__(self, run: Run | str | os.PathLike[str], seconds: float = 1.0) -> None:
        """`seconds` between two looks; 0: only when `refresh` is called."""
        self.run = run if isinstance(run, Run) else Run(run)
        self._frames = Frames()
        self._process: subprocess.Popen[bytes] | None = None  # if it was started here
        super().__init__(data=self._look())
        self.observe(self._asked, "wish")
        self._task: asyncio.Task[None] | None = None
        if seconds > 0:
            self.follow(seconds)

    @classmethod
    def train(cls, folder: str | os.PathLike[str], seconds: float = 1.0, **settings: Any) -> LiveTraining:
        """Start a training in a process of its own, and watch it.

        Args:
            settings: those of `Config`, such as epochs=40 and thresholds=(0.1, 0.8).

        Raises:
            ConfigError: an unknown setting, or a value out of range.
            RunError: the folder holds something already.
        """
        process = start_training(folder, Config.from_dict(settings))
        view = cls(folder, seconds=0)
        view._process = process
        view.refresh()
        view.follow(seconds)
        return view

    def refresh(self) -> None:
        """Look at the folder now."""
        self.run = Run(self.run.path)  # a run keeps what it has read of its configuration
        self.data = self._look()

    def play(self) -> None:
        """Let the training go on."""
        self._write(Control())

    def pause(self) -> None:
        """Let the training stand still, within a second or one step."""
        self._write(Control("pause"))

    def step(self) -> None:
        """Let the training finish one more epoch, and stand still after it."""
        self._write(one_epoch(self.run))

    def stop(self) -> None:
        """End a training that was started here; what it has learnt is kept."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self.refresh()

    def reset(self) -> None:
        """Stop a training that was started here, and start its settings again from epoch 0, in a folder beside it."""
        if self._process is None:
            return
        self.stop()
        config, folder = Config.from_dict(self.run.config["config"]), next_folder(self.run.path)
        self._process = start_training(folder, config)
        self.run, self._frames = Run(folder), Frames()
        self.refresh()
        if self._task and self._task.done():
            self.follow(self._seconds)

    def follow(self, seconds: float) -> None:
        """Look at the folder again and again, where the kernel has an event loop; elsewhere nothing happens."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._seconds, self._task = seconds, loop.create_task(self._follow(seconds))

    def close(self) -> None:
        if self._task:
            self._task.cancel()
        super().close()

    async def _follow(self, seconds: float) -> None:
        while self.data["state"] not in _OVER:
            await asyncio.sleep(seconds)
            try:
                self.refresh()
            except RunError as error:  # half-written at this moment, or taken away
                self.data = {**self.data, "message": str(error)}

    def _look(self) -> dict[str, Any]:
        return {**live_payload(self.run, self._frames), "resets": self._process is not None}

    def _write(self, control: Control) -> None:
        write_control(self.run.path, control)
        self.refresh()

    def _asked(self, change: dict[str, Any]) -> None:
        actions = {"play": self.play, "pause": self.pause, "step": self.step, "reset": self.reset}
        wish = change["new"].get("wish")
        if wish in actions:
            actions[wish]()
