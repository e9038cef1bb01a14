"""What the walkthroughs share: figures that show everywhere, guesses before reveals, exercises with checks.

Nothing here raises because of what a learner typed: a check says what is wrong, and how to go on.
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from exercise import Exercise, verdict
from IPython.display import display
from PIL import Image

# Set by tests/run_notebooks.py: figures get a PNG beside them (GitHub shows only that), live views are left out.
KEEP = "MULDML_KEEP_PICTURES"


def say(text: str) -> None:
    """Show a line of Markdown: for conclusions that are computed."""
    display({"text/markdown": text, "text/plain": text}, raw=True)


def show(figure: go.Figure, words: str) -> None:
    """Show a plotly figure without any network; `words` say what is on it, for those who cannot see it."""
    figure = _packed(figure).update_layout(
        paper_bgcolor="white", plot_bgcolor="white", font_color="#2a3440", template="none"
    )
    figure.update_xaxes(ticks="").update_yaxes(ticks="")
    bundle = {"application/vnd.plotly.v1+json": json.loads(figure.to_json()), "text/plain": words}
    if os.environ.get(KEEP):
        import kaleido

        kaleido.start_sync_server(silence_warnings=True)  # one browser for all figures, not one for each
        width, height = figure.layout.width or 800, figure.layout.height or 420
        bundle["image/png"] = base64.b64encode(_small(figure.to_image("png", width=width, height=height))).decode()
    display(bundle, raw=True)


def show_live(make: Callable[[], Any], words: str) -> None:
    """Show an interactive view; where outputs are kept for reading, or if it cannot be made, words instead."""
    if os.environ.get(KEEP):
        return say(f"*{words}*")
    try:
        display(make())
    except Exception as error:
        say(f"*The interactive view cannot be shown here ({error}).* {words}")
    return None


def _small(picture: bytes) -> bytes:
    """A PNG with a palette: a third of the size, and no eye sees the difference."""
    file = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        file, "png", optimize=True
    )
    return file.getvalue()


def _packed(figure: go.Figure) -> go.Figure:
    """A copy whose images are PNG: as plain arrays they would be most of a notebook's size."""
    figure = go.Figure(figure)
    for trace in figure.data:
        if trace.type == "image" and trace.z is not None:
            file = io.BytesIO()
            Image.fromarray(np.asarray(trace.z, np.uint8)).save(file, "png", optimize=True)
            trace.update(z=None, source="data:image/png;base64," + base64.b64encode(file.getvalue()).decode())
    return figure


