"""All claims and experiments, and those of a user's own file."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from muldml_lite.claims import (
    classification,
    convergence,
    cycles,
    distributions,
    end_to_end,
    identity,
    judgements,
    published,
    recipes,
    thresholds,
)
from muldml_lite.claims.ledger import Claim, Experiment
from muldml_lite.claims.study import StudyError
from muldml_lite.text import printable

CLAIMS: tuple[Claim, ...] = tuple(
    sorted(
        (
            *identity.CLAIMS,
            *distributions.CLAIMS,
            *thresholds.CLAIMS,
            *judgements.CLAIMS,
            *cycles.CLAIMS,
            *convergence.CLAIMS,
            *classification.CLAIMS,
            *published.CLAIMS,
            *recipes.CLAIMS,
        ),
        key=lambda claim: (int(claim.id.rstrip("abcdefgh")), claim.id),
    )
)
EXPERIMENTS: tuple[Experiment, ...] = (
    identity.BACKGROUNDS,
    identity.IDENTITY,
    distributions.DISTRIBUTIONS,
    thresholds.THRESHOLDS,
    judgements.SMALLEST,
    judgements.JUDGEMENTS,
    cycles.CYCLES,
    convergence.CONVERGENCE,
    classification.CLASSIFICATION,
    end_to_end.END_TO_END,
    end_to_end.CYCLES_END_TO_END,
    end_to_end.FROM_SCRATCH,
    distributions.DISTRIBUTIONS_END_TO_END,
    recipes.RECIPES,
    published.PUBLISHED,
)


class Registry(NamedTuple):
    claims: tuple[Claim, ...]
    experiments: dict[str, Experiment]

    def chosen(self, ids: Sequence[str]) -> tuple[Claim, ...]:
        """Claims by id, or by the number that ids of parts begin with; all if none is named.

        Raises:
            StudyError: no such claim.
        """
        if not ids:
            return self.claims
        known = [claim.id for claim in self.claims]
        for one in ids:
            if not any(_named(claim, one) for claim in self.claims):
                raise StudyError(
                    f"{one}: no such claim, expected some of {', '.join(known)}, or a number as 4 for its parts"
                )
        return tuple(claim for claim in self.claims if any(_named(claim, one) for one in ids))


def _named(claim: Claim, word: str) -> bool:
    return claim.id == word or (word.isdigit() and claim.id.rstrip("abcdefgh") == word)


def load_registry(file: str | None = None) -> Registry:
    """The ledger, with the CLAIMS and EXPERIMENTS of a Python file of the user's in front.

    Raises:
        StudyError: no such file, or it lacks one of the two, or takes a name that is in use.
    """
    claims, experiments = CLAIMS, EXPERIMENTS
    if file is not None:
        module = _import(Path(file))
        for name, kind in (("CLAIMS", Claim), ("EXPERIMENTS", Experiment)):
            found = getattr(module, name, None)
            if not isinstance(found, (tuple, list)) or not all(isinstance(one, kind) for one in found):
                raise StudyError(f"{file}: {name}: missing or something else, expected a tuple of {kind.__name__}")
        claims, experiments = (*module.CLAIMS, *claims), (*module.EXPERIMENTS, *experiments)
    regimes = [cell.name for one in experiments for cell in one.cells]
    kinds = {"claim": [c.id for c in claims], "experiment": [e.name for e in experiments], "regime": regimes}
    for kind, names in kinds.items():
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise StudyError(f"{file}: {kind} {twice} is there already, expected another name")
    return Registry(claims, {one.name: one for one in experiments})


def _import(path: Path) -> ModuleType:
    """Run a file of any suffix; whatever it raises is told with its line."""
    if not path.is_file():
        raise StudyError(f"{path}: no such file, expected a Python file with CLAIMS and EXPERIMENTS")
    loader = SourceFileLoader(path.stem, str(path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        own = [step.lineno for step in traceback.extract_tb(error.__traceback__) if step.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else own[-1] if own else None
        where = f"{path}, line {line}" if line else str(path)
        words = error.msg if isinstance(error, SyntaxError) else error
        raise StudyError(f"{where}: {type(error).__name__}: {printable(words, 300)}") from error
    return module
