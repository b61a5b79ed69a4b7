"""What appointments put into the registries of lower rooms."""

from .. import tasks  # noqa: F401
from . import calendar, invariants, mails, purpose, receivers, trail  # noqa: F401
