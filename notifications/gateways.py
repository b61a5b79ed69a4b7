"""The mail server: composes a mail from its templates and hands it to Django's mail backend."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.utils import make_msgid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from core.gateways import Gateway, GatewayRefused, GatewayUnavailable

if TYPE_CHECKING:
    from .kinds import Attachment, Content
    from .models import Message


class MailUnavailable(GatewayUnavailable):
    """The mail server did not answer, or asks to try later."""


class MailRefused(GatewayRefused):
    """The mail server refuses this address or this mail for good."""


@dataclass(frozen=True)
class Mail:
    """A mail, ready to send."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def compose(cls, message: Message, template: str, content: Content) -> Mail:
        """Render the mail's three templates in the person's language."""
        values = {"public_url": settings.PUBLIC_URL, "hospital_name": content.hospital_name, **content.values}
        with translation.override(message.language):
            subject = " ".join(render_to_string(f"{template}.subject.txt", values).split())
            text = render_to_string(f"{template}.txt", {**values, "subject": subject})
            html = render_to_string(f"{template}.html", {**values, "subject": subject})
        # The same id on every attempt: a mail sent twice after a crash is one mail in most mail programs.
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
        return cls(message.email, subject, text, html, f"<{message.public_id}@{domain}>", content.attachments)


class MailGateway(Gateway):
    """Sends through EMAIL_BACKEND: SMTP in production, the mailbox page in the demonstration."""

    def send(self, mail: Mail) -> None:
        """Send one mail; raises MailRefused or MailUnavailable."""
        message = EmailMultiAlternatives(
            mail.subject, mail.text, to=[mail.to], headers={"Message-ID": mail.message_id or make_msgid()}
        )
        message.attach_alternative(mail.html, "text/html")
        for attachment in mail.attachments:
            message.attach(attachment.filename, attachment.content, attachment.content_type)
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if codes and all(code < 500 for code in codes):
                raise MailUnavailable("The mail server asks to try again later.") from error
            raise MailRefused("The mail server refuses this address.") from error
        except smtplib.SMTPDataError as error:
            if error.smtp_code >= 500:
                raise MailRefused("The mail server refuses this mail.") from error
            raise MailUnavailable("The mail server asks to try again later.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"The mail server does not answer ({type(error).__name__}).") from error


def get_mail_gateway() -> MailGateway:
    """Return the mail gateway."""
    return MailGateway()
