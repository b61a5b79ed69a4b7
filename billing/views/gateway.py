"""What the gateway calls, and where it sends the payer: none of it trusts what it is sent.

The return comes as a cross-site POST, where browsers send no cookie of ours: touching session, messages or user there would
log the payer out. So it answers with a redirect to a signed page and nothing else.
"""

from __future__ import annotations

import datetime as dt

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from core.http import client_address
from core.tenancy import in_hospital

from .. import operations, purposes, queries
from ..models import Attempt
from ..queries import PaymentResult, result_of

MAX_BODY = 64 * 1024
SALT = "billing.result"
TOKEN_SECONDS = 24 * 3600
WORTH_WAITING = dt.timedelta(minutes=20)
WAYS_BACK = frozenset({"success", "fail", "cancel"})


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _fields(request: HttpRequest) -> dict[str, str] | None:
    """Return the posted fields; None for a body that is too large to be a message of the gateway."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdecimal() or int(declared) > MAX_BODY or len(request.body) > MAX_BODY:
        return None
    return request.POST.dict() if request.content_type == "application/x-www-form-urlencoded" else {}


@csrf_exempt
@never_cache
@require_POST
def ipn(request: HttpRequest) -> HttpResponse:
    """Take the gateway's own notice; the worker asks what is true."""
    fields = _fields(request)
    if fields is None:
        return _answer(413, "Too large.")
    if not operations.receive_notice(fields, address=client_address(request)):
        return _answer(400, "Not signed.")
    return _answer(200, "OK")


@csrf_exempt
@never_cache
@require_POST
def gateway_return(request: HttpRequest, way: str) -> HttpResponse:
    """Take the payer back from the gateway, ask what is true, and send the browser on to the result."""
    if way not in WAYS_BACK:
        raise Http404
    fields = _fields(request)
    if fields is None:
        return _answer(413, "Too large.")
    attempt = operations.receive_return(fields, address=client_address(request))
    if attempt is None:
        return _answer(400, "We do not know this payment.")
    response = HttpResponse(status=303)
    response["Location"] = reverse("billing:result", args=[result_token(attempt)])
    return response


def result_token(attempt: Attempt) -> str:
    """Return the signed name of an attempt's result page."""
    return signing.dumps(attempt.public_id, salt=SALT)


@never_cache
@require_safe
def result(request: HttpRequest, token: str) -> HttpResponse:
    """Say what became of a payment, to whoever holds the link: amount and hospital, nothing personal."""
    try:
        public_id = signing.loads(token, salt=SALT, max_age=TOKEN_SECONDS)
    except signing.SignatureExpired:
        return render(request, "billing/result_gone.html", status=410)
    except signing.BadSignature as error:
        raise Http404 from error
    attempt = queries.find_attempt_by_id(public_id)
    if attempt is None:
        raise Http404
    refreshes = _may_change_soon(attempt)
    if request.htmx and refreshes:
        return HttpResponse(status=204)  # nothing new: the page stays, with the reader's place in it
    context = {
        "attempt": attempt,
        "result": result_of(attempt),
        "refreshes": refreshes,
        "seen_at": _seen_at(attempt),
    }
    return render(request, "billing/result.html", context)


def _may_change_soon(attempt: Attempt) -> bool:
    """Say whether waiting on the page makes sense: not while a person checks, and not for ever."""
    is_asked = result_of(attempt) == PaymentResult.CHECKING and attempt.status != Attempt.Status.REVIEW
    return is_asked and attempt.created_at > timezone.now() - WORTH_WAITING


def _seen_at(attempt: Attempt) -> str:
    line = next(iter(attempt.invoice.lines.all()), None)
    if line is None or line.purpose not in purposes.names():
        return reverse("billing:invoice", args=[attempt.invoice.public_id])
    with in_hospital(attempt.hospital_id):
        return purposes.get(line.purpose).url(line.reference)
