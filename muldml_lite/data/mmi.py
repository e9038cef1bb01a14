"""`--data mmi`: the MMI facial expression database, sessions with a video or its extracted frames."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from muldml_lite.config import Config
from muldml_lite.data.dataset import DataError, Faults, Found, Picture, Row
from muldml_lite.data.pictures import File
from muldml_lite.data.tree import Folder, need_file, scan, shown
from muldml_lite.data.video import Frame, measure

CODES = {"1": "anger", "2": "disgust", "3": "fear", "4": "happiness", "5": "sadness", "6": "surprise"}
MIDDLE = 3  # frames of a sequence that goes from neutral to the expression and back
_TREE = (
    "Sessions/1767/session.xml with S021-001.xml (its label) and S021-001.avi or the extracted frames 0001.png, "
    "0002.png …, a folder for each session"
)
_VIDEOS = (".avi", ".mp4", ".mov", ".mkv", ".mpg", ".mpeg")
_SUBJECT = re.compile(r"S\d+(?=-\d)", re.IGNORECASE)
_FRONTAL = "0"
_UPRIGHT_HEIGHT = 480  # recordings of other heights without action unit coding were made with the camera on its side


def read_mmi(root: Path, config: Config, faults: Faults) -> Found:
    """The three middle frames of each frontal session with one of six expressions.

    With `config.neutral_frames` its first frame, too, as neutral and as a case of its own.
    """
    top = scan(root, _TREE, faults)
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    sessions = _sessions(top)
    seen: dict[str, Folder] = {}
    for session in sessions:
        if seen.setdefault(session.name, session) is not session:
            faults.add(f"{session.path}: a second session of this number beside {seen[session.name].path}")
            continue
        rows += _session(session, config, faults, left_out)
    notes = [f"{count} sessions left out: {why}" for why, count in left_out.items()]
    if not rows and not faults.lines:
        raise DataError(f"{root}: {len(sessions)} sessions, none of them usable; {'; '.join(notes)}")
    return Found(rows, notes)


def _sessions(root: Folder) -> list[Folder]:
    """Every folder with a session's files, wherever the set was divided; none below another one."""
    found, waiting = [], [root]
    while waiting:
        folder = waiting.pop()
        if folder is not root and _labels(folder):
            found.append(folder)
        else:
            waiting += folder.folders
    if not found:
        raise DataError(f"{root.path}: not MMI; expected {_TREE}; found {shown(root)}")
    return sorted(found, key=lambda folder: (len(folder.name), folder.name, folder.path))


def _labels(session: Folder) -> list[str]:
    return [path for path in session.files if path.lower().endswith(".xml")]


def _session(session: Folder, config: Config, faults: Faults, left_out: Counter[str]) -> list[Row]:
    try:
        code, subject, view, coded = _facts(session)
    except (ElementTree.ParseError, ValueError, LookupError, OSError, DataError) as error:
        faults.add(f"{session.path}: not a readable xml file ({error})")
        return []
    if code not in CODES:
        left_out["no expression label" if code is None else "not one of the six expressions"] += 1
        return []
    if view != _FRONTAL:
        left_out["not in frontal view alone"] += 1
        return []
    if subject is None:
        faults.add(f"{session.path}: no subject; expected a label file like S021-001.xml, or a subject in session.xml")
        return []
    try:
        pictures = _pictures(session, config.neutral_frames, coded)
    except DataError as error:
        faults.add(str(error), "mend it")
        return []
    first = [Row(pictures[0], "neutral", subject, sequence=f"{session.name} neutral")] if config.neutral_frames else []
    return first + [Row(one, CODES[code], subject, sequence=session.name) for one in pictures[-MIDDLE:]]


def _facts(session: Folder) -> tuple[str | None, str | None, str, bool]:
    """Code of the expression, subject, view, and whether action units were coded frame by frame."""
    code, subject, view, coded = None, None, _FRONTAL, False
    for path in map(Path, _labels(session)):
        if path.name.lower().endswith("oao_aucs.xml"):
            coded = True
            continue
        need_file(path)
        tree = ElementTree.parse(path)
        name = _SUBJECT.match(path.stem)
        for tag in tree.iter("Metatag"):
            code = tag.get("Value") if tag.get("Name") == "Emotion" else code
        for tag in tree.iter("track"):
            view = tag.get("view", view)
        for tag in tree.iter("subject"):
            subject = subject or f"S{int(tag.get('id')):03d}" if (tag.get("id") or "").isdigit() else subject
        subject = name[0].upper() if name else subject
    return code, subject, view, coded


def _pictures(session: Folder, first: bool, coded: bool) -> list[Picture]:
    """The middle frames, and the first one before them if wanted.

    Raises:
        DataError: too few frames.
    """
    images = sorted(session.images(), key=_number)
    videos = [path for folder in session.below() for path in folder.files if path.lower().endswith(_VIDEOS)]
    height = _UPRIGHT_HEIGHT
    count = len(images)
    if not images and videos:
        count, height = measure(videos[0])
    need = MIDDLE + 2 * first  # the first frame is not one of the middle ones
    if count < need:
        what = f"{count} frames" if images or videos else "no video and no frames"
        raise DataError(f"{session.path}: {what}, expected {need} frames or more")
    start = (count - MIDDLE) // 2
    wanted = (0,) * first + tuple(range(start, start + MIDDLE))
    if images:
        return [File(images[i]) for i in wanted]
    turned = height != _UPRIGHT_HEIGHT and not coded
    return [Frame(videos[0], i, turned, wanted) for i in wanted]


def _number(path: str) -> tuple[int, str]:
    digits = re.findall(r"\d+", Path(path).stem)
    return int(digits[-1]) if digits else -1, path
