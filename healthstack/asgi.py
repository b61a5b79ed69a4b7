"""ASGI entry point: one process serves pages in the embedded profile, sockets only in the scaled one."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthstack.settings")

application = get_asgi_application()
