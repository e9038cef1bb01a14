"""What each action unit is: its name in FACS, the muscle behind it, and what to look for in a face."""

from __future__ import annotations

from typing import NamedTuple

REGIONS = ("Brows", "Eyes", "Cheeks and nose", "One side of the mouth", "Mouth")


class UnitFacts(NamedTuple):
    """One action unit in words."""

    title: str  # its name in FACS
    region: str  # one of REGIONS
    muscle: str  # what pulls
    look: str  # what shows


UNIT_FACTS: dict[str, UnitFacts] = {
    "AU1": UnitFacts(
        "Inner brow raiser",
        "Brows",
        "frontalis, middle part",
        "The inner ends of the brows go up; short lines in the middle of the forehead. Sadness and fear need it.",
    ),
    "AU2": UnitFacts(
        "Outer brow raiser",
        "Brows",
        "frontalis, outer part",
        "The outer ends of the brows go up and arch. With AU1, lines run across the whole forehead: surprise.",
    ),
    "AU4": UnitFacts(
        "Brow lowerer",
        "Brows",
        "corrugator and depressor supercilii, procerus",
        "The brows come down and together; upright folds between them. Anger, and with AU1 sadness and fear.",
    ),
    "AU5": UnitFacts(
        "Upper lid raiser",
        "Eyes",
        "levator palpebrae superioris",
        "The eyes are wide open and white shows above the iris. Fear and surprise; with AU4, an angry stare.",
    ),
    "AU7": UnitFacts(
        "Lid tightener",
        "Eyes",
        "orbicularis oculi, inner part",
        "The lids tighten and the lower one straightens. Anger; easily mistaken for AU6.",
    ),
    "AU6": UnitFacts(
        "Cheek raiser",
        "Cheeks and nose",
        "orbicularis oculi, outer part",
        "The cheeks rise, the eyes narrow, crow's feet appear. A felt smile has it, a polite one often does not.",
    ),
    "AU9": UnitFacts(
        "Nose wrinkler",
        "Cheeks and nose",
        "levator labii superioris alaeque nasi",
        "Wrinkles along the nose, the upper lip is pulled up. Disgust.",
    ),
    "AU12": UnitFacts(
        "Lip corner puller",
        "Mouth",
        "zygomaticus major",
        "The corners of the mouth go up and outwards, the cheek fold deepens. Smiles.",
    ),
    "AU14": UnitFacts(
        "Dimpler",
        "Mouth",
        "buccinator",
        "The corners tighten inwards, with a dimple beside each.",
    ),
    "AU15": UnitFacts(
        "Lip corner depressor",
        "Mouth",
        "depressor anguli oris",
        "The corners of the mouth are pulled down. Sadness and disgust.",
    ),
    "AU17": UnitFacts(
        "Chin raiser",
        "Mouth",
        "mentalis",
        "The chin bunches up and pushes the lower lip upwards: a pout.",
    ),
    "AU20": UnitFacts(
        "Lip stretcher",
        "Mouth",
        "risorius, with platysma",
        "The mouth is stretched sideways and flat. Fear.",
    ),
    "AU23": UnitFacts(
        "Lip tightener",
        "Mouth",
        "orbicularis oris",
        "The lips are pressed thin and narrow. Anger.",
    ),
    "AU25": UnitFacts(
        "Lips part",
        "Mouth",
        "depressor labii inferioris, or mentalis relaxes",
        "The lips open; teeth may show.",
    ),
    "AU26": UnitFacts(
        "Jaw drop",
        "Mouth",
        "masseter relaxes",
        "The chin sinks and the mouth opens downwards. Surprise. Opens most together with AU25.",
    ),
    "AU12L": UnitFacts(
        "Lip corner puller, left",
        "One side of the mouth",
        "zygomaticus major, left",
        "A half smile on the person's own left, which is on your right.",
    ),
    "AU12R": UnitFacts(
        "Lip corner puller, right",
        "One side of the mouth",
        "zygomaticus major, right",
        "A half smile on the person's own right, which is on your left.",
    ),
    "AU14L": UnitFacts(
        "Dimpler, left",
        "One side of the mouth",
        "buccinator, left",
        "One corner tightens, on the person's own left. Alone it reads as contempt.",
    ),
    "AU14R": UnitFacts(
        "Dimpler, right",
        "One side of the mouth",
        "buccinator, right",
        "One corner tightens, on the person's own right. Alone it reads as contempt.",
    ),
}
