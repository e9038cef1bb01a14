"""The page “Your face” in every state, without a browser; and that nothing of a photograph is left behind."""

import asyncio
import io

import numpy as np
import pytest
import streamlit as st
from app_page import fine, link, modules, open_page, texts
from fake_run import write_fake_run
from fake_weights import write_fake_weights
from PIL import Image
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from muldml_lite.faces.lab import LabFace
from muldml_lite.photos import MAX_BYTES, Found, PhotoError

run_picker, training_queue, own_photo, own_verdicts, face_html = modules(
    "run_picker", "training_queue", "own_photo", "own_verdicts", "face_html"
)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MULDML_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(training_queue, "keep_going", lambda runs: None)
    monkeypatch.setattr(own_photo, "detector_problem", lambda: "no detector in this test")
    own_photo.turnstile.clear()
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def picture(person=3, form="PNG", size=120):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(LabFace(person).draw(size))).save(buffer, form)
    return buffer.getvalue()


def upload(app, content, name="me.png", kind="image/png"):
    app.file_uploader[0].set_value((name, content, kind)).run()
    return app


def test_before_a_picture_the_page_says_what_to_do_and_what_it_keeps():
    app = open_page("your_face")
    words = texts(app)
    assert "Nothing to look at yet" in words
    assert "Kept in memory only" in words
    assert not app.camera_input  # nobody is asked for the camera who did not ask for it
    assert "yf-row" not in words.split("</style>")[-1]


def test_a_drawn_face_is_judged_by_every_slice_and_is_in_the_link():
    app = open_page("your_face")
    app.button(key="own_draw").click().run()
    words = texts(app)
    assert [f">Slice {i}<" in words for i in range(1, 10)] == [True] * 8 + [False]
    assert "not what somebody feels" in words
    assert "A photograph is outside" not in words
    assert link(app)["drawn"] == "0"
    app.slider(key="own_side").set_value(60).run()
    assert (link(app)["drawn"], link(app)["side"]) == ("0", "60")
    assert "Square(0.5, 0.5, 0.6, 0)" in texts(app)
    again = open_page("your_face", drawn="0", side="60")
    assert again.slider(key="own_side").value == 60
    assert [item.value for item in again.info] == [item.value for item in app.info]


def test_a_photograph_is_judged_and_its_file_dropped_at_once(monkeypatch):
    left = []
    remove = MemoryUploadedFileManager.remove_file

    def counted(manager, session_id, file_id):
        before = len(manager.file_storage[session_id])
        remove(manager, session_id, file_id)
        left.append((before, len(manager.file_storage[session_id])))

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", counted)
    app = upload(open_page("your_face"), picture())
    words = texts(app)
    assert left == [(1, 0)]
    assert "A photograph is outside of all it has seen" in words
    assert "Your photograph, and the square" in words
    assert "drawn" not in link(app)
    assert app.file_uploader[0].value is None  # a new, empty one


def test_forgetting_leaves_nothing():
    app = upload(open_page("your_face"), picture())
    app.slider(key="own_turn").set_value(9).run()
    app.button(key="own_forget").click().run()
    assert "Nothing to look at yet" in texts(app)
    assert app.session_state["own_face"]["photo"] is None
    assert not {"turn", "cx", "cy", "side", "drawn"} & set(link(app))


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [(b"", "a.png", "empty"), (b"%PDF-1.7", "a.jpg", "PDF document"), (picture()[:2000], "a.png", "damaged")],
)
def test_a_bad_file_is_one_line_and_the_page_goes_on(content, name, words):
    app = upload(open_page("your_face"), content, name)
    assert words in app.warning[0].value
    assert "Nothing to look at yet" in texts(app)
    upload(app, picture())
    assert not app.warning


def test_the_camera_is_on_only_when_asked():
    app = open_page("your_face")
    next(button for button in app.button if button.label == "Turn the camera on").click().run()
    app.camera_input[0].set_value(("shot.jpg", picture(form="JPEG"), "image/jpeg")).run()
    assert "Your photograph, and the square" in texts(app)
    assert not app.camera_input


