"""People who log in, by e-mail address."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from core.ids import public_id


class UserManager(BaseUserManager["User"]):
    """Finds people by their address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalise(username or ""))

    @staticmethod
    def normalise(email: str) -> str:
        """Return the address as it is stored: trimmed, in lower case."""
        return email.strip().lower()


class User(AbstractBaseUser):
    """A person who logs in. What they may do comes from memberships; only the platform admin's right stands here."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    phone = PhoneNumberField(_("contact number"), blank=True)
    language = models.CharField(max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    is_platform_admin = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(null=True)
    # Where somebody who is still to confirm the address goes on then, perhaps in another browser; no mail says it.
    onward = models.CharField(max_length=2000, blank=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def actor_id(self) -> str:
        """The id that the ledger keeps for what this person does."""
        return self.public_id

    @property
    def is_staff(self) -> bool:
        """Django's admin asks this; it also asks for a second factor."""
        return self.is_platform_admin

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions open nothing here; rooms ask `rules.has_perm`."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """See has_perm."""
        return False
