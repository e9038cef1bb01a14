"""`jupyter nbconvert --to slides --config notebooks/deck/config.py`: decks that need no network."""

import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(NOTEBOOKS))

# nbconvert would go on without this file after an error in it, with decks that need a network. SystemExit it heeds.
try:
    from deck.arrange import Arrange, find_reveal
    from deck.markup import to_html

    find_reveal()
except ModuleNotFoundError as error:
    sys.exit(f"slides: {error}. Install what they need: pip install --no-deps -r notebooks/slides.txt")

c = get_config()  # noqa: F821
c.SlidesExporter.extra_template_basedirs = [str(NOTEBOOKS)]
c.SlidesExporter.template_name = "deck"
c.SlidesExporter.preprocessors = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor", Arrange]
c.SlidesExporter.filters = {"markdown2html": to_html}
