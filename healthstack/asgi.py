"""ASGI entry point: one process serves the pages of the embedded profile."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthstack.settings")

application = get_asgi_application()
