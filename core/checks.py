"""System checks of core."""

from django.core.checks import register

from .pdf.checks import check_shaping_available

register(check_shaping_available)
