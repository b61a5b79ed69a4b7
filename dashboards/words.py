"""What the scheduler's jobs do, in people's words, by the job's name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

JOB_WORDS = {
    "accounts.prune": _("Deleting links, codes and log-ins that have expired"),
    "appointments.decline_unanswered": _("Declining visits that began without an answer"),
    "appointments.finish_cancellations": _("Finishing cancellations that were interrupted"),
    "appointments.flip_lapsed_holds": _("Giving back times that were kept and not paid"),
    "appointments.refresh_stale": _("Working out doctors’ next free times"),
    "billing.check_attempts": _("Asking the payment company about open payments"),
    "billing.check_refunds": _("Asking the payment company about refunds"),
    "billing.give_up_drafts": _("Closing bills whose payment can’t come any more"),
    "billing.refuse_reviews_of_closed": _("Sending back payments that nobody can decide about"),
    "core.prune_tasks": _("Clearing away finished tasks"),
    "core.prune_throttles": _("Clearing away old counts of wrong tries"),
    "core.refresh_statistics": _("Keeping searches fast"),
    "core.requeue_lost_tasks": _("Starting interrupted tasks again"),
    "notifications.requeue_due_messages": _("Sending mails again that did not go out"),
}
