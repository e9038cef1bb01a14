"""Data sets: images with their labels and subjects, drawn or read from disk, split without shared subjects."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from muldml_lite.config import Config

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MAX_PIXELS = 64_000_000  # an image above this is refused before it is decoded
SPLIT_FOLDERS = {"train": False, "test": True, "val": True, "valid": True, "validation": True}

Progress = Callable[[int, int], None]


class DataError(Exception):
    """Data that cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class FaceDataset:
    """Images in memory and what is known of each; position i means the same image everywhere."""

    images: np.ndarray  # (n, S, S, 3) uint8
    labels: np.ndarray  # (n,) int64, index into classes
    subjects: np.ndarray  # (n,) int64, -1 where unknown
    test: np.ndarray  # (n,) bool, True: held out
    classes: tuple[str, ...]
    names: tuple[str, ...]  # file path, or what a drawn face shows
    skipped: tuple[str, ...] = ()  # what --skip-bad left out, one line each

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class _Row:
    """One image on disk, before it is read."""

    path: Path
    label: str
    subject: str | None = None
    test: bool | None = None


def load_dataset(config: Config, progress: Progress | None = None) -> FaceDataset:
    """Load or draw the data set that `config` names, split into training and held-out part.

    Where subjects are known no subject is in both parts. `progress(done, total)` is called while images
    are read.

    Raises:
        DataError: nothing to read, or something that cannot be read; names the file and the remedy.
    """
    if config.data.startswith("drawn:"):
        return _drawn(config)
    root = Path(config.root).expanduser()
    rows = _manifest_rows(root) if config.data == "manifest" else _folder_rows(root)
    return _from_rows(rows, root, config, progress)


def _drawn(config: Config) -> FaceDataset:
    from muldml_lite.faces import EXPRESSIONS, draw_dataset  # skia is needed for drawing only

    drawn = draw_dataset(
        config.data.removeprefix("drawn:"),
        subjects=config.subjects,
        images_per_subject=config.images_per_subject,
        size=config.size,
        seed=config.seed,
    )
    names = tuple(
        f"person {s}, image {i % config.images_per_subject}: {EXPRESSIONS[t]}"
        for i, (s, t) in enumerate(zip(drawn.subjects, drawn.true_labels, strict=True))
    )
    test = split_test(drawn.labels, drawn.subjects, config.test_fraction, config.seed)
    return FaceDataset(drawn.images, drawn.labels, drawn.subjects, test, tuple(EXPRESSIONS), names)


