"""A database full of made-up people and visits, for measurements."""

from .fill import fill, is_filled
from .plans import DoesNotFit
from .size import Size

__all__ = ["DoesNotFit", "Size", "fill", "is_filled"]
