from django.apps import AppConfig


class HospitalsConfig(AppConfig):
    name = "hospitals"

    def ready(self) -> None:
        from . import registrations  # noqa: F401
