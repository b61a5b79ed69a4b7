"""What notifications put into core's registries."""

from . import tasks  # noqa: F401
