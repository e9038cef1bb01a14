"""`--data sfew`: Static Facial Expressions in the Wild 2.0, trained on Train and tested on Val."""

from __future__ import annotations

from pathlib import Path

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found
from muldml_lite.data.parts import class_rows, find_parts, same_classes
from muldml_lite.data.tree import SEVEN, need_folder, shown

_TREE = (
    "Train/Train_Aligned_Faces/Angry/*.png and Val/Val_Aligned_Faces_new/Angry/*.png (or Train/Angry, Val/Angry), "
    "a folder for each of Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise"
)


def read_sfew(root: Path, config: Config, faults: Faults) -> Found:
    """Aligned faces where both parts have them, else whole photographs; Test has no public labels and is not read."""
    need_folder(root, _TREE)
    found = {name: find_parts(root, (name,)) for name in ("train", "val")}
    for name, folders in found.items():
        if not folders:
            raise DataError(f"{root}: no class folders in a {name} part; expected {_TREE}; found {shown(root)}")
    aligned = {name: [f for f in folders if _is_aligned(f, root)] for name, folders in found.items()}
    both = all(aligned.values())
    chosen = aligned if both else {name: [f for f in found[name] if f not in aligned[name]] for name in found}
    for name, folders in chosen.items():
        if len(folders) != 1:
            what = ", ".join(str(f.relative_to(root)) for f in folders or found[name])
            raise DataError(f"{root}: {what} as {name} part; expected one folder, aligned in both parts or in none")
    train, test = class_rows(chosen["train"][0], False), class_rows(chosen["val"][0], True)
    notes = same_classes(train, test, root, SEVEN)
    if not both:
        notes.append(f"{root}: whole photographs, not aligned faces; crop the faces before training")
    return Found(train + test, notes)


def _is_aligned(folder: Path, root: Path) -> bool:
    return any("align" in part.lower() for part in folder.relative_to(root).parts)
