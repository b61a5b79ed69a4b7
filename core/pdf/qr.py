"""QR codes as pictures that need no file."""

from __future__ import annotations

import segno


def qr_png_data_uri(text: str) -> str:
    """Return a QR code of `text` as a `data:` URI for `<img src>`; print it at 28 mm or more."""
    return segno.make(text, error="m", micro=False).png_data_uri(scale=8, border=2)
