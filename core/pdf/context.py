"""xhtml2pdf's context with our fonts in it and every paragraph shaped."""

from __future__ import annotations

from typing import Any

from reportlab.lib.fonts import tt2ps
from xhtml2pdf.context import pisaContext

from .fonts import BANGLA, FACES, LATIN, register_fonts
from .shaping import shape_paragraph


class ShapingContext(pisaContext):
    """One document's state in xhtml2pdf; knows the families of `core.pdf.fonts` by name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        register_fonts()
        for family in FACES:
            self.registerFont(family)

    def addStory(self, data: Any) -> None:
        """Take a flowable in; every paragraph passes here, also those of cells, headers and footers."""
        super().addStory(shape_paragraph(data))

    def context(self, msg: str) -> str:
        """Return a log message alone: xhtml2pdf adds the text it was reading, and ours is about patients."""
        return str(msg)

    def _byCoverage(self, frag: Any) -> list[Any]:
        # Page numbers are filled in while drawing, so xhtml2pdf can't look at their letters and takes the first
        # font, which draws Bangla only.
        if getattr(frag, "fontFamilies", None) and not isinstance(getattr(frag, "text", ""), str):
            frag.fontName = tt2ps(LATIN, frag.bold, frag.italic)
        parts = super()._byCoverage(frag)
        # A word wider than its line may be cut, so that a long address or code stays on the page; but never
        # Bangla, where a cut between any two characters would part a conjunct.
        for part in parts:
            part.splitLongWords = part.fontName not in FACES[BANGLA]
        return parts
