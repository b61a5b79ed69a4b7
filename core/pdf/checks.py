"""Is what Bangla documents need there?"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error


def check_shaping_available(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """System check: without uharfbuzz or the fonts, Bangla would be printed broken without a word."""
    return shaping_errors("uharfbuzz", Path(__file__).resolve().parent.parent.parent / "static" / "fonts")


def shaping_errors(shaper: str, fonts: Path) -> list[CheckMessage]:
    """Return an Error for a shaper that cannot be imported and one for a folder without the Bangla font."""
    errors: list[CheckMessage] = []
    if find_spec(shaper) is None:
        errors.append(
            Error(
                "The library that shapes Bangla in PDFs is missing.",
                hint='Install it with "pip install reportlab[shaping]"; it brings uharfbuzz.',
                id="core.E001",
            )
        )
    if not (fonts / "NotoSansBengali-Regular.ttf").is_file():
        errors.append(
            Error(
                "The fonts for PDFs are missing from static/fonts.",
                hint="Bring the folder back from the repository; its VERSIONS.md names the files.",
                id="core.E002",
            )
        )
    return errors
