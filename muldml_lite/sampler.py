"""Batches of P classes × K images, so that every anchor finds positives and negatives in its batch."""

import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator

from torch.utils.data import Sampler

from muldml_lite.labels import Labels, NoTripletsWarning, read_labels


class RepeatedImagesWarning(UserWarning):
    """Some classes have fewer images than a batch holds of each, so that an image meets itself as a positive."""


class PKSampler(Sampler[list[int]]):
    """A batch sampler: every batch holds `classes_per_batch` distinct classes × `images_per_class` images.

    labels              (n,) class of every image: a list, array, Series or tensor of whole numbers or text
    classes_per_batch   P, at most the number of classes
    images_per_class    K
    batches_per_epoch   ceil(n / (P·K)) when not given
    seed                together with the epoch (`set_epoch`) it fixes every batch

    Classes are dealt from a shuffled deck that holds each class once, so within an epoch all classes are
    drawn equally often (give or take one): a rare class is seen as often as a common one. The images
    of a class are dealt the same way: none repeats before all were used, and within a batch an image repeats
    only when its class has fewer than K (`RepeatedImagesWarning`), and then no more often than needed. Decks are new
    every epoch, hence an epoch depends on (seed, epoch) alone and a resumed run draws what an uninterrupted one would
    have. Batches without positives or without negatives are warned of, too (`NoTripletsWarning`).
    """

    def __init__(
        self,
        labels: Labels,
        *,
        classes_per_batch: int,
        images_per_class: int,
        batches_per_epoch: int | None = None,
        seed: int = 0,
    ) -> None:
        labels = read_labels(labels)
        self._images: dict[int | str, list[int]] = defaultdict(list)
        for index, label in enumerate(labels.tolist()):
            self._images[label].append(index)
        _check_count("classes_per_batch", classes_per_batch, most=len(self._images))
        _check_count("images_per_class", images_per_class)
        if batches_per_epoch is None:
            batches_per_epoch = -(-len(labels) // (classes_per_batch * images_per_class))
        _check_count("batches_per_epoch", batches_per_epoch)
        _warn(self._images, classes_per_batch, images_per_class)
        self.classes_per_batch = classes_per_batch
        self.images_per_class = images_per_class
        self.batches_per_epoch = batches_per_epoch
        self.seed = seed
        self.epoch = 0

    @property
    def batch_size(self) -> int:
        """Images in a batch, P·K."""
        return self.classes_per_batch * self.images_per_class

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[list[int]]:
        # A text as seed is hashed whole, so (seed, epoch) pairs never coincide as sums or products could.
        rng = random.Random(f"{self.seed} {self.epoch}")
        classes = _Deck(sorted(self._images), rng)
        images = {label: _Deck(members, rng) for label, members in self._images.items()}
        for _ in range(self.batches_per_epoch):
            chosen = classes.deal(self.classes_per_batch)
            yield [index for label in chosen for index in images[label].deal(self.images_per_class)]


class _Deck:
    """Shuffled cards, dealt to the last one before they are shuffled anew."""

    def __init__(self, cards: list[int], rng: random.Random) -> None:
        self._cards = cards
        self._rng = rng
        self._left: list[int] = []  # the next one last: taking from a list's end moves nothing

    def deal(self, count: int) -> list[int]:
        hand = self._left[: -count - 1 : -1]
        del self._left[-count:]
        while len(hand) < count:
            fresh = self._rng.sample(self._cards, len(self._cards))
            # A hand may span two shuffles: cards that it holds already, the most often held ones last, have to wait.
            held = Counter(hand)
            dealt = sorted(fresh, key=held.__getitem__)[: count - len(hand)]
            hand += dealt
            gone = set(dealt)
            self._left = [card for card in reversed(fresh) if card not in gone]
        return hand


def _warn(images: dict[int | str, list[int]], classes_per_batch: int, images_per_class: int) -> None:
    """Say what will be lacking in the batches."""
    if classes_per_batch == 1 or images_per_class == 1:
        name, lack = ("images_per_class", "positive") if images_per_class == 1 else ("classes_per_batch", "negative")
        text = f"{name} is 1, so no image has a {lack} in its batch: triplet losses need 2 or more"
        warnings.warn(text, NoTripletsWarning, stacklevel=3)
    rare = {label: len(members) for label, members in images.items() if len(members) < images_per_class}
    if rare:
        fewest = min(rare, key=rare.__getitem__)
        text = f"{len(rare)} of {len(images)} classes have fewer images than images_per_class = {images_per_class}"
        text += f" (class {fewest!r}: {rare[fewest]}), so images repeat within their batch"
        warnings.warn(text, RepeatedImagesWarning, stacklevel=3)


def _check_count(name: str, value: int, most: int | None = None) -> None:
    upper = "" if most is None else f" and at most {most}, the number of classes"
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1{upper}")
