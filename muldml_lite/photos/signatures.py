"""What a file is by how it begins, for a kind answer to one that is no picture we read."""

from __future__ import annotations

_PICTURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
_OTHERS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"#!": "a script",
    b"8BPS": "a Photoshop picture",
    b"\x1aE\xdf\xa3": "a video",
}
_MARKUP = ((b"<svg", "an SVG drawing"), (b"<!doctype html", "a web page"), (b"<html", "a web page"))
_BRANDS = {  # of ISO media files, which say `ftyp` and then what they are
    b"hei": "a HEIC photograph, as phones keep them",
    b"hev": "a HEIC photograph, as phones keep them",
    b"mif": "a HEIC photograph, as phones keep them",
    b"avi": "an AVIF picture",
}


def picture_format(content: bytes) -> str | None:
    """JPEG, PNG, WebP, BMP, GIF or TIFF, if the file begins like one."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WebP"
    return next((name for begin, name in _PICTURES.items() if content.startswith(begin)), None)


def other_kind(content: bytes) -> str:
    """What it seems to be instead, as in “it is …”."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for begin, name in _MARKUP:
        if start.startswith(begin):
            return name
    if start.startswith(b"<?xml"):
        return "an SVG drawing" if b"<svg" in start else "an XML document"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in content[:512])
    return file_kind(content) or ("a text" if printable > 0.95 * len(content[:512]) else "of another kind")


def file_kind(content: bytes) -> str | None:
    """What a file that begins with a mark of its kind is, as in “it is …”; None: it has none that is known here."""
    picture = picture_format(content)
    if picture is not None:
        return f"a {picture} picture"
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:11], "a video")
    return next((name for begin, name in _OTHERS.items() if content.startswith(begin)), None)
