"""What appointments put into the registries of lower rooms."""

from .. import tasks  # noqa: F401
from . import calendar, invariants, news, purpose, receivers, trail  # noqa: F401
