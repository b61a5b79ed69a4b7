"""What must not stand in a log: the long random parts of addresses, which open something."""

from __future__ import annotations

import logging
import re

# A public id has 16 letters and opens nothing by itself; tokens and codes are longer.
_SECRET = re.compile(r"(?<=/)[\w:.=-]{20,}(?=[/?\s]|$)")


class MaskSecrets(logging.Filter):
    """Shows the address of a page without the token in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the masked message into the record; every record passes."""
        record.msg, record.args = _SECRET.sub("…", record.getMessage()), ()
        return True
