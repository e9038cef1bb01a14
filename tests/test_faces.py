"""Drawn faces: the same seed draws the same pixels, and each action unit moves its part of the face."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from muldml_lite import faces

UNITS = faces.ACTION_UNITS
EMFACS = {
    "neutral": (),
    "happiness": ("AU6", "AU12"),
    "sadness": ("AU1", "AU4", "AU15"),
    "surprise": ("AU1", "AU2", "AU5", "AU25", "AU26"),
    "fear": ("AU1", "AU2", "AU4", "AU5", "AU20", "AU25"),
    "anger": ("AU4", "AU5", "AU7", "AU23"),
    "disgust": ("AU9", "AU15", "AU17"),
    "contempt": ("AU12L", "AU14L"),
}
# Units whose pixels change above, and below, the middle of the face.
UPPER = {"AU1", "AU2", "AU4", "AU5", "AU7"}
LOWER = {"AU12", "AU14", "AU15", "AU17", "AU20", "AU23", "AU25", "AU26", "AU12L", "AU12R", "AU14L", "AU14R"}


@pytest.fixture(scope="module")
def person() -> faces.Identity:
    """Bare face, no resting tone, full gain: what a unit does shows undisturbed."""
    someone = faces.sample_identity(np.random.default_rng(5))
    return replace(
        someone,
        hair_style="crop",
        glasses=False,
        beard="none",
        moustache=False,
        age=0.2,
        head_width=1.0,
        head_height=1.0,
        resting=(0.0,) * len(UNITS),
        gain=(1.0,) * len(UNITS),
    )


def only(**strengths: float) -> np.ndarray:
    """Action units (A,) with the named ones set."""
    assert set(strengths) <= set(UNITS)
    return np.array([strengths.get(name, 0.0) for name in UNITS], dtype=np.float32)


def change(person: faces.Identity, units: np.ndarray, size: int = 128) -> np.ndarray:
    """Absolute change of each pixel (size, size) against the person's neutral face."""
    neutral = faces.draw_face(person, only(), size=size).astype(int)
    return np.abs(faces.draw_face(person, units, size=size).astype(int) - neutral).sum(axis=2)


