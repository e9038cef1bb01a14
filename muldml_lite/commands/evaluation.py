"""`evaluate`: a trained network on held-out images, of its own data set or of another."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from sklearn.metrics import confusion_matrix, recall_score

from muldml_lite.config import Config
from muldml_lite.data import DataError, FaceDataset, load_dataset, same_name
from muldml_lite.runs import Run
from muldml_lite.trainer import load_network
from muldml_lite.trainer.evaluate import evaluate, look
from muldml_lite.trainer.seen import keep_unseen


def evaluate_run(
    run: Run, data: str | None = None, root: str | None = None, *, find_faces: bool = False, seed: int | None = None
) -> dict[str, Any]:
    """Head and k-NN accuracy, confusion matrix and mean class recall on the held-out part, all in 0…1.

    Held-out images that the run was trained on, or of people whom it was trained on, are left out and counted.

    Args:
        data, root: another data set; its classes must be among the run's, in any order. Its training
            part is the gallery of the k-NN.
        seed: another seed of the split, and of drawn people.
        find_faces: cut the images around their faces, as is done anyway if the run was trained so on such data.
    """
    config = Config.from_dict(run.config["config"])
    if seed is not None:
        config = dataclasses.replace(config, seed=seed)
    if data or root or find_faces:
        same = data in (None, config.data)
        other = {} if same else {"folds": 0, "fold": 0, "neutral_frames": False}
        other["find_faces"] = find_faces or (same and config.find_faces)
        config = dataclasses.replace(config, data=data or config.data, root=root or config.root, **other)
    unseen = keep_unseen(run, load_dataset(config), config)
    dataset = _with_classes(unseen.dataset, run.probe.classes, config.data)
    view = look(load_network(run), dataset, torch.device("cpu"), config.slices)
    measured = evaluate(view, dataset, np.flatnonzero(dataset.test), [None] * config.slices, config.neighbours)
    truth = dataset.labels[dataset.test]
    said = view.probabilities.argmax(1)[dataset.test]
    return {
        "run": str(run.path),
        "data": config.data,
        "images": int(dataset.test.sum()),
        "images_left_out": unseen.images,
        "people_left_out": len(unseen.people) if unseen.dataset.subject_names else None,
        "notes": list(unseen.notes),
        "head_accuracy": measured.head_accuracy,
        "mean_class_recall": float(recall_score(truth, said, labels=np.unique(truth), average="macro")),
        "knn_accuracy": measured.knn_accuracy,
        "slice_knn_accuracy": measured.slice_knn,
        "classes": list(dataset.classes),
        "confusion": confusion_matrix(truth, said, labels=range(len(dataset.classes))).tolist(),
    }


def _with_classes(dataset: FaceDataset, classes: tuple[str, ...], name: str) -> FaceDataset:
    """The same images with labels counted as the network counts its classes."""
    known = {same_name(label): place for place, label in enumerate(classes)}
    unknown = [label for label in dataset.classes if same_name(label) not in known]
    if unknown:
        raise DataError(f"{name}: class {unknown[0]} is not one of the run's: {', '.join(classes)}")
    places = np.array([known[same_name(label)] for label in dataset.classes])
    return dataclasses.replace(dataset, labels=places[dataset.labels], classes=classes)
