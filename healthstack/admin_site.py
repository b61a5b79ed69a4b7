"""Django's admin, for looking only: the platform admin with a second factor, no clinical table, no writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode

from core.tenancy import everywhere


class ReadOnlyAdminSite(admin.AdminSite):
    """Lets in whom the portal itself has let in, and sees tenants from outside their scopes."""

    site_header = site_title = "HealthStack"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """The platform admin, after the second factor."""
        user = request.user
        return bool(user.is_authenticated and user.is_platform_admin and user.is_verified())

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to the portal's own log-in or second factor; it has no log-in page of its own."""
        page = "accounts:second_factor" if request.user.is_authenticated else "accounts:login"
        query = urlencode({"next": request.GET.get("next", request.path)})
        return redirect(f"{resolve_url(page)}?{query}")

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Run every page with all hospitals in view; pages are rendered before the scope ends."""
        inner = super().admin_view(view, cacheable)

        def seeing_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with everywhere():
                response = inner(request, *args, **kwargs)
                if hasattr(response, "render") and not response.is_rendered:
                    response.render()
                return response

        return seeing_all


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table to look at."""

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