@pytest.mark.parametrize("preset", faces.PRESETS)
def test_same_seed_draws_the_same_set(preset: str) -> None:
    one, same, other = (faces.draw_dataset(preset, subjects=2, images_per_subject=7, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.images, same.images)
    assert np.array_equal(one.action_units, same.action_units)
    assert one.identities == same.identities
    assert one.nuisances == same.nuisances
    assert not np.array_equal(one.images, other.images)


@pytest.mark.parametrize("preset", faces.PRESETS)
def test_more_subjects_or_images_leave_earlier_ones_alone(preset: str) -> None:
    few = faces.draw_dataset(preset, subjects=2, images_per_subject=3, seed=1)
    many = faces.draw_dataset(preset, subjects=4, images_per_subject=3, seed=1)
    longer = faces.draw_dataset(preset, subjects=2, images_per_subject=5, seed=1)
    assert np.array_equal(many.images[:6], few.images)
    assert many.identities[:2] == few.identities
    assert np.array_equal(longer.images.reshape(2, 5, 64, 64, 3)[:, :3], few.images.reshape(2, 3, 64, 64, 3))


@pytest.mark.parametrize("preset", faces.PRESETS)
def test_arrays_agree_in_shape_and_type(preset: str) -> None:
    drawn = faces.draw_dataset(preset, subjects=3, images_per_subject=7, size=48, seed=2)
    assert drawn.images.shape == (21, 48, 48, 3)
    assert drawn.images.dtype == np.uint8
    for labels in (drawn.labels, drawn.true_labels, drawn.subjects):
        assert labels.shape == (21,)
        assert labels.dtype == np.int64
    assert drawn.action_units.shape == (21, len(UNITS))
    assert drawn.action_units.dtype == np.float32
    assert drawn.action_units.min() >= 0
    assert drawn.action_units.max() <= 1
    assert drawn.subjects.tolist() == [0] * 7 + [1] * 7 + [2] * 7
    assert (len(drawn.identities), len(drawn.nuisances)) == (3, 21)
    assert drawn.images.std(axis=(1, 2, 3)).min() > 5


def test_a_recorded_image_can_be_drawn_again() -> None:
    drawn = faces.draw_dataset("wild", subjects=2, images_per_subject=4, seed=9)
    for index, image in enumerate(drawn.images):
        person = drawn.identities[drawn.subjects[index]]
        again = faces.draw_face(person, drawn.action_units[index], drawn.nuisances[index])
        assert np.array_equal(again, image)


def test_a_face_does_not_depend_on_what_was_drawn_before(person: faces.Identity) -> None:
    happy = faces.prototype("happiness")
    first = faces.draw_face(person, happy)
    faces.draw_face(person, faces.prototype("fear"), replace(faces.FRONTAL, roll=20, occluder="hand"))
    assert np.array_equal(faces.draw_face(person, happy), first)


def test_prototypes_contain_the_emfacs_units() -> None:
    assert faces.EXPRESSIONS == ("neutral", "happiness", "sadness", "surprise", "fear", "anger", "disgust")
    for expression, names in EMFACS.items():
        units = faces.prototype(expression)
        assert units.dtype == np.float32
        assert units.min() >= 0
        assert units.max() <= 1
        assert all(units[UNITS.index(name)] >= 0.5 for name in names), expression
    assert not faces.prototype("neutral").any()


def test_a_prototype_may_be_changed_by_its_caller() -> None:
    faces.prototype("anger")[:] = 0
    assert faces.prototype("anger").any()


@pytest.mark.parametrize("name", UNITS)
def test_each_action_unit_changes_its_region(person: faces.Identity, name: str) -> None:
    changed = change(person, only(**{name: 1.0}))
    rows = changed.sum(axis=1)  # (size,)
    assert (changed > 40).sum() >= 12
    eye_line, upper_lip = int(0.56 * 128), int(0.58 * 128)
    if name in UPPER:
        assert rows[:eye_line].sum() > 0.9 * rows.sum()
    if name in LOWER:
        assert rows[upper_lip:].sum() > 0.9 * rows.sum()


@pytest.mark.parametrize(("name", "side"), [("AU12L", 1), ("AU12R", -1), ("AU14L", 1), ("AU14R", -1)])
def test_one_sided_units_stay_on_their_side(person: faces.Identity, name: str, side: int) -> None:
    columns = change(person, only(**{name: 1.0})).sum(axis=0)  # (size,)
    left, right = columns[:64].sum(), columns[64:].sum()
    # FACS sides are the person's own: their left is on the image's right.
    assert (right if side > 0 else left) > 2 * (left if side > 0 else right)


@pytest.mark.parametrize("preset", faces.PRESETS)
def test_a_jaw_drop_stays_inside_the_frame(person: faces.Identity, preset: str) -> None:
    """Also for a long head, in the lowest and largest place that the preset can give."""
    how = faces.DIFFICULTIES[preset]
    shot = replace(faces.FRONTAL, shift_y=how.shift, scale=how.scale[1], pitch=how.pitch)
    for height in (0.95, 1.0, 1.05):
        someone = replace(person, head_height=height)
        closed = faces.draw_face(someone, only(), shot, 128).astype(int)
        dropped = faces.draw_face(someone, only(AU25=1.0, AU26=1.0), shot, 128).astype(int)
        changed = np.abs(closed - dropped).sum(axis=2) > 120  # mouth and lips, not the chin's shadow
        assert changed.sum() > 200
        assert not changed[-2:].any()


def test_backgrounds_differ_between_images_of_one_person() -> None:
    for preset in faces.PRESETS:
        drawn = faces.draw_dataset(preset, subjects=2, images_per_subject=7, seed=0)
        assert len({shot.background for shot in drawn.nuisances}) == 14
        assert len({shot.shirt for shot in drawn.nuisances}) == 14
        corners = drawn.images[:, 2, 2].astype(int)  # (n, 3)
        assert len({tuple(corner) for corner in corners.tolist()}) == 14


def test_posed_is_balanced_and_truly_labelled() -> None:
    drawn = faces.draw_dataset("posed", subjects=4, images_per_subject=14, size=16, seed=0)
    assert np.bincount(drawn.true_labels, minlength=7).tolist() == [8] * 7
    assert np.array_equal(drawn.labels, drawn.true_labels)


def test_wild_records_its_wrong_labels_and_its_imbalance() -> None:
    drawn = faces.draw_dataset("wild", subjects=60, images_per_subject=40, size=16, seed=0)
    wrong = float(np.mean(drawn.labels != drawn.true_labels))
    assert 0.025 < wrong < 0.055
    shares = np.bincount(drawn.true_labels, minlength=7) / len(drawn.labels)
    expected = np.array([0.21, 0.39, 0.16, 0.105, 0.025, 0.06, 0.06])
    assert np.abs(shares - expected).max() < 0.03
    assert {shot.occluder for shot in drawn.nuisances} == set(faces.OCCLUDERS)


def test_without_gain_action_units_have_no_effect(person: faces.Identity) -> None:
    still = replace(person, gain=(0.0,) * len(UNITS))
    neutral = faces.draw_face(still, only())
    for expression in faces.EXPRESSIONS:
        assert np.array_equal(faces.draw_face(still, faces.prototype(expression)), neutral)


def test_resting_tone_shows_without_any_action_unit(person: faces.Identity) -> None:
    grim = replace(person, resting=tuple(only(AU4=0.6).tolist()))
    assert np.array_equal(faces.draw_face(grim, only()), faces.draw_face(person, only(AU4=0.6)))


def test_every_hair_style_and_occluder_can_be_drawn(person: faces.Identity) -> None:
    happy = faces.prototype("happiness")
    styles = [faces.draw_face(replace(person, hair_style=style), happy) for style in faces.HAIR_STYLES]
    shots = [faces.draw_face(person, happy, replace(faces.FRONTAL, occluder=kind)) for kind in faces.OCCLUDERS]
    assert len({image.tobytes() for image in styles}) == len(faces.HAIR_STYLES)
    assert len({image.tobytes() for image in shots}) == len(faces.OCCLUDERS)


def test_beards_leave_the_mouth_visible(person: faces.Identity) -> None:
    smile, grief = only(AU12=1.0), only(AU15=1.0)
    for beard in ("none", "stubble", "goatee", "full"):
        bearded = replace(person, beard=beard, moustache=True)
        apart = np.abs(faces.draw_face(bearded, smile).astype(int) - faces.draw_face(bearded, grief)).sum(axis=2)
        assert (apart > 60).sum() > 20


def test_a_sheet_has_a_row_per_identity() -> None:
    sheet = faces.expression_sheet(identities=3, size=32, seed=1, gap=2)
    assert sheet.shape == (3 * 34 - 2, 7 * 34 - 2, 3)
    assert sheet.dtype == np.uint8
    assert np.array_equal(sheet, faces.expression_sheet(identities=3, size=32, seed=1, gap=2))


def test_people_and_shots_are_immutable(person: faces.Identity) -> None:
    with pytest.raises(FrozenInstanceError):
        person.head_width = 2.0
    with pytest.raises(FrozenInstanceError):
        faces.FRONTAL.yaw = 2.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: faces.draw_dataset("tame", subjects=1, images_per_subject=1), ("preset", "'tame'", "posed, wild")),
        (lambda: faces.draw_dataset("posed", subjects=0, images_per_subject=1), ("subjects", "0", "at least 1")),
        (lambda: faces.draw_dataset("posed", subjects=1, images_per_subject=1.5), ("images_per_subject", "1.5")),
        (lambda: faces.draw_dataset("posed", subjects=1, images_per_subject=1, size=8), ("size", "8", "16 to 512")),
        (lambda: faces.draw_dataset("posed", subjects=1, images_per_subject=1, seed=-1), ("seed", "-1")),
        (lambda: faces.prototype("joy"), ("expression", "'joy'", "happiness")),
        (lambda: faces.sample_nuisance(np.random.default_rng(0), "tame"), ("preset", "'tame'")),
        (lambda: faces.expression_sheet(identities=0), ("identities", "0")),
        (lambda: faces.expression_sheet(size=1000), ("size", "1000")),
        (
            lambda: faces.draw_face(faces.sample_identity(np.random.default_rng(0)), np.zeros(3)),
            ("action_units", "(3,)", f"({len(UNITS)},)"),
        ),
    ],
)
def test_bad_input_names_argument_value_and_what_was_expected(call, words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
