"""Small trees of drawn faces in the layouts of the real data sets."""

import csv
from functools import cache

import numpy as np
from PIL import Image

from muldml_lite.faces import EXPRESSIONS, FRONTAL, draw_face, prototype, sample_identity

SIDE = 32
CK_CODES = {"anger": 1, "contempt": 2, "disgust": 3, "fear": 4, "happiness": 5, "sadness": 6, "surprise": 7}
CK_FRAMES = 5
MMI_CODES = {"anger": 1, "disgust": 2, "fear": 3, "happiness": 4, "sadness": 5, "surprise": 6}
RAF_CODES = dict(
    zip(("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"), range(1, 8), strict=True)
)
FER_CODES = dict(
    zip(("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"), range(7), strict=True)
)
SPOKEN = {"anger": "Angry", "happiness": "Happy", "sadness": "Sad"}  # as class folders in the wild are called


@cache
def face(person, expression, strength=1.0, side=SIDE):
    """(side, side, 3) uint8: one person's expression, from neutral (0) to full (1)."""
    return draw_face(sample_identity(np.random.default_rng(person)), prototype(expression) * strength, FRONTAL, side)


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def make_ck(root, people=4, expressions=tuple(CK_CODES), frames=CK_FRAMES):
    """The official layout; person 5 of 4 has a sequence without a label, as most of CK+'s have."""
    for person in range(people + 1):
        subject = f"S{person + 10:03d}"
        for number, expression in enumerate(expressions if person < people else expressions[:1], 1):
            name = f"{subject}/{number:03d}"
            for frame in range(1, frames + 1):
                shown = face(person, expression, (frame - 1) / (frames - 1))
                save(root / f"cohn-kanade-images/{name}/{subject}_{number:03d}_{frame:08d}.png", shown)
            if person < people:
                text = f"   {CK_CODES[expression]:.7e}\n"  # the set writes 3.0000000e+00
                write(root / f"Emotion/{name}/{subject}_{number:03d}_{frames:08d}_emotion.txt", text)
            else:
                (root / f"Emotion/{name}").mkdir(parents=True)
    save(root / "cohn-kanade-images/S010/001/._S010_001_00000009.png", face(0, "neutral"))
    return root


def make_ck48(root, people=4, expressions=tuple(CK_CODES)):
    """Class folders whose file names carry subject and sequence."""
    for person in range(people):
        for number, expression in enumerate(expressions, 1):
            for frame in range(3):
                name = f"S{person + 10:03d}_{number:03d}_{frame + 14:08d}.png"
                save(
                    root / f"{expression.replace('happiness', 'happy')}/{name}",
                    face(person, expression, 0.8 + frame / 10),
                )
    return root


def make_mmi(root, people=3, frames=9):
    """Sessions with extracted frames that go from neutral to the expression and back; three that cannot be used."""
    session = 0
    for person in range(1, people + 1):
        for expression, code in MMI_CODES.items():
            session += 1
            film(root, session, person, code, [face(person, expression, s) for s in there_and_back(frames)])
    film(root, session + 1, 1, 7, [face(1, "surprise")] * 4)  # a scream
    film(root, session + 2, 1, 1, [face(1, "anger")] * 4, view=1)  # in profile
    film(root, session + 3, 1, None, [face(1, "neutral")] * 4)  # action units only
    return root


def there_and_back(frames):
    return (1 - np.abs(np.linspace(-1, 1, frames))).tolist()


def film(root, session, person, code, frames, view=0):
    folder = root / f"Sessions/{session}"
    stem = f"S{person:03d}-{session:03d}"
    write(
        folder / "session.xml", f'<session sessionId="{session}"><track view="{view}" filename="{stem}.avi"/></session>'
    )
    emotion = "" if code is None else f'<Metatag Name="Emotion" Value="{code}"/>'
    write(folder / f"{stem}.xml", f'<ActionUnitCoding><Metatag Name="Coder" Value="2"/>{emotion}</ActionUnitCoding>')
    for number, image in enumerate(frames, 1):
        save(folder / f"{number}.png", image)  # not padded: frame 10 comes after frame 9
    return folder


def make_classes(folder, people, name=lambda expression: SPOKEN.get(expression, expression.title()), suffix="png"):
    """One folder a class, one image of each person in each."""
    for expression in EXPRESSIONS:
        for person in people:
            save(folder / name(expression) / f"film_{person:09d}.{suffix}", face(person, expression))
    return folder


def make_sfew(root):
    make_classes(root / "Train/Train_Aligned_Faces", range(4))
    make_classes(root / "Val/Val_Aligned_Faces_new", range(4, 6))
    save(root / "Test/Test_Aligned_Faces/000.png", face(9, "fear"))
    return root


def make_raf_db(root):
    lines, count = [], {"train": 0, "test": 0}
    for part, people in (("train", range(4)), ("test", range(4, 6))):
        for person in people:
            for expression, code in RAF_CODES.items():
                count[part] += 1
                name = f"{part}_{count[part]:0{5 if part == 'train' else 4}d}"
                lines.append(f"{name}.jpg {code}")
                save(root / f"basic/Image/aligned/{name}_aligned.jpg", face(person, expression))
    write(root / "basic/EmoLabel/list_patition_label.txt", "\n".join(lines) + "\n")
    write(root / "compound/EmoLabel/list_patition_label.txt", "train_0001.jpg 9\n")
    return root


def make_fer2013(root, columns=("emotion", "pixels", "Usage"), name="fer2013.csv"):
    root.mkdir(parents=True, exist_ok=True)
    with open(root / name, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        for use, people in (("Training", range(4)), ("PublicTest", range(4, 5)), ("PrivateTest", range(5, 7))):
            for person in people:
                for expression, code in FER_CODES.items():
                    grey = face(person, expression, side=48).mean(2).astype(np.uint8)
                    values = {"emotion": code, "pixels": " ".join(map(str, grey.ravel())), "usage": use}
                    table.writerow([values[column.strip().lower()] for column in columns])
    return root
