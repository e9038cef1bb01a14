"""Your face: a photograph, cut to a square, and what each slice of a run takes it for."""

from __future__ import annotations

from functools import partial

import own_link
import own_photo
import own_verdicts
import run_cache
import run_picker
import streamlit as st
from figures import show_figure
from glossary import term
from learned import learned_from
from lesson import shows
from reproduce import reproduce
from run_words import literal

from muldml_lite.analysis.verdicts import Judge, Judged
from muldml_lite.photos import KINDS, MAX_BYTES, MAX_PIXELS, SUFFIXES, Photo, Square, detector_problem, square_around
from muldml_lite.plots.new_face import slice_names, verdicts_over_slices
from muldml_lite.runs import Run

LABELS = {
    "cx": ("Left to right", "%d %%", "Where the middle of the square is, in hundredths of the picture's width."),
    "cy": ("Top to bottom", "%d %%", "Where the middle of the square is, in hundredths of the picture's height."),
    "side": ("Size", "%d %%", "The square's side, in hundredths of the picture's shorter side."),
    "turn": ("Turn", "%d°", "Turns the picture clockwise: bring both eyes to one height."),
}


def bring(room: float) -> None:
    """Three ways to a face."""
    mine = own_photo.kept()
    upload, rest = st.columns([3, 2], gap="medium")
    with upload:
        key = f"own_upload_{mine['serial']}"
        st.file_uploader(
            "A photograph of a face",
            type=list(SUFFIXES),
            key=key,
            on_change=own_photo.take,
            args=(key, room),
            max_upload_size=MAX_BYTES // 1_000_000,
            help=f"{KINDS}; at most {MAX_BYTES // 1_000_000} MB and {MAX_PIXELS // 1_000_000} million pixels.",
        )
    rest.markdown("… or without a file:")
    with rest, st.container(horizontal=True, gap="small"):
        if not mine["camera"]:
            st.button("Turn the camera on", icon=":material/photo_camera:", on_click=partial(mine.update, camera=True))
        person = 0 if mine["drawn"] is None else (mine["drawn"] + 1) % (own_photo.MOST_DRAWN + 1)
        kind = "secondary" if mine["photo"] is not None else "primary"
        label = "Try a drawn face" if mine["drawn"] is None else "Another drawn face"
        st.button(label, icon=":material/face:", on_click=own_photo.draw, args=(person,), key="own_draw", type=kind)
        if mine["photo"] is not None:
            st.button("Forget this picture", icon=":material/delete:", on_click=own_photo.forget, key="own_forget")
    if mine["camera"]:
        key = f"own_camera_{mine['serial']}"
        st.camera_input("Look into the camera", key=key, on_change=own_photo.take, args=(key, room))
        st.button("Turn the camera off", on_click=partial(mine.update, camera=False))
    if mine["problem"]:
        st.warning(literal(mine["problem"]), icon=":material/broken_image:")
    st.caption(
        ":material/lock: **Kept in memory only.** A photograph is cut and judged on the machine that runs this app. It "
        "is written to no file, log or link, and no other visitor can see it. “Forget” removes it at once; without, it "
        "goes some minutes after you close this page."
    )


def turn_dials(photo: Photo, room: float) -> None:
    """Where to cut: by the detector, and by hand."""
    mine = own_photo.kept()
    note = _how_found(photo)
    faces = mine["faces"]
    if len(faces) > 1:
        chosen = st.segmented_control(
            "Which face", range(1, len(faces) + 1), default=1, key=f"own_which_{mine['serial']}"
        )
        if chosen and chosen != mine.get("which", 1):
            own_photo.set_square(square_around(photo, faces[chosen - 1], room))
        mine["which"] = chosen or mine.get("which", 1)
    if shows("controls"):
        for name, (_, low, high) in own_photo.DIALS.items():
            title, format_, help_ = LABELS[name]
            key = f"own_{name}"
            st.session_state[key] = mine["dials"][name]
            st.slider(title, low, high, format=format_, key=key, help=help_, on_change=_note_dial, args=(name,))
    st.caption(note)


def _note_dial(name: str) -> None:
    own_photo.kept()["dials"][name] = st.session_state[f"own_{name}"]


def _how_found(photo: Photo) -> str:
    mine = own_photo.kept()
    if mine["faces"]:
        one = "The face was found" if len(mine["faces"]) == 1 else f"{len(mine['faces'])} faces were found"
        return f"{one} by OpenCV's cascades, and turned by the eyes where they were seen. Correct the square by hand."
    if mine["drawn"] is not None:
        return (
            "Drawn faces are cut already, and no run is trained on anybody drawn here. Move the square and watch how "
            "soon a verdict tips."
        )
    problem = detector_problem()
    if problem:
        return f"Bring the face into the square by hand. ({literal(problem)})"
    return "No face was found: bring it into the square by hand."


