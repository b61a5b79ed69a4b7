from types import ModuleType

from django.apps import AppConfig

from .words import use_house_words


class CoreConfig(AppConfig):
    name = "core"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        super().__init__(app_name, app_module)
        # Not in ready(): the rooms above are ready, and have made their forms, before core is.
        use_house_words()

    def ready(self) -> None:
        from . import checks, registrations  # noqa: F401
