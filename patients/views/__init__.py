"""Pages of patients: one's own, and the desk's."""

from .desk import edit, index, register
from .own import access_log, become, profile, sign_up

__all__ = ["access_log", "become", "edit", "index", "profile", "register", "sign_up"]
