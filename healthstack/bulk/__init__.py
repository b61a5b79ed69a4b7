"""A database full of made-up people and visits, for measurements."""

from .fill import fill, what_is_there
from .plans import DoesNotFit
from .size import Size

__all__ = ["DoesNotFit", "Size", "fill", "what_is_there"]
