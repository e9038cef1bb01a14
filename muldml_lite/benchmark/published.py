"""What the paper reports, where we know it."""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "Yang, Yu, Chen, Liu, Wang, Shen: Multi-threshold Deep Metric Learning for Facial Expression Recognition"
WHERE = "Pattern Recognition 156, 2024; arXiv 2406.16434"
_ACCURACY = {"ck+": 0.9849}
_REPORTED = ("ck+", "mmi", "sfew", "raf-db")


@dataclass(frozen=True)
class Published:
    """The paper's figure for a data set."""

    paper: str
    where: str
    accuracy: float | None  # of Mul-DML, 0…1; None: not known here
    note: str


def published(data: str) -> Published:
    """The figure to stand beside ours, or why there is none."""
    accuracy = _ACCURACY.get(data)
    if accuracy is not None:
        note = (
            "as the authors report it for Mul-DML, with their network, starting weights, crops and training; it is "
            "not said here what they count and average over"
        )
    elif data in _REPORTED:
        note = "the paper reports results on this data set; the figure is not known here, so none is shown"
    else:
        note = "the paper reports nothing on this data set"
    return Published(PAPER, WHERE, accuracy, note)
