"""The command line as one boundary: whatever is typed ends in a known exit code and, if it fails, in one line.

FUZZ sets how many command lines are tried.
"""

import io
import os
import subprocess
import sys

import pytest
from fake_run import write_fake_run
from hypothesis import given, settings
from hypothesis import strategies as st

from muldml_lite import __main__ as boundary
from muldml_lite.__main__ import main
from muldml_lite.commands import training
from muldml_lite.commands.line import make_parser
from muldml_lite.runs import Run, RunError, locked
from muldml_lite.text import LONGEST

EXAMPLES = int(os.environ.get("FUZZ", "40"))
NUMBERS = ("0", "-1", "1", "3", "1e400", "nan", "inf", "9" * 400, "9" * 5000, "1000000000000", "0.5", "٣", "", "1_0")
COMMANDS = ("train", "resume", "fork", "control", "evaluate", "layout", "faces", "pretrain", "claims", "benchmark")
COMMANDS += ("compare",)


def run_words(words, capsys):
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Paths of all sorts, good and bad."""
    root = tmp_path_factory.mktemp("places")
    run = write_fake_run(root / "run", images=21, slices=2, epochs=2)
    stale = write_fake_run(root / "queued", images=21, slices=2, epochs=2, state="failed")
    (root / "file.txt").write_text("hello")
    (root / "broken.py").write_text("x = 1\nCLAIMS = (\n")
    (root / "raises.py").write_text("CLAIMS = ()\n1 / 0\n")
    (root / "full").mkdir()
    (root / "full/letter").write_text("x")
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe")
    names = [run, stale, *(root / n for n in ("file.txt", "broken.py", "raises.py", "full", "pipe", "new", "a\x1bb"))]
    return [*map(str, names), str(root / "file.txt" / "below"), "/proc/none", "/dev/null", "", "x" * 300, "-"]


def options_of(command):
    """Flags of a command, with how many words each takes."""
    (choices,) = (a.choices for a in make_parser()._actions if a.dest == "command")
    found = [a for a in choices[command]._actions if a.option_strings]
    return [(a.option_strings[-1], 2 if a.nargs == 2 else int(a.nargs != 0), a.choices) for a in found]


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(COMMANDS))
    words = [command]
    if command in ("control", "compare", "claims") and draw(st.booleans()):
        words += draw(st.lists(st.sampled_from(("play", "pause", "step", "4", "99", "PLACE")), max_size=2))
    needed = {"train": "--run", "resume": "--run", "fork": "--run", "evaluate": "--run", "layout": "--run"}
    needed |= {"control": "--run", "faces": "--out", "pretrain": "--out"}
    if command in needed and draw(st.integers(0, 9)):
        words += [needed[command], "PLACE"]
    if command == "fork" and draw(st.integers(0, 4)):
        words += ["--out", "PLACE", "--epoch", draw(st.sampled_from(("0", "1", "2", *NUMBERS[:5])))]
    for flag, count, choices in draw(st.lists(st.sampled_from(options_of(command)), max_size=4)):
        good = st.sampled_from(sorted(choices)) if choices else st.just("PLACE")
        words += [flag, *(draw(st.one_of(good, st.just("PLACE"), st.sampled_from(NUMBERS))) for _ in range(count))]
    return [draw(st.integers(0, 30)) if word == "PLACE" else word for word in words]


@pytest.fixture
def nothing_long(monkeypatch):
    """Whatever would train, draw or measure for long stops at once."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    monkeypatch.setattr(training, "load_dataset", stop)
    for name in ("faces.dataset.Easel", "commands.evaluation.load_dataset", "claims.runner.open_pool"):
        monkeypatch.setattr(f"muldml_lite.{name}", stop)
    monkeypatch.setattr("muldml_lite.commands.benchmark._look_at_data", stop)


