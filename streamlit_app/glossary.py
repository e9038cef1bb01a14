"""The project's words, each in a sentence or two. `docs/GLOSSARY.md` is written from here."""

from __future__ import annotations

import streamlit as st

from muldml_lite.metrics import SATURATED
from muldml_lite.widgets.slices import RESIDUAL

GLOSSARY = {
    "active": "A hinge whose value is above 0: its triplet still pulls and pushes. The active fraction is the share of "
    "such triplets.",
    "action unit": "One visible movement of the face, numbered by FACS: 12 pulls the mouth's corners up, 4 draws the "
    "brows together. Drawn faces are made of them.",
    "anchor": "The first image of a triplet, *a*; the positive and the negative are judged by their distance to it.",
    "backbone": "The network that turns an image into features, before the embedding matrix M.",
    "batch": "The images of one training step: P classes with K images each.",
    "batch-all": "Mining that looks at every valid triplet of a batch.",
    "Batch Hard": "Mining that gives each anchor its farthest positive and its nearest negative in the batch: one "
    "triplet an image.",
    "chance level": "What guessing would reach. A number means little without it.",
    "CKA": "Centred kernel alignment: how alike two slices arrange the same images, from 0 (unrelated) to 1 (the same "
    "up to turning and scale).",
    "collapse": "All images end on nearly one point: distances go to 0 and the triplet loss stays at τ. Accuracy alone "
    "does not show it.",
    "confidence": "How sure the classification head is: the softmax share of the class it chose.",
    "control": "The run a treatment is compared with. It differs in the one thing that is claimed to matter.",
    "distance": "D(a,p) = |f(a) − f(p)|, the straight line between two embeddings. Between unit-length slices it lies "
    "between 0 and 2.",
    "draw": "A fresh set of people and images. Draws are independent of one another, so intervals are made over draws.",
    "dual triplet loss": "Judges a triplet from the anchor's and from the positive's side: "
    "[D(a,p) − D(a,n) + τ]₊ + [D(a,p) − D(p,n) + τ]₊.",
    "embedding": "The list of numbers a network makes of an image. Distances between embeddings are what is trained.",
    "epoch": "One pass of training over all training images. Epoch 0 is the untrained network.",
    "fold": "One of several splits of the people into training and test; together, everybody is tested once.",
    "head": "The classification layer on the whole embedding. It says which expression it sees.",
    "hinge": "[x]₊ = max(x, 0): what lies above 0 counts, the rest is 0. A triplet loss is one.",
    "Holm": "A correction for asking many questions at once: intervals are widened so that the chance of even one "
    "wrong finding in the whole study stays at 5 %.",
    "identity": "Who is shown, in contrast to which expression. Raw pixels of posed faces follow identity.",
    "incomplete judgement": "A triplet that looks right from the anchor, D(a,p) + τ ≤ D(a,n), although the positive is "
    "nearer to the negative than to the anchor, D(p,n) < D(a,p). The triplet loss does not punish it.",
    "inter-class variation": "How the distances between images of different classes are spread. Each τ shapes it in "
    "its own way.",
    "interval": "A range that holds the true difference in 95 % of studies. If it contains 0, no difference is shown.",
    "intra-class distance": "A distance between two images of the same class.",
    "k-NN": "The k nearest training images vote for the class. k-NN accuracy is how often the vote is right.",
    "layout": "A flat map of an embedding, by PCA or UMAP. Flattening loses something: distances on the map are not D.",
    "linear probe": "A linear classifier trained on frozen embeddings: what a linear rule can read from them.",
    "mining": "The choice of triplets that a loss looks at: Batch Hard, semi-hard, or batch-all.",
    "Mul-DML": "Multi-threshold deep metric learning: N slices, each trained at a τ of its own, all at once.",
    "negative": "The third image of a triplet, *n*: of another class than the anchor. It should be far.",
    "PCA": "The flat view in which an embedding is spread most. Fast, linear, always the same.",
    "positive": "The second image of a triplet, *p*: of the anchor's class. It should be near.",
    "posed": "Drawn faces seen from the front, with clean light and strong expressions.",
    "probe set": "The images that are followed through a training: the same ones after every epoch, so that they can "
    "be drawn as points that move.",
    "recurrence": "(A,B,C) judged incompletely in one iteration brings (B,A,C) judged incompletely in the next, and "
    "back: training may turn in a circle.",
    "regime": "The circumstances of a comparison: which data, which mining, how it was trained.",
    "residual": RESIDUAL,
    "run": "A folder with everything that a training wrote; the app and the notebooks read it.",
    "saturated": f"At least {SATURATED:.0%} of the hinges are active. If all are, τ is a constant without gradient, "
    "and another τ would train the very same network.",
    "seed": "The number that chance starts from. The same seed repeats a run; other seeds show how much is chance.",
    "semi-hard": "Mining that takes, for each pair of anchor and positive, the nearest negative that is farther than "
    "the positive, and the farthest one if there is none.",
    "slice": "One of N equal pieces of the embedding, with a length of 1 and a threshold of its own.",
    "subject": "A person. Subjects of the test set are never in the training set.",
    "threshold": "τ, also called margin: by how much D(a,n) must exceed D(a,p) before a triplet is left alone.",
    "triplet": "An anchor, a positive of its class and a negative of another class.",
    "triplet loss": "[D(a,p) − D(a,n) + τ]₊: 0 once the negative is farther than the positive by τ, else what is "
    "missing.",
    "UMAP": "A flat map that keeps neighbours together. Gaps and sizes of clusters on it mean little.",
    "unit length": "Each slice is scaled to a length of 1, so it lies on a sphere, and only its direction counts.",
    "unseen": "Not trained on: no image of this person was in the training set.",
    "verdict": "A study's answer to a claim, by the claim's rule: supported, supported in some settings, contradicted, "
    "impossible (proved), not supported, untestable here, or needs data.",
    "warm-up": "The first epochs, which train cross entropy alone to avoid collapse. Triplets are mined and the metric "
    "loss is measured, but nothing is learnt from them.",
    "wild": "Drawn faces with turned heads, odd light, things in the way, weak expressions and some wrong labels.",
}
_ALSO = {
    "margin": "threshold",
    "τ": "threshold",
    "active fraction": "active",
    "saturation": "saturated",
    "expression": "action unit",
    "person": "subject",
    "dual": "dual triplet loss",
    "Δ": "residual",
    "gallery": "k-NN",
    "neighbours": "k-NN",
    "cycle": "recurrence",
    "metric learning": "Mul-DML",
    "D(a,p)": "distance",
    "D": "distance",
}


