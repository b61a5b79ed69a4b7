"""Where the person is logged in."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.http import page_of

from .. import http, operations, queries


@http.own_page
@require_safe
def sessions(request: http.OwnRequest) -> HttpResponse:
    """List the person's sessions."""
    context = {
        "page_obj": page_of(request, queries.sessions_of(request.user)),
        "own": request.session.get("login_session", ""),
        "zone": settings.PLATFORM_ZONE,
    }
    return render(request, "accounts/sessions.html", context)


@http.own_page
@require_POST
def revoke_session(request: http.OwnRequest, public_id: str) -> HttpResponse:
    """End one session; another person's answers like one that does not exist."""
    session = get_object_or_404(queries.sessions_of(request.user), public_id=public_id)
    operations.end_session(session, by=request.user)
    if session.public_id == request.session.get("login_session"):
        request.session.flush()
        return redirect("accounts:login")
    messages.success(request, _("%(browser)s is logged out.") % {"browser": session.browser})
    return redirect("accounts:sessions")


@http.own_page
@require_POST
def revoke_other_sessions(request: http.OwnRequest) -> HttpResponse:
    """End all sessions but this one."""
    ended = operations.end_sessions_of(
        request.user, keep=request.session.session_key or "", why="ended by the person", by=request.user
    )
    text = ngettext("%(n)s other session is ended.", "%(n)s other sessions are ended.", ended)
    messages.success(request, text % {"n": ended})
    return redirect("accounts:sessions")