def split_test(labels: np.ndarray, subjects: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Choose the held-out images: (n,) bool.

    With known subjects, whole subjects are held out, with the classes in about equal shares; otherwise
    single images, with the classes in equal shares.
    """
    from sklearn.model_selection import StratifiedGroupKFold, train_test_split

    test = np.zeros(len(labels), bool)
    if (subjects >= 0).all():
        people = len(np.unique(subjects))
        if people < 2:
            raise DataError("only one subject: a split without shared subjects needs 2 or more")
        folds = StratifiedGroupKFold(min(people, max(2, round(1 / fraction))), shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class rarer than the folds: still split by subject
            _, chosen = next(iter(folds.split(labels, labels, subjects)))
    else:
        share = max(len(np.unique(labels)), round(fraction * len(labels)))  # at least one of each class
        _, chosen = train_test_split(np.arange(len(labels)), test_size=share, stratify=labels, random_state=seed)
    test[chosen] = True
    return test


def _folder_rows(root: Path) -> list[_Row]:
    """One sub-folder a class; optionally below train/ and test/ (or val/)."""
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; --root takes the folder that holds one sub-folder a class")
    parts = {p: SPLIT_FOLDERS[p.name.lower()] for p in _subfolders(root) if p.name.lower() in SPLIT_FOLDERS}
    if not (set(parts.values()) == {True, False} and len(parts) == len(_subfolders(root))):
        parts = {root: None}  # not a split, or classes that happen to be called "test"
    rows = [
        _Row(path, folder.name, test=test)
        for part, test in parts.items()
        for folder in _subfolders(part)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
    ]
    if not rows:
        kinds = ", ".join(s[1:] for s in SUFFIXES)
        raise DataError(f"{root}: no images in its sub-folders; expected {root.name}/CLASS/IMAGE, images: {kinds}")
    for part in parts:
        for folder in _subfolders(part):
            if not any(folder in row.path.parents for row in rows):
                raise DataError(f"{folder}: an empty class; put images there or remove the folder")
    return rows


def _subfolders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _manifest_rows(root: Path) -> list[_Row]:
    """A csv file with the columns path, label and, if known, subject and split (train or test)."""
    file = root / "manifest.csv" if root.is_dir() else root
    try:
        with open(file, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            for column in ("path", "label"):
                if column not in (reader.fieldnames or ()):
                    raise DataError(
                        f"{file}: column {column} is missing; expected path,label[,subject][,split], "
                        f"found {','.join(reader.fieldnames or ['nothing'])}"
                    )
            rows = [_manifest_row(file, reader.line_num, values) for values in reader]
    except FileNotFoundError:
        raise DataError(f"{file}: no such file; --root takes a csv file with the columns path,label") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: not a readable csv file in UTF-8 ({error})") from error
    if not rows:
        raise DataError(f"{file}: no rows below the header")
    for column in ("subject", "test"):
        blank = sum(getattr(row, column) is None for row in rows)
        if 0 < blank < len(rows):
            name = "split" if column == "test" else column
            raise DataError(f"{file}: {name} is empty in {blank} of {len(rows)} rows; fill in all or none")
    return rows


def _manifest_row(file: Path, line: int, values: dict[str, str | None]) -> _Row:
    path, label = (values.get("path") or "").strip(), (values.get("label") or "").strip()
    if not path or not label:
        raise DataError(f"{file}: line {line} lacks {'path' if not path else 'label'}")
    split = (values.get("split") or "").strip().lower() or None
    if split is not None and split not in SPLIT_FOLDERS:
        raise DataError(f"{file}: line {line} has split {split!r}, expected train or test")
    subject = (values.get("subject") or "").strip() or None
    return _Row(file.parent / path, label, subject, None if split is None else SPLIT_FOLDERS[split])


def _from_rows(rows: list[_Row], root: Path, config: Config, progress: Progress | None) -> FaceDataset:
    skipped: list[str] = []
    images, kept = [], []
    for row, image in zip(rows, _read_all(rows, config.size, progress), strict=True):
        if isinstance(image, np.ndarray):
            images.append(image)
            kept.append(row)
        elif config.skip_bad:
            skipped.append(image)
        else:
            raise DataError(f"{image}; mend or remove it, or leave such files out with --skip-bad")
    for label, count in Counter(row.label for row in kept).items():
        if count < 2:
            path = next(row.path for row in kept if row.label == label)
            line = f"{path}: the only image of class {label}; a class needs 2 or more"
            if not config.skip_bad:
                raise DataError(f"{line}: add images, remove the class, or leave it out with --skip-bad")
            skipped.append(line)
    single = {label for label, count in Counter(row.label for row in kept).items() if count < 2}
    chosen = [i for i, row in enumerate(kept) if row.label not in single]
    kept = [kept[i] for i in chosen]
    classes = tuple(sorted({row.label for row in kept}))
    if len(classes) < 2:
        raise DataError(f"{root}: {len(classes)} usable class(es), expected 2 or more")
    labels = np.array([classes.index(row.label) for row in kept], np.int64)
    people = {s: i for i, s in enumerate(sorted({row.subject for row in kept if row.subject is not None}))}
    subjects = np.array([people.get(row.subject, -1) for row in kept], np.int64)
    test = _given_split(kept, subjects, root)
    if test is None:
        test = split_test(labels, subjects, config.test_fraction, config.seed)
    dataset = FaceDataset(
        np.stack([images[i] for i in chosen]),
        labels,
        subjects,
        test,
        classes,
        tuple(_relative(row.path, root) for row in kept),
        tuple(skipped),
    )
    _check_split(dataset, root)
    return dataset


def _given_split(rows: list[_Row], subjects: np.ndarray, root: Path) -> np.ndarray | None:
    """The split that the data set itself states, if any; a subject in both parts is an error."""
    if rows[0].test is None:
        return None
    test = np.array([row.test for row in rows])
    shared = np.intersect1d(subjects[test & (subjects >= 0)], subjects[~test & (subjects >= 0)])
    if len(shared):
        name = next(row.subject for row, s in zip(rows, subjects, strict=True) if s == shared[0])
        raise DataError(f"{root}: subject {name} is in both train and test; a subject belongs to one part")
    return test


def _check_split(data: FaceDataset, root: Path) -> None:
    train = np.bincount(data.labels[~data.test], minlength=len(data.classes))
    if (train < 2).any():
        label = data.classes[int(train.argmin())]
        raise DataError(
            f"{root}: class {label} has {train.min()} training image(s) after the split, expected 2 or more; "
            "add images, or hold out less with --test-fraction"
        )
    if not data.test.any():
        raise DataError(f"{root}: no test images; mark some with split = test, or leave the column out")


def _read_all(rows: list[_Row], size: int, progress: Progress | None) -> Iterable[np.ndarray | str]:
    """Each image (size, size, 3) uint8, or one line that says why it could not be read."""
    with ThreadPoolExecutor(4) as pool:  # decoding and resizing release the interpreter's lock
        for done, image in enumerate(pool.map(lambda row: _try_read(row.path, size), rows), 1):
            if progress:
                progress(done, len(rows))
            yield image


def _try_read(path: Path, size: int) -> np.ndarray | str:
    try:
        return read_image(path, size)
    except DataError as error:
        return str(error)


def read_image(path: Path, size: int) -> np.ndarray:
    """Decode an image, turn it upright, crop its middle to a square: (size, size, 3) uint8.

    Raises:
        DataError: missing, damaged, of another format, or too large; names the file.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP", "BMP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(f"{path}: {image.width} × {image.height} pixels, expected {MAX_PIXELS:,} at most")
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # 16-bit grey: PIL's own conversion clips at 255
                upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            square = ImageOps.fit(upright.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    except FileNotFoundError:
        raise DataError(f"{path}: no such image") from None
    except UnidentifiedImageError:
        raise DataError(f"{path}: not a JPEG, PNG, WebP or BMP image") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: damaged image ({error})") from None
    return np.asarray(square)


def _relative(path: Path, root: Path) -> str:
    folder = root if root.is_dir() else root.parent
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