def term(word: str) -> str:
    """The definition of a word, or of another name for it.

    Raises:
        KeyError: the glossary doesn't have it.
    """
    found = _ALSO.get(word, word)
    if found not in GLOSSARY:
        raise KeyError(f"the glossary has no {word!r}")
    return GLOSSARY[found]


def search(wanted: str) -> dict[str, str]:
    """Words that begin with what is wanted first, then those whose name or text has it; all for nothing."""
    wanted = wanted.strip().casefold()
    names = {word: [word, *(also for also, of in _ALSO.items() if of == word)] for word in GLOSSARY}
    starts = [word for word in GLOSSARY if any(name.casefold().startswith(wanted) for name in names[word])]
    holds = [word for word, text in GLOSSARY.items() if wanted in f"{' '.join(names[word])} {text}".casefold()]
    return {word: GLOSSARY[word] for word in dict.fromkeys([*starts, *holds])}


@st.fragment
def words() -> None:
    """A button that opens the glossary beside the page; it sends its words only when it is open."""
    with st.popover("Words", icon=":material/menu_book:", type="tertiary", key="words", on_change="rerun") as place:
        if not place.open:
            return
        wanted = st.text_input("Find a word", key="words_wanted", type="search", max_chars=40, live=True)
        found = search(wanted or "")
        if not found:
            st.markdown("No such word. Try a shorter one.")
        with st.container(height=320, border=False):
            st.markdown("\n\n".join(f"**{_marked(word)}**: {_marked(text)}" for word, text in found.items()))


def _marked(text: str) -> str:
    """Brackets of formulas are no links in Markdown."""
    return text.replace("[", "\\[").replace("]", "\\]")


def page() -> str:
    """The glossary as a Markdown page."""
    also = {of: [name for name, to in _ALSO.items() if to == of] for of in _ALSO.values()}
    names = {word: f"**{word}** ({', '.join(also[word])})" if word in also else f"**{word}**" for word in GLOSSARY}
    lines = [f"{names[word]}: {_marked(text)}" for word, text in GLOSSARY.items()]
    return "# Words\n\n" + "\n\n".join(lines) + "\n"
