"""`--data sfew`: Static Facial Expressions in the Wild 2.0, trained on Train and tested on Val."""

from __future__ import annotations

from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found
from muldml_lite.data.roles import EXPRESSIONS, Part, missing_classes, parts_below, split_rows
from muldml_lite.data.tree import scan, shown

_TREE = (
    "Train/Train_Aligned_Faces/Angry/*.png and Val/Val_Aligned_Faces_new/Angry/*.png (or Train/Angry, Val/Angry), "
    "a folder for each of Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise"
)


def read_sfew(root: Path, config: Config, faults: Faults) -> Found:
    """Aligned faces where both parts have them, else whole photographs; Test has no public labels and is not read."""
    top = scan(root, _TREE, faults)
    parts = parts_below(top, EXPRESSIONS)
    found = {name: [part for part in parts if part.role == name] for name in ("train", "val")}
    for name, here in found.items():
        if not here:
            raise DataError(f"{root}: no class folders in a {name} part; expected {_TREE}; found {shown(top)}")
    aligned = {name: [part for part in here if _is_aligned(part)] for name, here in found.items()}
    both = all(aligned.values())
    chosen = aligned if both else {name: [p for p in found[name] if p not in aligned[name]] for name in found}
    for name, here in chosen.items():
        if len(here) != 1:
            what = ", ".join(part.name for part in here or found[name])
            raise DataError(f"{root}: {what} as {name} part; expected one folder, aligned in both parts or in none")
    rows, notes = split_rows(chosen["train"][0], chosen["val"][0], top)
    if not both:
        notes.append(f"{root}: whole photographs, not aligned faces; crop the faces before training")
    return Found(rows, [*missing_classes(rows, root), *notes])


def _is_aligned(part: Part) -> bool:
    return any("align" in name.lower() for name in part.inside)
