"""The whole configuration of a run: one frozen dataclass, checked when it is made."""

from __future__ import annotations

import dataclasses
import difflib
import math
from dataclasses import dataclass, field
from typing import Any

from muldml_lite.text import without_home

METHODS = ("mul-dml", "dual", "triplet", "softmax")
MININGS = ("batch-hard", "semi-hard", "batch-all")
BACKBONES = ("small", "resnet18")
DATASETS = ("drawn:posed", "drawn:wild", "folder", "manifest", "ck+", "mmi", "sfew", "raf-db", "fer2013")
FILMED = ("ck+", "mmi")  # sets of image sequences that begin with a neutral face
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16")
STORES = ("auto", "device", "host", "disk")
SPACINGS = ("uniform", "log", "random")
REDUCTIONS = ("mean", "mean-nonzero")
LARGEST_SEED = 2**32 - 1  # NumPy splits a larger one into two words, and two streams could then be one
STARTS = ("random", "drawn")  # values of `weights` that are no files
_SEEDS = (0, LARGEST_SEED)
# Lowest and highest values; the upper ends are beyond any sensible use, and keep a slip from asking for the moon.
_RANGES = {
    "subjects": (4, 100_000),
    "images_per_subject": (1, 10_000),
    "split_seed": _SEEDS,
    "dim": (2, 16_384),
    "epochs": (1, 100_000),
    "warmup_epochs": (0, 100_000),
    "classes_per_batch": (2, 10_000),
    "images_per_class": (2, 10_000),
    "weight_decay": (0, 10),
    "metric_weight": (0, 1_000_000),
    "seed": _SEEDS,
    "image_workers": (0, 128),
    "probe_images": (20, 20_000),
    "neighbours": (1, 10_000),
    "keep_weights": (0, 1_000_000_000),
}


class ConfigError(ValueError):
    """A configuration that cannot be run; the message names the key, its value and what was expected."""