def foreign(run: Run, result: Judged, photo_is_drawn: bool) -> None:
    """How much of a verdict to believe."""
    learned = learned_from(run)
    reads = f"reads which {'of its classes' if learned.photographs else 'drawn expression'} a picture is most like"
    words = f"**What this is, and what not.** This network learned from {literal(learned.words)}. "
    words += f"It {reads}, not what somebody feels."
    if learned.photographs is False and not photo_is_drawn:
        words += " **A photograph is outside of all it has seen**, and it can be sure all the same."
    if result.whole.farther is not None and result.pixels.farther is not None:
        words += (
            f" How far off: its nearest faces are farther away than those of {result.whole.farther:.0%} of the unseen "
            f"people's faces that the run follows (in raw pixels: {result.pixels.farther:.0%}). Far is a warning; near "
            "is no proof."
        )
    st.info(words, icon=":material/info:")


def show_verdicts(run: Run, judge: Judge, result: Judged, square: Square) -> None:
    st.html(own_verdicts.cards(result))
    foreign(run, result, own_photo.kept()["drawn"] is not None)
    st.header("Slice by slice", help=term("slice"))
    st.markdown(
        "The five nearest faces that were trained on vote. An outlined face has the class that won. **What to see:** "
        "do slices with another τ choose other neighbours, or only other distances? A triplet of this face (a), the "
        "nearest face of that class (p) and the nearest of any other (n) is left alone if D(a,n) − D(a,p) ≥ τ."
    )
    st.html(own_verdicts.rows(result, judge.gallery.probe))
    st.header("How it changes with τ", help=term("threshold"))
    show_figure(
        verdicts_over_slices(result, result.classes, result.thresholds),
        "your-face",
        _alt(result),
        numbers=partial(_numbers, result),
    )
    st.caption(
        "Above, the larger a mark, the more votes. Below, how far the nearest face of each class is; the band holds "
        "the middle nine tenths of what unseen faces have as mean distance to their nearest five, the dashed line is "
        "this face's. A larger τ pushes classes apart, so distances grow, too; look whether their order changes."
    )


def _alt(result: Judged) -> str:
    names = slice_names(result.thresholds)
    parts = [
        f"{name}: {result.classes[one.label]}, {one.apart:.2f}" for name, one in zip(names, result.slices, strict=True)
    ]
    return "Verdict and mean distance to the nearest faces, slice by slice. " + "; ".join(parts) + "."


def _numbers(result: Judged) -> dict[str, list[object]]:
    table: dict[str, list[object]] = {
        "slice": list(range(1, len(result.slices) + 1)),
        "threshold": ["" if tau is None else tau for tau in result.thresholds],
        "verdict": [result.classes[one.label] for one in result.slices],
        "mean distance": [one.apart for one in result.slices],
        "farther than share of unseen": ["" if one.farther is None else one.farther for one in result.slices],
    }
    for label, name in enumerate(result.classes):
        table[f"votes {name}"] = [int(one.votes[label]) for one in result.slices]
        table[f"nearest {name}"] = [float(one.to_classes[label]) for one in result.slices]
    return table


def show_photo(run: Run, photo: Photo, room: float) -> None:
    mine = own_photo.kept()
    for note in photo.notes:
        st.caption(f":material/info: {literal(note)}")
    with run_cache.run_problems("Choose a run that has finished and keeps its weights, such as the sample run."):
        judge = own_verdicts.judge_of(run)
        picture, dials = st.columns([3, 2], gap="large")
        with dials:
            turn_dials(photo, room)
        square = own_photo.square()
        cut = judge.see(photo, square, judge.size)
        name = "Your photograph" if mine["drawn"] is None else "A drawn face"
        picture.html(own_verdicts.seen(photo, square, cut, name))
        show_verdicts(run, judge, own_verdicts.judged(judge, photo, square), square)


def lines(run: Run, square: Square) -> str:
    """Five lines that judge a photograph."""
    given = ", ".join(f"{value:g}" for value in (square.x, square.y, square.side, square.turn))
    return (
        "from muldml_lite.analysis.verdicts import Judge\nfrom muldml_lite.photos import Square, read_photo\n"
        'from muldml_lite.runs import Run\nphoto = read_photo(open("me.jpg", "rb").read())\n'
        f'print(*Judge(Run("{run_picker.short_path(run)}"))(photo, Square({given})).lines, sep="\\n")'
    )


def show(run: Run) -> None:
    room = own_photo.room_of(str(run.config["config"].get("data", "")))
    photo = own_photo.kept()["photo"]
    bring(room)
    if photo is None:
        st.html(
            '<p class="md-muted">Nothing to look at yet: bring a photograph, or try a drawn face. Its nearest faces in '
            "every slice, and what each slice takes it for, will be shown here.</p>"
        )
    else:
        show_photo(run, photo, room)
    own_link.write()
    reproduce(python=lines(run, own_photo.square() if photo else Square()))


st.title("Your face", help=term("embedding"))
st.markdown(
    "Bring a face. It is cut to a square, goes through the run's network, and each slice says whom it is nearest to "
    "and what it therefore takes it for."
)
st.html(own_verdicts.STYLE)
choice = run_picker.chosen()
if choice.run is None:
    st.info(literal(choice.problem) or "Choose a run in the side bar.", icon=":material/folder_off:")
else:
    own_link.read()
    with run_cache.run_problems():
        show(choice.run)
