"""Markdown to HTML for a deck: formulas become MathML, which browsers draw themselves; links lead to other decks."""

from __future__ import annotations

import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


def to_html(source: str) -> str:
    """Markdown with formulas to HTML, as nbconvert does, but nothing is left to MathJax."""
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


def mathml(formula: str, display: str = "inline") -> str:
    """A TeX formula as MathML.

    Raises:
        ValueError: if a command of the formula is not known.
    """
    found = convert(formula.replace(r"\arg\min", r"\operatorname{arg\,min}"), display=display)
    if "\\" in found:
        unknown = re.findall(r"\\\w*", found)
        raise ValueError(f"formula {formula}: MathML was expected, and there is none for {' '.join(unknown)}")
    return found


class _Renderer(IPythonRenderer):
    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        number = re.search(r"\\tag\{(.*?)\}", body)
        shown = mathml(re.sub(r"\\tag\{.*?\}", "", body).strip(), "block")
        tag = f'<span class="number">({number[1]})</span>' if number else ""
        return f'<div class="formula">{shown}{tag}</div>'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not url.startswith(("http", "#")):
            url = url.replace(".ipynb", ".slides.html") if ".ipynb" in url else f"../notebooks/{url}"
        return super().link(text, url, title)