def _option(default: Any, text: str, choices: tuple[str, ...] | None = None) -> Any:
    """A field whose one-line explanation serves the reader, `--help` and the app alike."""
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class Config:
    """Everything that decides a run's result. Same config, same device, same result.

    Raises:
        ConfigError: a value out of range; the message names the key.
    """

    # Data
    data: str = _option("drawn:posed", "data set", DATASETS)
    root: str | None = _option(None, "folder of a data set on disk, or manifest file; data/README.md shows the layouts")
    size: int = _option(48, "side of the square input image, pixels")
    subjects: int = _option(148, "drawn identities (drawn data sets only)")
    images_per_subject: int = _option(21, "drawn images of each identity (drawn data sets only)")
    test_fraction: float = _option(0.25, "share of the subjects (of the images, if subjects are unknown) held out")
    folds: int = _option(0, "folds that the subjects (or images) are dealt into; 0: one split, see test_fraction")
    fold: int = _option(0, "fold that is held out, counted from 0")
    split_seed: int = _option(0, "seed of the folds, so that runs with other seeds share them; one split follows seed")
    labelled: float = _option(1.0, "share of the training subjects (or images) used, to see what few labels cost")
    neutral_frames: bool = _option(False, "also the first frame of each sequence, as class neutral (ck+ and mmi only)")
    find_faces: bool = _option(False, "cut each image around its face; needs OpenCV (not for drawn faces)")
    skip_bad: bool = _option(False, "leave out unreadable images and copies, and count them, instead of stopping")
    # Method
    method: str = _option("mul-dml", "what is trained beside cross entropy; softmax: nothing", METHODS)
    slices: int | None = _option(
        None, "number of embedding slices N; by default 8 for mul-dml (fewer if dim asks for it), else 1"
    )
    thresholds: tuple[float, float] = _option((0.1, 0.8), "lowest and highest threshold τ, a distance")
    spacing: str = _option("uniform", "how the thresholds lie in their range", SPACINGS)
    # By evidence (claim 11: 4 draws of people kept aside, posed and wild): no recipe tried was shown to be better than
    # this one. Batch-hard was 0.4 and 3.1 points lower in the head, collapsed in 3 of 8 trainings, and keeps all hinges
    # active, so that thresholds cannot matter. Equal thresholds were 0.2 and 1.7 points *higher*, undecided once
    # corrected, and on six fresh draws in the wild +0.1 ± 0.6 (k-NN −0.9 ± 0.4; standard errors): not told apart.
    # Spread ones stay the default because they are what is to be seen here, not because they win.
    mining: str = _option("semi-hard", "which triplets of a batch are trained", MININGS)
    squared: bool = _option(False, "squared Euclidean distances instead of plain ones")
    reduction: str = _option("mean", "mean over all mined triplets, or over the active ones only", REDUCTIONS)
    metric_weight: float = _option(1.0, "weight of the metric loss; cross entropy has weight 1")
    # Network
    backbone: str = _option("small", "network before the embedding layer", BACKBONES)
    dim: int = _option(64, "size D of the whole embedding; the slices share it equally")
    weights: str = _option("random", "where the network starts: random, drawn (pre-trained on drawn faces), or a file")
    # Optimisation
    epochs: int = _option(12, "passes over the training images")
    warmup_epochs: int | None = _option(
        None, "first epochs with cross entropy alone, against collapse; by default 2, but never all epochs"
    )
    classes_per_batch: int = _option(7, "P: classes in a batch, of all processes together (fewer if data has fewer)")
    images_per_class: int = _option(18, "K: images of each class in a batch (some twice if a class has fewer)")
    learning_rate: float = _option(5e-3, "highest learning rate of AdamW's one-cycle schedule")
    weight_decay: float = _option(1e-2, "weight decay of AdamW")
    augment: bool = _option(True, "random mirror, shift, rotation, zoom and contrast of training images")
    seed: int = _option(0, "seed of data, split, weights, batches and augmentation")
    # Machine
    device: str = _option("auto", "where to compute; auto: CUDA, then MPS, then the CPU", DEVICES)
    precision: str = _option("auto", "auto: bf16 where the hardware has it, else fp32", PRECISIONS)
    image_store: str = _option(
        "auto", "where images wait; auto: device if they fit there, else host, else disk (decoded on access)", STORES
    )
    image_workers: int = _option(0, "processes that read ahead from images on the host; 0: none but the training one")
    # Record
    probe_images: int = _option(308, "images followed through training: embeddings kept after each epoch")
    neighbours: int = _option(5, "k of the k-nearest-neighbour classifier")
    keep_weights: int = _option(500, "disk for weights of earlier epochs, to fork from, megabytes; 0: none of them")

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            _check_type(item, getattr(self, item.name))
        # What nobody has set follows what was set; only a value that was given can be wrong.
        if self.slices is None:
            object.__setattr__(self, "slices", self._shared_by() if self.method == "mul-dml" else 1)
        if self.warmup_epochs is None:
            object.__setattr__(self, "warmup_epochs", automatic_warmup(self.epochs))
        object.__setattr__(self, "thresholds", tuple(float(t) for t in self.thresholds))
        for name in ("root", "weights"):  # run folders are shared: the home folder is written, and compared, as ~
            object.__setattr__(self, name, without_home(getattr(self, name)))
        self._check_ranges()

    def _shared_by(self) -> int:
        """Most slices, up to 8, that share `dim` equally with 2 numbers or more each."""
        counts = [n for n in range(2, 9) if self.dim % n == 0 and self.dim // n >= 2]
        _need(
            bool(counts), "dim", self.dim, "a size that 2 to 8 slices can share, 2 numbers or more each (or slices = 1)"
        )
        return counts[-1]

    def _check_ranges(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            _need(least <= value <= most, name, value, f"{least} to {most}")
        low, high = self.thresholds
        _need(0 < low <= high <= 4, "thresholds", self.thresholds, "0 < LOW <= HIGH <= 4")
        _need(16 <= self.size <= 512, "size", self.size, "16 to 512 pixels")
        _need(0 < self.test_fraction < 1, "test_fraction", self.test_fraction, "between 0 and 1")
        _need(self.folds == 0 or 2 <= self.folds <= 1000, "folds", self.folds, "0 (one split), or 2 to 1000")
        last = max(self.folds, 1) - 1
        _need(0 <= self.fold <= last, "fold", self.fold, f"0 to {last}, as folds = {self.folds}")
        _need(0 < self.labelled <= 1, "labelled", self.labelled, "above 0, at most 1")
        filmed = self.data in FILMED
        _need(filmed or not self.neutral_frames, "neutral_frames", True, f"data that is one of {', '.join(FILMED)}")
        drawn = self.data.startswith("drawn:")
        _need(not (drawn and self.find_faces), "find_faces", True, "images on disk: drawn faces are framed already")
        _need(1 <= self.slices <= 64, "slices", self.slices, "1 to 64")
        _need(
            self.dim % self.slices == 0 and self.dim // self.slices >= 2,
            "slices",
            self.slices,
            f"a divisor of dim = {self.dim} that leaves at least 2 numbers a slice",
        )
        _need(
            0 <= self.warmup_epochs < self.epochs or self.method == "softmax",
            "warmup_epochs",
            self.warmup_epochs,
            f"0 or more and fewer than epochs = {self.epochs}",
        )
        _need(0 < self.learning_rate <= 10, "learning_rate", self.learning_rate, "above 0, at most 10")
        _need(
            self.root is not None or drawn,
            "root",
            self.root,
            f"the path of the images (a folder, or a csv file), which data = {self.data} needs",
        )

    def to_dict(self) -> dict[str, Any]:
        """The configuration as plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Read a configuration back; an unknown key raises, naming it and the nearest known one."""
        known = [item.name for item in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{key}: not a known setting{hint}")
        made = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**made)


def automatic_warmup(epochs: int) -> int:
    """Warm-up epochs where nobody has set them: 2, but never all."""
    return max(0, min(2, epochs - 1))


_KINDS = {"int": int, "float": (int, float), "str": str, "bool": bool}


def _check_type(item: dataclasses.Field, value: Any) -> None:
    kind = str(item.type)
    if kind.endswith("| None"):
        if value is None:
            return
        kind = kind.removesuffix(" | None")
    if kind.startswith("tuple"):
        good = isinstance(value, (tuple, list)) and len(value) == 2 and all(_is_number(v) for v in value)
        _need(good, item.name, value, "two numbers, LOW and HIGH")
        return
    # bool is an int to Python, but "epochs: true" is a mistake.
    good = isinstance(value, _KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))
    _need(
        good and not (isinstance(value, float) and not math.isfinite(value)),
        item.name,
        value,
        {"int": "a whole number", "float": "a number"}.get(kind, kind),
    )
    if item.metadata.get("choices"):
        _need(
            value in item.metadata["choices"],
            item.name,
            value,
            "one of " + ", ".join(item.metadata["choices"]),
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300  # false for NaN


def _need(good: bool, key: str, value: Any, expected: str) -> None:
    if not good:
        shown = repr(value) if len(repr(value)) <= 300 else repr(value)[:300] + " …"
        raise ConfigError(f"{key}: {shown} given, expected {expected}")
