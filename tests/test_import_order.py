"""Data flows one way: a module imports only modules to its left."""

import ast
from pathlib import Path

import pytest

import muldml_lite

ORDER = [
    *("text", "config", "faces", "photos", "data", "labels", "sampler", "model", "mining", "losses", "metrics", "runs"),
    *("trainer", "analysis", "claims", "plots", "benchmark", "widgets", "bench", "commands", "__main__"),
]
PACKAGE = Path(muldml_lite.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> list[str]:
    """First-level muldml_lite modules that a file imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names += [node.module] if node.module != "muldml_lite" else [f"muldml_lite.{a.name}" for a in node.names]
    return [name.split(".")[1] for name in names if name.startswith("muldml_lite.")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_left(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        assert not imported(path)
        return
    for name in imported(path):
        assert ORDER.index(name) <= ORDER.index(room), f"{room} imports {name}"


def test_nothing_downstream_reaches_into_the_trainer():
    app = (Path(__file__).parents[1] / "streamlit_app").rglob("*.py")
    for path in app:
        assert not {"trainer", "model", "losses"} & set(imported(path)), path
