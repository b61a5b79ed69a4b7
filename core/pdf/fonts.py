"""The fonts that printed documents are set in, as ReportLab and xhtml2pdf know them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from .shaping import ShapedFont

FONT_DIR = Path(__file__).resolve().parent.parent.parent / "static" / "fonts"

BANGLA, LATIN, SIGNS = "noto sans bengali", "noto sans", "noto sans math"

# Family -> the files for (regular, bold, italic, bold italic). Every style is named: a style left out would fall
# to whatever ReportLab finds first, which for italic Bangla is a font without Bangla.
FACES = {
    BANGLA: ("NotoSansBengali-Regular", "NotoSansBengali-Bold") * 2,
    LATIN: ("NotoSans-Regular", "NotoSans-Bold", "NotoSans-Italic", "NotoSans-Bold"),
    SIGNS: ("NotoSansMath-Regular",) * 4,
}
# The Bangla font stands first so that joiners inside a word stay with it; it holds no Latin letters.
FONT_CSS = f'html, body, table, pre, code {{ font-family: "{BANGLA}", "{LATIN}", "{SIGNS}"; }}'
STYLES = ((0, 0), (1, 0), (0, 1), (1, 1))


def missing_font_files() -> list[str]:
    """Return the names of font files that documents need and that are not there."""
    names = {f"{face}.ttf" for faces in FACES.values() for face in faces}
    return sorted(name for name in names if not (FONT_DIR / name).is_file())


@cache
def register_fonts() -> None:
    """Make the families known to ReportLab, once a process.

    The shaping font has to be the first of its file: ReportLab keeps the first font of a face and answers later
    ones with it. Hence no `@font-face` either; it would also read 3 MB of files again for each document.
    """
    for family, faces in FACES.items():
        kind = ShapedFont if family == BANGLA else TTFont
        for face in dict.fromkeys(faces):
            pdfmetrics.registerFont(kind(face, str(FONT_DIR / f"{face}.ttf")))
        for (bold, italic), face in zip(STYLES, faces, strict=True):
            addMapping(family, bold, italic, face)
    # Lines are placed by the ascent of their font; with one ascent, Bangla and Latin in neighbouring cells are level.
    latin = pdfmetrics.getFont(FACES[LATIN][0]).face
    for name in set(FACES[BANGLA]):
        face = pdfmetrics.getFont(name).face
        face.ascent, face.descent = latin.ascent, latin.descent