def triplet_figure(points: np.ndarray, tau: Sequence[float], title: str, moves: np.ndarray | None = None) -> go.Figure:
    """Anchor, positive, negative (3, 2) on a plane, with the line the negative has to cross.

    Args:
        tau: one threshold, or several to slide through, of which the middle one is shown first.
        moves: (3, 2) an arrow from each point.
    """
    a, p, n = np.asarray(points, float)
    near, far, other = (float(np.linalg.norm(u - v)) for u, v in ((a, p), (a, n), (p, n)))
    shown = len(tau) // 2
    turn = np.linspace(0, 2 * np.pi, 49)
    ring = lambda r: {"x": (a[0] + r * np.cos(turn)).round(3), "y": (a[1] + r * np.sin(turn)).round(3)}  # noqa: E731
    name = lambda t: f"{title}<br>τ = {t:.2f}: triplet loss {max(0.0, near - far + t):.2f}"  # noqa: E731
    dotted = {"color": "#2b8a9e", "dash": "dot"}
    figure = go.Figure([go.Scatter(**ring(near), mode="lines", line=dotted, name="as far as the positive, D(a,p)"),
                        go.Scatter(**ring(near + tau[shown]), mode="lines", line={"color": "#c2603e", "width": 3},
                                   name="where the loss ends, D(a,p) + τ")])  # fmt: skip
    centre = np.mean([a, p, n], axis=0)
    for u, v, text in ((a, p, f"D(a,p) {near:.2f}"), (a, n, f"D(a,n) {far:.2f}"), (p, n, f"D(p,n) {other:.2f}")):
        middle = (u + v) / 2
        out = (middle - centre) / max(float(np.linalg.norm(middle - centre)), 1e-9) * 0.12  # off the triangle
        side = "left" if out[0] > 0.06 else "right" if out[0] < -0.06 else "center"
        figure.add_scatter(x=[u[0], v[0]], y=[u[1], v[1]], mode="lines", line_color="#b9c0c8", showlegend=False)
        figure.add_annotation(x=middle[0] + out[0], y=middle[1] + out[1], text=text, showarrow=False, xanchor=side)
    looks = (("anchor", "#2a3440", "circle"), ("positive", "#2b8a9e", "square"), ("negative", "#c2603e", "diamond"))
    for (label, colour, symbol), point in zip(looks, (a, p, n), strict=True):
        marker = {"size": 15, "color": colour, "symbol": symbol}
        figure.add_scatter(x=point[:1], y=point[1:], mode="markers", marker=marker, name=label)
    for start, move in zip((a, p, n), moves if moves is not None else (), strict=False):
        end = start + move
        figure.add_annotation(x=end[0], y=end[1], ax=start[0], ay=start[1], axref="x", ayref="y", arrowhead=3,
                              arrowwidth=3, arrowsize=1.1, arrowcolor="#2a3440", text="")  # fmt: skip
    steps = [{"label": f"{t:.2f}", "method": "update",
              "args": [{k: [v.tolist()] for k, v in ring(near + t).items()}, {"title.text": name(t)}, [1]]}
             for t in tau]  # fmt: skip
    if len(tau) > 1:
        figure.update_layout(
            sliders=[{"steps": steps, "currentvalue": {"prefix": "τ = "}, "pad": {"t": 30}, "active": shown}]
        )
    reach = float(np.abs(np.asarray(points) - a).max() + 0.35)
    figure.update_xaxes(range=[a[0] - reach * 1.25, a[0] + reach * 1.25], showgrid=False, zeroline=False)
    figure.update_yaxes(range=[a[1] - reach, a[1] + reach], scaleanchor="x", showgrid=False, zeroline=False)
    return figure.update_layout(height=560, title=name(tau[shown]), margin={"l": 40, "r": 20, "t": 70, "b": 20})


# --- guesses -----------------------------------------------------------------------------------------------------

_guesses: dict[str, str] = {}


def commit(question: str, guess: Any, choices: str = "abc") -> None:
    """Take down a learner's guess, to be compared at the reveal."""
    said = str(guess).strip().lower()
    if said in tuple(choices):
        _guesses[question] = said
        print(f"[>] your guess: {said}. The answer is on its way.")
    else:
        _guesses.pop(question, None)
        print(f"[ ] no guess yet: set my_guess to one of {', '.join(map(repr, choices))} and run this cell again")


def reveal(question: str, answer: str, why: str) -> None:
    """The answer, and whether the learner had it."""
    guess = _guesses.get(question)
    mine = "" if guess is None else "You had it. " if guess == answer else f"You guessed {guess}. "
    say(f"**Answer: {answer}.** {mine}{why}")


# --- exercises -------------------------------------------------------------------------------------------------------


def _all_exercises() -> dict[str, Exercise]:
    """Those of all walkthroughs; a name is given once in the whole course."""
    found: dict[str, Exercise] = {}
    for path in sorted(Path(__file__).parent.glob("exercises_[0-9][0-9].py")):
        for name, exercise in import_module(path.stem).EXERCISES.items():
            assert name not in found, f"{path.name}: there is an exercise {name} already"
            found[name] = exercise
    return found


EXERCISES = _all_exercises()


def check(name: str, answer: Callable[..., Any]) -> None:
    """Try a learner's function and print the verdict."""
    if name not in EXERCISES:
        print(f"[!] no exercise is called {name!r}: it is written above the stub")
        return
    print(verdict(EXERCISES[name], name, answer))


def hint(name: str, number: int = 1) -> None:
    """Hint 1, 2, … of an exercise."""
    hints = EXERCISES[name].hints if name in EXERCISES else ()
    if not isinstance(number, int) or not 1 <= number <= len(hints):
        print(f"{name} has {len(hints)} hints: hint({name!r}, 1) is the first")
        return
    more = f' More: hint("{name}", {number + 1}).' if number < len(hints) else " That was the last hint."
    print(f"Hint {number} of {len(hints)}: {hints[number - 1]}{more}")
