"""HTML to PDF. xhtml2pdf is imported with the first document: web processes only serve what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

STATIC_DIR = Path(__file__).resolve().parent.parent.parent / "static"

# Characters that XML and PDF strings cannot carry: controls, halves of pairs, non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class PdfError(Exception):
    """A document could not be made; `str(error)` is a sentence, the cause is in the log."""


def render_pdf(template_name: str, context: Mapping[str, Any]) -> bytes:
    """Return the PDF of a Django template; see `html_to_pdf`."""
    return html_to_pdf(render_to_string(template_name, dict(context)))


def html_to_pdf(html: str) -> bytes:
    """Return the PDF of an HTML page.

    xhtml2pdf holds one lock a process: documents are made one after the other, 0.1 to 0.2 s for two pages. Call it
    in the task worker, once for each version of a document, store the result and serve that. Pictures come as
    `data:` URIs or as paths below `static/` (`<img src="img/seal.png">`); any other file and every network address
    is refused and left out, with a warning in the log. Raises PdfError when xhtml2pdf reports errors.
    """
    from xhtml2pdf import document
    from xhtml2pdf.config.resources import ResourceAccessPolicy
    from xhtml2pdf.default import DEFAULT_CSS

    from .context import ShapingContext
    from .fonts import FONT_CSS

    # pisaDocument makes its own context and has no argument for another class.
    document.pisaContext = ShapingContext
    target = BytesIO()
    status = document.pisaDocument(
        _UNPRINTABLE.sub("", html),
        target,
        default_css=DEFAULT_CSS + FONT_CSS,
        path=str(STATIC_DIR / "document.html"),
        resource_policy=ResourceAccessPolicy.server(STATIC_DIR, allow_remote=False),
        raise_exception=False,
    )
    if status.err or not target.getvalue().startswith(b"%PDF"):
        raise PdfError(_("We couldn't make this document. Please try again, or tell the hospital's office."))
    return target.getvalue()