def test_any_words_end_in_a_known_way(places, nothing_long, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = {}

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(words=command_lines())
    def check(words):
        filled = [places[word % len(places)] if isinstance(word, int) else word for word in words]
        out, error = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", error)
            try:
                code = main(filled)
            except SystemExit as end:
                code = end.code
        said = error.getvalue()
        assert code in (0, 2, 130), (filled, code, said[-600:])
        assert "Traceback" not in said
        last = said.replace("\r", "\n").strip("\n").split("\n")[-1]
        assert len(last) < LONGEST + 100, last
        assert code == 0 or last.isprintable(), last
        seen[code] = seen.get(code, 0) + 1

    check()
    print(seen)


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "muldml layout: stopped"),
        (OSError(28, "No space left on device", "/x/y"), 2, "muldml layout: /x/y: No space left on device"),
        (MemoryError(), 2, "muldml layout: not enough memory (MemoryError)"),
        (RunError("a\x1b[31m\nb" + "c" * 9000), 2, "muldml layout: a\\x1b[31m\\nbccc"),
        (ZeroDivisionError("by 0"), 1, "muldml layout: unexpected ZeroDivisionError: by 0; set MULDML_TRACEBACK=1"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_what_a_command_raises_ends_in_one_line(monkeypatch, capsys, raised, code, line):
    def raises(_):
        raise raised

    monkeypatch.setattr("muldml_lite.commands.line._layout", raises)
    assert run_words(["layout", "--run", "x"], capsys)[0] == code
    monkeypatch.setattr(boundary, "_drop_output", lambda: None)
    code, said = run_words(["layout", "--run", "x"], capsys)
    assert said.err.startswith(line)
    assert said.err.count("\n") == bool(line)
    assert len(said.err) < LONGEST + 100


def test_the_traceback_is_shown_where_it_is_asked_for(monkeypatch, capsys):
    def raises(_):
        return 1 // 0

    monkeypatch.setattr("muldml_lite.commands.line._layout", raises)
    monkeypatch.setenv("MULDML_TRACEBACK", "1")
    code, said = run_words(["layout", "--run", "x"], capsys)
    assert code == 1
    assert "return 1 // 0" in said.err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nCLAIMS = (\n", "line 2: SyntaxError: "),
        ("CLAIMS = EXPERIMENTS = ()\n\n1 / 0\n", "line 3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        ("CLAIMS = (1,)\nEXPERIMENTS = ()\n", "CLAIMS: missing or something else, expected a tuple of Claim"),
        ("CLAIMS = ()\n", "EXPERIMENTS: missing"),
        ("CLAIMS = EXPERIMENTS = ()\n", ""),
    ],
)
def test_a_file_of_claims_may_have_any_suffix_and_its_faults_are_told_with_their_line(tmp_path, capsys, text, line):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    code, said = run_words(["claims", "--list", "--file", str(file)], capsys)
    assert code == (2 if line else 0)
    assert line in said.err
    assert said.err.count("\n") == bool(line)


def test_the_lock_names_its_holder_and_goes_with_its_process(tmp_path, capsys):
    code = (
        "import sys, time; from muldml_lite.runs import locked\n"
        "with locked(sys.argv[1]): print('held', flush=True); time.sleep(99)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    code, said = run_words(["train", "--run", str(tmp_path)], capsys)
    assert code == 2
    assert f"being trained right now by process {child.pid}" in said.err
    assert said.err.count("\n") == 1
    child.kill()
    child.wait()
    with locked(tmp_path):
        pass
    with pytest.raises(RunError, match="being written"), locked(tmp_path), locked(tmp_path):
        pass


@pytest.mark.parametrize("spoil", ["data", "weights", "device"])
def test_overwrite_leaves_the_old_run_whole_until_the_new_one_is_known_to_work(tmp_path, capsys, spoil):
    run = write_fake_run(tmp_path / "run", images=21, slices=2, epochs=2)
    before = {p.name: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    (tmp_path / "torn.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    words = {
        "data": ["--data", "folder", "--root", str(tmp_path / "nowhere")],
        "weights": ["--weights", str(tmp_path / "torn.safetensors")],
        "device": ["--device", "mps", "--subjects", "4", "--images-per-subject", "7", "--size", "16"],
    }[spoil]
    code, said = run_words(["train", "--run", str(run), "--overwrite", *words], capsys)
    assert code == 2, said.err
    after = {p.name: p.read_bytes() for p in run.rglob("*") if p.is_file() and not p.name.startswith(".")}
    assert after == before
    assert Run(run).status["state"] == "finished"


def test_files_of_a_run_do_not_tell_the_home_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "home/faces"
    root.mkdir(parents=True)
    code, _ = run_words(["train", "--run", str(tmp_path / "home/r"), "--data", "folder", "--root", str(root)], capsys)
    assert code == 2  # no image there
    run = Run(tmp_path / "home/r")
    assert run.config["config"]["root"] == f"~{os.sep}faces"
    assert f"~{os.sep}faces" in run.status["message"]
    for path in run.path.rglob("*"):
        assert str(tmp_path / "home") not in path.read_text(), path.name


def test_ctrl_c_during_imports_is_one_line(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, *_):
            if name == "muldml_lite.commands.line":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "muldml_lite.commands.line")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    code, said = run_words(["train", "--help"], capsys)
    assert (code, said.out, said.err) == (130, "", "muldml train: stopped\n")


def test_the_boundary_itself_imports_nothing_heavy():
    code = "import sys, muldml_lite.__main__; sys.exit(bool({'numpy', 'argparse', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
