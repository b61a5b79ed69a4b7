"""Bangla in xhtml2pdf: HarfBuzz chooses the glyphs of each run, ReportLab draws them, the text stays copyable.

xhtml2pdf and ReportLab place one glyph a character, in the order of the text. Bangla needs more: conjuncts
(ক + ্ + ষ is one glyph), vowel signs drawn before their consonant, reph above the next letter. Three small classes
bring it in, where every measurement (`ShapedFont.stringWidth`) and every drawing (`ShapedText._formatText`) passes;
`shape_paragraph` is called for every paragraph, also those in table cells, headers and footers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfbase.ttfonts import ShapeData, ShapedStr, TTFont, shapeFragWord
from reportlab.pdfgen.textobject import PDFTextObject
from xhtml2pdf.xhtml2pdf_reportlab import PmlParagraph

# A run begins and ends with a Bangla character (dandas and the joiners ZWNJ and ZWJ are among them) and may hold
# punctuation in between. It holds no space: then the widths of words add up to the width of their line, justified
# lines can stretch, and a reader's selection goes word by word.
_BANGLA = "\u0964\u0965\u0980-\u09ff\u200c\u200d\u25cc"
_RUN = re.compile(f"[{_BANGLA}](?:[{_BANGLA}]|[^\\w\\s](?=[{_BANGLA}]))*")
_JOINER = 0x200D
# What browsers switch on by default; ReportLab's own choice adds discretionary ligatures.
_FEATURES = {"kern": True, "liga": True}


class ShapedFont(TTFont):
    """A TrueType font for Bangla only: it measures what HarfBuzz will draw."""

    def __init__(self, name: str, filename: str) -> None:
        super().__init__(name, filename)
        # The file also holds Latin letters, without italics. This font comes first in the family (a joiner inside
        # a word must not go to another font, or the conjunct breaks), so it gives up what Noto Sans draws better.
        kept = re.compile(f"[{_BANGLA} \u00a0]")
        face = self.face
        face.charToGlyph = {code: glyph for code, glyph in face.charToGlyph.items() if kept.match(chr(code))}
        face.glyphToChar = {}
        for code, glyph in face.charToGlyph.items():
            face.glyphToChar.setdefault(glyph, []).append(code)
        # What no font has is drawn with this one, as an empty box, which needs a width.
        face.charWidths.pop(0, None)
        self.shape = lru_cache(maxsize=8192)(self._shape)

    def _shape(self, run: str) -> ShapedStr:
        """Return the glyphs of one run with their places, in thousandths of the font size."""
        word = [0, (SimpleNamespace(fontName=self.fontName, fontSize=1000), run)]
        shaped: ShapedStr = shapeFragWord(word, features=_FEATURES, force=True)[1][1]
        glyphs = list(zip(str(shaped), shaped.__shapeData__, strict=True))
        # A raised mark is a text object of its own. Readers take the end of the first object (pdfium) or the last
        # glyph (poppler) for the end of the run; if that lies further left, they see a gap or a new column before
        # what follows. So marks are drawn after the level glyphs, and an invisible joiner stands at the true end.
        end = sum(glyph.x_advance for _, glyph in glyphs)
        level, raised, pen = [], [], 0
        for char, glyph in glyphs:
            if glyph.y_offset and not glyph.x_advance:
                raised.append((char, glyph._replace(x_offset=glyph.x_offset + pen - end)))
            else:
                level.append((char, glyph))
            pen += glyph.x_advance
        if raised or not glyphs[-1][1].x_advance:
            width = self.face.charWidths[_JOINER]
            raised.append((chr(_JOINER), ShapeData(glyphs[-1][1].cluster, 0, 0, -width, 0, width)))
        chars, places = zip(*level, *raised, strict=True)
        return ShapedStr("".join(chars), list(places))

    def stringWidth(self, text: str | bytes, size: float, encoding: str = "utf8") -> float:
        """Return the width in points of `text` as it will be drawn."""
        width = 0.0
        for run, bangla in runs(_as_str(text)):
            if bangla:
                width += sum(glyph.x_advance for glyph in self.shape(run).__shapeData__) * size / 1000
            else:
                width += super().stringWidth(run, size)
        return width


class ShapedText(PDFTextObject):
    """Draws Bangla runs shaped, and keeps their letters for copying, search and screen readers."""

    def _formatText(self, text: Any) -> str:
        font = getFont(self._fontname)
        if not isinstance(font, ShapedFont):
            return super()._formatText(text)
        return " ".join(
            self._shaped(font, run) if bangla else super(ShapedText, self)._formatText(run)
            for run, bangla in runs(_as_str(text))
        )

    def _shaped(self, font: ShapedFont, run: str) -> str:
        # Glyphs are drawn in visual order and many have no character of their own; ActualText is what they spell.
        letters = (b"\xfe\xff" + run.encode("utf-16-be")).hex()
        return f"/Span <</ActualText <{letters}>>> BDC {super()._formatText(font.shape(run))} EMC"

    def setRise(self, rise: float) -> None:
        # ReportLab replaces a rise that directly follows another and then forgets that it is raised: after two
        # raised marks the rest of the line would hang in the air. The empty entry keeps the two apart.
        self._code.append("")
        super().setRise(rise)


class ShapedParagraph(PmlParagraph):
    """A paragraph that draws through `ShapedText`; its halves after a page break are of the same class."""

    def beginText(self, x: float, y: float) -> ShapedText:
        """Open the text object that every line of the paragraph is drawn with."""
        return ShapedText(self.canv, x, y)


def shape_paragraph(flowable: Any) -> Any:
    """Turn a plain xhtml2pdf paragraph into a shaping one, in place; anything else is returned as it is."""
    if type(flowable) is PmlParagraph:
        flowable.__class__ = ShapedParagraph
    return flowable


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """Cut `text` into stretches and say of each whether it is a Bangla run to shape; nothing is lost."""
    start = 0
    for match in _RUN.finditer(text):
        if match.start() > start:
            yield text[start : match.start()], False
        yield match.group(), True
        start = match.end()
    if start < len(text):
        yield text[start:], False


def _as_str(text: Any) -> str:
    # ReportLab passes UTF-8 bytes in places, xhtml2pdf objects that become the page number.
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
