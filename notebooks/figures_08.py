"""Figures of walkthrough 8, the small films of drawn people that it writes to disk, and the number of its claim."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import torch
from PIL import Image
from plotly.subplots import make_subplots

from muldml_lite.claims.beds import features_of
from muldml_lite.config import Config
from muldml_lite.faces import (
    EXPRESSIONS,
    DrawnFaces,
    draw_dataset,
    draw_face,
    prototype,
    sample_identity,
    sample_nuisance,
)
from muldml_lite.metrics import knn_accuracy
from muldml_lite.model import EmbeddingNet
from muldml_lite.trainer.start import start_from

TEAL, RUST, VIOLET, INK, GREY = "#2b8a9e", "#c2603e", "#7d5ba6", "#2a3440", "#7b8794"
SIZE = 48  # pixels
SAMPLE_WEIGHTS = str(Path(__file__).resolve().parents[1] / "data" / "sample_run" / "checkpoint" / "last.safetensors")
# Codes of CK+'s label files, and how many of its 327 labelled sequences show each.
CK = {"anger": (1, 45), "contempt": (2, 18), "disgust": (3, 59), "fear": (4, 25), "happiness": (5, 69),
      "sadness": (6, 28), "surprise": (7, 83)}  # fmt: skip


def film(rng: np.random.Generator, person: np.random.Generator, expression: str, frames: int = 3) -> list[np.ndarray]:
    """The last frames of one short film (frames, size, size, 3): one shot, in which an expression comes to its height.

    Args:
        rng: draws the shot, a personal way of showing the expression, and small movements of the head.
        person: draws the person; give a fresh generator with the person's own seed each time.
    """
    who, shot = sample_identity(person, "posed"), sample_nuisance(rng, "posed")
    units = prototype(expression) * rng.uniform(0.6, 1, len(prototype(expression)))
    made = []
    for strength in np.linspace(0.85, 1, frames):
        moved = dataclasses.replace(shot, shift_x=shot.shift_x + rng.normal(0, 0.004))
        made.append(draw_face(who, (units * strength).astype(np.float32), moved, SIZE))
    return made


def write_films(root: Path, people: int, seed: int = 8) -> list[dict[str, str]]:
    """Three frames of each person's seven films as root/EXPRESSION/PERSON_FRAME.png; what is known of each image."""
    rows = []
    for number in range(people):
        name, rng = f"p{number:02d}", np.random.default_rng([seed, number])
        for expression in EXPRESSIONS:
            for frame, image in enumerate(film(rng, np.random.default_rng([seed, number, 1]), expression)):
                path = root / expression / f"{name}_{frame}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
                rows.append({"path": str(path.relative_to(root)), "label": expression, "subject": name,
                             "sequence": f"{name} {expression}"})  # fmt: skip
    return rows