def test_a_found_face_sets_the_square_and_another_may_be_chosen(monkeypatch):
    monkeypatch.setattr(own_photo, "detector_problem", lambda: "")
    faces = [Found(60, 50, 60, 10.0), Found(20, 20, 30, 0.0)]
    monkeypatch.setattr(own_photo, "find_faces", lambda photo: faces)
    app = upload(open_page("your_face"), picture())
    dials = {name: app.slider(key=f"own_{name}").value for name in own_photo.DIALS}
    assert dials == {"cx": 50, "cy": 42, "side": 80, "turn": 10}  # 1.6 times as wide: the run shows drawn faces
    assert "2 faces were found" in texts(app)
    app.segmented_control[0].set_value(2).run()
    assert app.slider(key="own_cx").value == 17


@pytest.mark.parametrize(("key", "value"), [("drawn", "x"), ("side", "900"), ("turn", "1e3"), ("cx", "-" * 3000)])
def test_a_wrong_link_is_one_friendly_line(key, value):
    words = texts(open_page("your_face", **{key: value}))
    assert f"The link's `{key}` is not a whole number from" in words
    assert value not in words or len(value) < 40


def test_runs_that_cannot_judge_say_so(runs):
    write_fake_run(runs / "bare")
    app = open_page("your_face", run="bare", drawn="1")
    assert "keeps no weights" in texts(app)
    write_fake_weights(write_fake_run(runs / "control", slices=1, method="softmax"))
    assert ">Slice 1<" in texts(open_page("your_face", run="control", drawn="1"))
    assert "names no run" in texts(open_page("your_face", run="../x"))


def test_the_five_lines_run(tmp_path, monkeypatch, capsys):
    app = open_page("your_face", drawn="2")
    code = next(str(item.value) for item in app.code if "Judge" in str(item.value))
    (tmp_path / "me.jpg").write_bytes(picture(form="JPEG"))
    (tmp_path / "data").symlink_to(run_picker.ROOT / "data")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert "slice 8, τ = 0.80" in capsys.readouterr().out


def test_one_visitor_may_bring_so_many_and_others_are_not_held_up():
    gate = own_photo.Turnstile()
    assert [gate.admit("a", float(i)) for i in range(own_photo.MOST)] == [0.0] * own_photo.MOST
    assert gate.admit("a", 30.0) == own_photo.PER - 30
    assert gate.admit("b", 30.0) == 0
    assert gate.admit("a", own_photo.PER + 0.5) == 0  # the first one is long ago
    gate.admit("c", 10 * own_photo.PER)
    assert set(gate._times) == {"c"}


def test_the_page_tells_a_visitor_who_brought_too_many(monkeypatch):
    monkeypatch.setattr(own_photo.Turnstile, "admit", lambda self, who, now: 130.0)
    app = upload(open_page("your_face"), picture())
    assert "as many as one visitor may bring" in app.warning[0].value
    assert "2 min" in app.warning[0].value


def test_no_cache_that_visitors_share_sees_a_photograph(monkeypatch):
    urls = []
    monkeypatch.setattr(own_verdicts, "picture_url", lambda pixels: urls.append(pixels.shape) or "data:,")
    seen = []
    plain = face_html.face_url
    monkeypatch.setattr(face_html, "face_url", lambda face: seen.append(face) or plain(face))
    app = upload(open_page("your_face"), picture())
    fine(app)
    assert len(urls) == 2  # the photograph and its square, made anew
    faces = run_picker.resolve("sample").run.probe.thumbnails
    assert seen
    assert all(any(np.array_equal(face, one) for one in faces) for face in seen)
    for cached in (own_photo.read_photo, own_verdicts.judged, own_verdicts.seen, own_verdicts.picture_url):
        assert not isinstance(cached, type(st.cache_data(lambda: 0)) | type(st.cache_resource(lambda: 0)))


def test_an_upload_never_touches_the_disk_while_it_arrives():
    body = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + bytes(MAX_BYTES) + b"\r\n--x--\r\n"
    )

    async def arriving():
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    form = asyncio.run(MultiPartParser(headers, arriving()).parse())
    assert form["f"].size == MAX_BYTES
    assert not form["f"].file._rolled


def test_a_photograph_waits_for_those_before_it(monkeypatch):
    monkeypatch.setattr(own_photo, "_PATIENCE", 0.01)
    monkeypatch.setattr(own_photo, "visitor", lambda: "me")
    with own_photo.turnstile().decoding, pytest.raises(PhotoError, match="try again in a minute"):
        own_photo._read(picture())
