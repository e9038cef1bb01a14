"""The protocol and the results in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from muldml_lite.data import PROTOCOLS

NAMES = {"softmax": "softmax", "triplet": "triplet", "dual": "dual triplet", "mul-dml": "Mul-DML"}
READ_OUT_NAMES = {"head": "head", "knn": "k-NN"}
MEASURE_NAMES = {
    "head_accuracy": "head, accuracy",
    "head_recall": "head, mean class recall",
    "knn_accuracy": "k-NN, accuracy",
    "knn_recall": "k-NN, mean class recall",
}


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def points(value: float | None) -> str:
    """A difference in percentage points, with its sign."""
    return "–" if value is None else f"{round(100 * value, 1) + 0.0:+.1f}".replace("-", "−")


def state_line(results: Mapping[str, Any]) -> str:
    """How far it is."""
    states = Counter(run["state"] for run in results["runs"])
    total, done = len(results["runs"]), states["finished"]
    if done == total:
        return f"All {total} runs are finished."
    rest = ", ".join(f"{count} {state}" for state, count in states.items() if state != "finished")
    return f"{done} of {total} runs are finished ({rest}); the same command goes on with the others."


def size(results: Mapping[str, Any]) -> str:
    """How large the plan is."""
    plan, runs = results["plan"], len(results["runs"])
    parts = f"{plan['folds']} folds" if plan["folds"] else "1 split"
    return (
        f"{len(plan['methods'])} methods × {parts} × {plan['seeds']} seeds = {runs} trainings of "
        f"{results['settings']['epochs']} epochs"
    )


def held_out(results: Mapping[str, Any]) -> str:
    """How much one seed is judged by; empty: nothing is finished."""
    if not results["methods"]:
        return ""
    counts = results["methods"][0]["held_out"]
    text = f"{counts['images']:,} images"
    if results["sequences"]:
        text += f" of {counts['cases']:,} sequences"
    return text + (f" of {counts['people']:,} people" if results["data"]["counts"]["subjects"] is not None else "")


def protocol(results: Mapping[str, Any]) -> list[str]:
    """How it was measured, one sentence or two an item."""
    plan, data = results["plan"], results["data"]
    lines = [_split(plan, data), _repeats(plan), *_cases(results)]
    lines.append(
        f"Every run starts from {_start(results['settings'])} and trains for a fixed number of epochs; what is "
        "measured is the network after the last one. No epoch is chosen by its accuracy on held-out images."
    )
    lines.append(
        "Head: the classification layer's choice. k-NN: the majority of the "
        f"{results['settings']['neighbours']} nearest training images in the embedding. Accuracy counts all cases "
        "alike; mean class recall counts all classes alike, so that a rare class weighs as much as a common one."
    )
    lines.append(
        "The folds of a seed are pooled into one table, since they share one data set; mean and ± (standard deviation) "
        "are taken over seeds. The spread between folds stands beside it: folds hold other people and few cases."
        if plan["folds"]
        else "Mean and ± (standard deviation) are taken over seeds."
    )
    if len(plan["methods"]) > 1:
        lines.append(_differences(results))
        if "dual" in plan["methods"] or "mul-dml" in plan["methods"]:
            lines.append(
                "The dual triplet loss adds two hinges, so beside cross entropy it weighs about twice as much as the "
                "plain triplet loss; a difference between these two may come from that."
            )
    return lines


def _split(plan: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    known = PROTOCOLS.get(plan["data"])
    people = data["counts"]["subjects"] is not None
    apart = "no person is in both training and held-out part" if people else (
        "who is on an image is unknown, so one person may be in both parts and accuracy may read too high"
    )  # fmt: skip
    if plan["folds"]:
        what = "people" if people else "sequences" if data["counts"]["sequences"] is not None else "images"
        text = f"{plan['folds']} folds of {what}: each is held out once while the others are trained on; {apart}."
    elif known and not known.folds:
        text = f"The data set's own split: {known.text}; {apart}."
    else:
        text = f"One split into training and held-out part; {apart}."
    usual = f" By convention: {known.text}." if known and known.folds else ""
    if known and known.folds != plan["folds"]:
        usual += f" Here it is run with {plan['folds'] or 'no'} folds instead."
    return text + usual


def _start(settings: Mapping[str, Any]) -> str:
    weights = settings["weights"]
    known = {"random": "random weights of its seed", "drawn": "a network that was trained on drawn faces"}
    return known.get(weights, f"the weights {weights}")


def _repeats(plan: Mapping[str, Any]) -> str:
    seeds, drawn = plan["seeds"], plan["data"].startswith("drawn:")
    other = "other faces and batches" if drawn else "other weights to begin with and other batches"
    if not drawn and not plan["folds"] and plan["data"] not in PROTOCOLS:
        other += ", and another split unless the data set has its own"
    names = ", ".join(NAMES[name] for name in plan["methods"])
    return f"Methods: {names}; {seeds} seed(s) of each. A seed means {other}; all methods share them."


def _cases(results: Mapping[str, Any]) -> list[str]:
    if not results["sequences"]:
        return []
    return [
        "Frames of one sequence are one case: their probabilities are averaged before a class is chosen. Numbers of "
        "single images stand beside it, as published figures often count images."
    ]


def _differences(results: Mapping[str, Any]) -> str:
    folds = bool(results["plan"]["folds"])
    return (
        f"Differences from {NAMES[results['control']]} are of the same seeds and folds. The interval (95 %) is "
        "a bootstrap over people (over cases, where people are unknown): how the difference would vary with other "
        "people. It is not corrected for the number of methods, and knows training by these seeds only. As a check, "
        f"Student's t over {'folds' if folds else 'seeds'}, corrected for the number of methods (Holm); "
        + ("training parts of folds overlap, which makes it too narrow." if folds else "it knows one split a seed.")
    )


def findings(results: Mapping[str, Any]) -> list[str]:
    """What came out of it, one line a method; nothing as long as nothing is finished."""
    found = {(one["method"], one["measure"]): one for one in results["differences"]}
    again = {(one["method"], one["measure"]): one for one in results["checks"]}
    lines = []
    for arm in results["methods"]:
        head, recall = (arm["measures"][name]["mean"] for name in ("head_accuracy", "head_recall"))
        text = f"{NAMES[arm['method']]}: {percent(head)} of the cases right, mean class recall {percent(recall)}"
        gap = found.get((arm["method"], "head_accuracy"))
        if gap:
            text += f"; against {NAMES[gap['control']]} {points(gap['mean'])} points, {_said(gap)}"
            text += _not_confirmed(gap, again[arm["method"], "head_accuracy"])
        lines.append(text + ".")
    if not all(arm["whole"] for arm in results["methods"]):
        lines.append(
            "Not every fold has been held out yet: these numbers are of the runs all methods have, and will change."
        )
    return lines


def compared(found: Mapping[str, Any]) -> list[str]:
    """What `compare` found: the settings that differ, then a line for each method and measure."""
    ours, theirs = found["folders"]
    lines = [f"{found['data']}: {ours} against {theirs}"]
    lines += [f"{name}: {here} against {there}" for name, (here, there) in found["settings"].items()]
    for arm in found["methods"]:
        lines.append(f"{NAMES[arm['method']]}, {arm['runs']} runs of each:")
        gaps = {one["measure"]: one for one in arm["differences"]}
        for name, (here, there) in arm["measures"].items():
            text = f"{percent(here)} against {percent(there)}, {points(gaps[name]['mean'])} points"
            lines.append(f"  {MEASURE_NAMES[name]}: {text}, {_said(gaps[name])}")
        lines += [f"  {_checked(one)}" for one in arm["checks"]]
    return lines


def _checked(one: Mapping[str, Any]) -> str:
    kind = READ_OUT_NAMES[one["measure"].split("_")[0]]
    if one["low"] is None:
        return f"check, {kind}: {one['units']} {one['unit']}, too few for Student's t"
    inner = f"{points(one['mean'])}, interval {points(one['low'])} to {points(one['high'])}"
    return f"check, {kind}: Student's t over {one['units']} {one['unit']}: {inner}"


def _not_confirmed(gap: Mapping[str, Any], check: Mapping[str, Any]) -> str:
    """The interval over people takes these trained networks as given; the check doesn't, and may see nothing."""
    if gap["low"] is None or gap["low"] <= 0 <= gap["high"]:
        return ""
    if check["low"] is None or check["low"] <= 0 <= check["high"]:
        return f", but not by the check over {check['units']} {check['unit']}"
    return ""


def _said(gap: Mapping[str, Any]) -> str:
    if gap["low"] is None:
        return f"with {gap['people']} people too few for an interval"
    inside = gap["low"] <= 0 <= gap["high"]
    verdict = "not told apart" if inside else "higher" if gap["mean"] > 0 else "lower"
    return f"interval {points(gap['low'])} to {points(gap['high'])}: {verdict}"


def remarks(results: Mapping[str, Any]) -> list[str]:
    """What was left out or went wrong, and what to know about the data."""
    lines = list(results["data"]["notes"])
    skipped = results["data"]["skipped"]
    if skipped:
        lines.append(f"left out: {len(skipped)}, the first: {skipped[0]}")
    lines += [f"{run['name']} failed: {run['reason']}" for run in results["runs"] if run["state"] == "failed"]
    for arm in results["methods"]:
        runs = [run for run in results["runs"] if run["method"] == arm["method"] and run["state"] == "finished"]
        warned = [run for run in runs if run["warnings"]]
        if warned:
            first = warned[0]["warnings"][0]
            lines.append(f"{NAMES[arm['method']]}: {len(warned)} of {len(runs)} runs ended with a warning; {first}")
    return lines