def write_manifest(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Path:
    """A manifest with some of what is known."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    return path


def write_ck(root: Path, people: int, films: int = 4, seed: int = 9) -> Path:
    """A tree as CK+ is distributed: each person shows some expressions, the set's rare ones rarely."""
    shares = np.array([count for _, count in CK.values()], float)
    for number in range(people):
        subject, rng = f"S{number + 10:03d}", np.random.default_rng([seed, number])
        shown = rng.choice(list(CK), films, replace=False, p=shares / shares.sum())
        for place, expression in enumerate(shown, 1):
            images = root / "cohn-kanade-images" / subject / f"{place:03d}"
            label = root / "Emotion" / subject / f"{place:03d}"
            images.mkdir(parents=True)
            label.mkdir(parents=True)
            made = film(rng, np.random.default_rng([seed, number, 1]), expression)
            for frame, image in enumerate(made, 1):
                Image.fromarray(image).save(images / f"{subject}_{place:03d}_{frame:08d}.png")
            text = f"   {CK[expression][0]:.7e}\n"  # the set writes 3.0000000e+00
            (label / f"{subject}_{place:03d}_{len(made):08d}_emotion.txt").write_text(text)
    return root


def knn_of_start(weights: str, people: int, start: int) -> float:
    """Expressions read off an untrained backbone: k-NN on four people in the wild, against eight others, in 0…1.

    Args:
        weights: where the network starts, as `Config.weights`.
        people: seed of the people; `start`: seed of random weights.
    """
    faces = _in_the_wild(people)
    torch.manual_seed(start)
    network = EmbeddingNet("small", dim=64, classes=7).eval()
    start_from(network, Config(weights=weights))
    x, new = features_of(network, faces.images), faces.subjects >= 8  # (n, 1152), (n,)
    return knn_accuracy(x[~new], faces.labels[~new], x[new], faces.labels[new])


@lru_cache(maxsize=2)
def _in_the_wild(seed: int) -> DrawnFaces:
    """Twelve people; all arms of a draw look at the same faces."""
    # Numbers that no run of this project trains on: seed 0 is the sample run's, too, whose weights are looked at.
    return draw_dataset("wild", subjects=12, images_per_subject=14, size=SIZE, seed=seed, first=1000)


def splits_figure(readings: Mapping[str, Sequence[float]], chance: float) -> go.Figure:
    """Accuracies of some splits of the same images, a row for each way of splitting."""
    figure = go.Figure()
    for (name, values), colour in zip(readings.items(), (RUST, VIOLET, TEAL), strict=False):
        marker = {"size": 13, "color": colour, "opacity": 0.75}
        figure.add_scatter(x=list(values), y=[name] * len(values), mode="markers", marker=marker, showlegend=False)
    figure.add_vline(chance, line_dash="dot", line_color=GREY, annotation_text="chance", annotation_position="top")
    figure.update_yaxes(autorange="reversed").update_xaxes(range=[-0.02, 1.04], tickformat=".0%")
    figure.update_xaxes(title="test images whose nearest neighbour shows the same expression")
    title = "The same images and the same pixels, split in three ways"
    return figure.update_layout(height=300, title=title, margin={"t": 70, "l": 190})


def folds_figure(folds: Mapping[int, float], recalls: Mapping[str, tuple[float, int]], accuracy: float) -> go.Figure:
    """Accuracy fold by fold, and beside it the recall of each class with its number of sequences."""
    mean = float(np.mean([share for share, _ in recalls.values()]))
    titles = (f"fold by fold: accuracy {accuracy:.0%}", f"class by class: mean recall {mean:.0%}")
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1)
    marker = {"size": 11, "color": TEAL}
    figure.add_scatter(
        x=list(folds), y=list(folds.values()), mode="markers", showlegend=False, marker=marker, row=1, col=1
    )
    names = [f"{name}<br>{count}" for name, (_, count) in recalls.items()]
    figure.add_bar(x=names, y=[share for share, _ in recalls.values()], marker_color=TEAL, showlegend=False, row=1,
                   col=2)  # fmt: skip
    for column, value in ((1, accuracy), (2, mean)):
        figure.add_hline(value, line_dash="dash", line_color=RUST, row=1, col=column)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%").update_xaxes(title="fold", dtick=1, row=1, col=1)
    figure.update_xaxes(title="class, and how many sequences show it", row=1, col=2)
    return figure.update_layout(height=400, width=1000, margin={"t": 60})


def loops_figure(loops: Mapping[str, Mapping[str, Sequence[float]]]) -> go.Figure:
    """Vital signs of some trainings step by step: a panel for each sign, a line for each training."""
    signs = list(next(iter(loops.values())))
    figure = make_subplots(1, len(signs), subplot_titles=signs, horizontal_spacing=0.08)
    styles = ((TEAL, "solid"), (VIOLET, "dot"), (RUST, "dash"))
    for (name, signals), (colour, dash) in zip(loops.items(), styles, strict=False):
        for column, sign in enumerate(signs, 1):
            figure.add_scatter(y=np.round(signals[sign], 3), mode="lines", name=name, legendgroup=name,
                               showlegend=column == 1, line={"color": colour, "dash": dash, "width": 2.5},
                               row=1, col=column)  # fmt: skip
    figure.update_xaxes(title="step").update_yaxes(rangemode="tozero")
    figure.update_layout(legend={"orientation": "h", "y": -0.25})
    return figure.update_layout(height=360, width=1000, margin={"t": 50})


def memory_figure(batches: Sequence[int], slices: int) -> go.Figure:
    """Megabytes of all distances, and of the embeddings they are made from, over the size of a batch."""
    figure = go.Figure()
    b = np.asarray(batches, float)
    lines = (("distances, 4 N B² bytes", 4 * slices * b**2, RUST, "solid"),
             ("images of 48 × 48 pixels as float32", 4 * 3 * 48 * 48 * b, TEAL, "dash"))  # fmt: skip
    for name, values, colour, dash in lines:
        line = {"color": colour, "dash": dash, "width": 2.5}
        figure.add_scatter(x=b, y=values / 1e6, mode="lines+markers", name=name, line=line)
    figure.update_xaxes(title="images in a batch, B", type="log", tickvals=b, ticktext=[f"{one:g}" for one in b])
    figure.update_yaxes(title="megabytes", type="log", dtick=1)
    return figure.update_layout(height=360, title=f"Memory of one batch, {slices} slices", margin={"t": 60})
