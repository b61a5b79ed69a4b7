"""The bell page, and the demonstration's mailbox."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from core.http import page_of

from . import operations, queries
from .models import MailboxAttachment, MailboxMail, Notice


@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first."""
    page = page_of(request, queries.notices_of(request.user))
    return render(request, "notifications/bell.html", {"page_obj": page, "zone": settings.PLATFORM_ZONE})


@login_required
@require_POST
def open_notice(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mark one line as read and go where it leads."""
    notice = get_object_or_404(Notice, public_id=public_id, user=request.user)
    operations.mark_notice_read(notice, by=request.user)
    return redirect(notice.url)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all lines as read."""
    operations.mark_all_notices_read(by=request.user)
    return redirect("notifications:bell")


def _demo_only() -> None:
    if not settings.MAILBOX_PAGE:
        raise Http404


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails that the demonstration would have sent, of one address if asked for."""
    _demo_only()
    address = request.GET.get("to", "").strip().lower()[:254]
    page = page_of(request, queries.mailbox_mails(address))
    return render(
        request,
        "notifications/mailbox.html",
        {"page_obj": page, "address": address, "zone": settings.PLATFORM_ZONE},
    )


@require_safe
@csp_update({"frame-src": SELF})
def mailbox_mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """One mail of the mailbox: as mail programs show it, in a frame of its own, and as text."""
    _demo_only()
    mail = get_object_or_404(MailboxMail, public_id=public_id)
    attachments = mail.attachments.defer("content")
    return render(
        request,
        "notifications/mail.html",
        {"mail": mail, "attachments": attachments, "zone": settings.PLATFORM_ZONE},
    )


# A mail runs no script and loads nothing; a click on its link opens that instead of the mailbox.
FRAMED_MAIL = (
    "sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)


@require_safe
@xframe_options_sameorigin
def mailbox_html(request: HttpRequest, public_id: str) -> HttpResponse:
    """The HTML of one mail of the mailbox, for its frame."""
    _demo_only()
    mail = get_object_or_404(MailboxMail.objects.exclude(html=""), public_id=public_id)
    response = HttpResponse(mail.html.replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = FRAMED_MAIL
    return response


@require_safe
def mailbox_attachment(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """One file that came with a mailbox mail."""
    _demo_only()
    attachment = get_object_or_404(MailboxAttachment, mail__public_id=public_id, pk=number)
    response = HttpResponse(bytes(attachment.content), content_type=attachment.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{attachment.filename}"'
    return response
