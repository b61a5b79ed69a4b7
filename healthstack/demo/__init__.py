"""The demonstration: two hospitals, their people and a few visits, made through the same operations as in real life."""

from .story import seed

__all__ = ["seed"]
