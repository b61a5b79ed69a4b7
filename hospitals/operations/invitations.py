"""Inviting staff; an invitation opens by a signed link that is made when its mail is sent."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, DomainError
from core.throttle import require_try
from ledger.operations import About, record
from notifications.operations import Contact, notify

from ..models import INVITABLE_ROLES, Hospital, Invitation, Membership, Role
from ..queries import find_invitation
from .staff import add_membership

VALID_FOR = dt.timedelta(days=7)
SALT = "hospitals.invitation"
MAILS_AN_HOUR = 60  # of one hospital: enough for a new clinic's whole staff, too few for a spammer


@transaction.atomic
def invite_staff(hospital: Hospital, *, email: str, name: str, role: str, by: User) -> Invitation:
    """Invite somebody to a role by mail; an expired invitation to the same role is renewed.

    Raises Conflict when they have the role or an open invitation to it, DomainError for a role that can't be given here,
    Throttled.
    """
    if role not in INVITABLE_ROLES:
        raise DomainError(_("Nobody is invited to this role here."), field="role")
    if not hospital.is_active:
        raise DomainError(_("%(name)s is closed. Open it again first.") % {"name": hospital.name})
    address = User.objects.normalise(email)
    _refuse_holder_of(hospital, address, role)
    waiting = Invitation.objects.select_for_update(no_key=True, of=("self",)).filter(
        hospital=hospital, email=address, role=role, status=Invitation.Status.OPEN
    )
    invitation = waiting.first()
    if invitation and not invitation.is_expired:
        raise _invited_already(address)
    if invitation is None:
        invitation = Invitation(hospital=hospital, email=address, role=role)
    invitation.name, invitation.invited_by = name, by
    invitation.expires_at = timezone.now() + VALID_FOR
    try:
        with transaction.atomic():
            invitation.save()
    except IntegrityError as error:
        raise _invited_already(address) from error
    _record("hospitals.staff_invited", invitation, by, {"email": address, "role": role})
    _send(invitation)
    return invitation


@transaction.atomic
def resend_invitation(invitation: Invitation, *, by: Actor) -> Invitation:
    """Send the mail again, with a link for another week. Raises DomainError when it is answered or withdrawn, Throttled."""
    locked = _locked(invitation)
    if locked.status != Invitation.Status.OPEN:
        raise DomainError(_("This invitation is not waiting for an answer any more."))
    _refuse_holder_of(locked.hospital, locked.email, locked.role)
    locked.expires_at = timezone.now() + VALID_FOR
    locked.save(update_fields=["expires_at"])
    _record("hospitals.invitation_resent", locked, by, {})
    _send(locked)
    return locked


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: Actor) -> Invitation:
    """Make the link useless. Raises IllegalTransition when it is answered or withdrawn already."""
    locked = _locked(invitation)
    locked.move_to(Invitation.Status.WITHDRAWN)
    locked.save(update_fields=["status"])
    _record("hospitals.invitation_withdrawn", locked, by, {})
    return locked


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User) -> Membership:
    """Join the staff as the person who was invited; a second accept returns the same membership.

    Raises DomainError for another person, an expired or a withdrawn invitation, or one whose membership has ended since.
    """
    locked = _locked(invitation)
    if by.email != locked.email:
        raise DomainError(_("This invitation is for %(email)s.") % {"email": locked.email})
    if locked.status == Invitation.Status.ACCEPTED:
        return _membership_of(locked, by)
    _close_as_accepted(locked, by)
    return add_membership(locked.hospital, user=by, role=locked.role, by=by)


def accept_invitation_as_new_person(
    invitation: Invitation, *, name: str, phone: str, password: str, by: Actor
) -> Membership:
    """Create the invited person's log-in and join the staff; whoever holds the link has proved the address.

    Not atomic itself: the password is hashed before the transaction. Raises Conflict when there is a log-in by now,
    DomainError for an invitation that is answered, expired or withdrawn.
    """
    password_hash = make_password(password)
    with transaction.atomic():
        locked = _locked(invitation)
        if locked.status != Invitation.Status.ACCEPTED:
            _refuse_unless_open(locked)
        # An address that nobody confirmed is nobody's yet; the link that came there is what confirms it.
        if locked.status == Invitation.Status.ACCEPTED or has_login(locked.email):
            raise Conflict(
                _("There is a log-in for %(email)s already. Log in to accept.") % {"email": locked.email}
            )
        user = accounts.sign_up(
            email=locked.email, name=name, phone=phone, password_hash=password_hash, by=by
        )
        if user is None:
            raise Conflict(_("%(email)s can't be used now. Ask the hospital.") % {"email": locked.email})
        accounts.verify_email(user)
        _close_as_accepted(locked, user)
        return add_membership(locked.hospital, user=user, role=locked.role, by=user)


def has_login(email: str) -> bool:
    """Say whether somebody logs in with this address; one that was typed but never confirmed does not count."""
    return User.objects.filter(email=email).exclude(is_active=True, email_verified_at__isnull=True).exists()


def invitation_token(invitation: Invitation) -> str:
    """Return what stands in the link: hospital and invitation by public id, signed, with the time of signing."""
    return signing.dumps([invitation.hospital.public_id, invitation.public_id], salt=SALT)


def find_by_token(token: str) -> Invitation | None:
    """Return the invitation that a link opens, in whatever state, or None when the link is forged or too old."""
    try:
        hospital_id, invitation_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    return find_invitation(hospital_id, invitation_id)


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_for_update(no_key=True, of=("self",)).select_related("hospital")
    locked: Invitation = rows.get(pk=invitation.pk)
    return locked


def _invited_already(address: str) -> Conflict:
    sentence = _(
        "%(email)s is invited to this role and has not answered yet. You can send that invitation again."
    )
    return Conflict(sentence % {"email": address}, field="email")


def _refuse_holder_of(hospital: Hospital, address: str, role: str) -> None:
    held = Membership.objects.filter(hospital=hospital, user__email=address, role=role)
    current = held.exclude(status=Membership.Status.REMOVED).first()
    if current is None:
        return
    sentence = _("%(email)s works here as %(role)s already.")
    if current.status == Membership.Status.SUSPENDED:
        sentence = _(
            "%(email)s works here as %(role)s, suspended for now. Reactivate them in the list of staff."
        )
    label = str(Role(role).label).lower()
    raise Conflict(sentence % {"email": address, "role": label}, field="email")


def _refuse_unless_open(invitation: Invitation) -> None:
    if invitation.status != Invitation.Status.OPEN:
        raise DomainError(_("This invitation was withdrawn."))
    if invitation.is_expired:
        raise DomainError(_("This invitation has expired. Ask the hospital to send it again."))
    if not invitation.hospital.is_active:
        raise DomainError(_("%(name)s is closed.") % {"name": invitation.hospital.name})


def _close_as_accepted(invitation: Invitation, by: User) -> None:
    _refuse_unless_open(invitation)
    invitation.move_to(Invitation.Status.ACCEPTED)
    invitation.save(update_fields=["status"])
    _record("hospitals.invitation_accepted", invitation, by, {"role": invitation.role})


def _membership_of(invitation: Invitation, user: User) -> Membership:
    held = Membership.objects.filter(hospital=invitation.hospital, user=user, role=invitation.role)
    membership: Membership | None = held.exclude(status=Membership.Status.REMOVED).first()
    if membership is None:
        raise DomainError(_("This invitation was used before. Ask the hospital for a new one."))
    return membership


def _send(invitation: Invitation) -> None:
    require_try("hospitals.invite", str(invitation.hospital_id), limit=MAILS_AN_HOUR, seconds=3600)
    hospital = invitation.hospital
    reference = f"{hospital.public_id}:{invitation.public_id}"
    notify(Contact(invitation.email), "hospitals.invited", reference, hospital_id=hospital.pk)


def _record(kind: str, invitation: Invitation, by: Actor, body: dict[str, str]) -> None:
    record(kind, invitation.public_id, by=by, about=About(hospital_id=invitation.hospital_id), body=body)
