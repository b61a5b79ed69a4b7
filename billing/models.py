"""Money: what is charged (Invoice, InvoiceLine), how it is paid (Attempt, Payment) and what goes back (Refund)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import long_code, public_id
from core.states import HasStates, Transitions
from core.tenancy import HospitalOwned, ScopedQuerySet, scoped_manager
from patients.models import Patient


def money_field(**options: Any) -> models.DecimalField:
    """Return an amount: two decimals, never a float."""
    return models.DecimalField(max_digits=12, decimal_places=2, **options)


class InvoiceQuerySet(ScopedQuerySet):
    """Invoices."""

    def for_patient(self, patient: Patient) -> InvoiceQuerySet:
        """Return the patient's own."""
        return self.filter(patient=patient).select_related("patient", "hospital", "corrects")

    def numbered(self) -> InvoiceQuerySet:
        """Return those that were issued."""
        return self.filter(number__isnull=False)

    def to_pay(self) -> InvoiceQuerySet:
        """Return the issued ones that wait for money."""
        return self.filter(status=Invoice.Status.ISSUED)


class Invoice(HasStates, HospitalOwned):
    """What one patient owes one hospital; a draft has no number, a correction is a credit note."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("To pay")
        PAID = "paid", _("Paid")
        CREDITED = "credited", _("Credited")
        VOID = "void", _("Not used")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.DRAFT: frozenset({Status.ISSUED, Status.PAID, Status.VOID}),
        Status.ISSUED: frozenset({Status.PAID, Status.CREDITED}),
        Status.PAID: frozenset({Status.CREDITED}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INVOICE)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    number = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3)
    total = money_field()
    # What credit notes took off, at most the total.
    credited = money_field(default=Decimal("0.00"))
    created_at = models.DateTimeField(auto_now_add=True)
    issued_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = scoped_manager(InvoiceQuerySet)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["hospital", "status", "-created_at"], name="invoice_by_status")]
        constraints = [
            models.UniqueConstraint(fields=["hospital", "kind", "number"], name="one_invoice_a_number"),
            models.CheckConstraint(condition=models.Q(total__gte=0), name="total_not_negative"),
            models.CheckConstraint(
                condition=models.Q(credited__gte=0) & models.Q(credited__lte=models.F("total")),
                name="credited_at_most_total",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "void"], number__isnull=True)
                | models.Q(status__in=["issued", "paid", "credited"], number__isnull=False),
                name="numbered_once_issued",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number as people write it: INV-000123, CN-000004, or a word for a draft."""
        if self.number is None:
            return str(_("Draft"))
        return f"{'CN' if self.kind == self.Kind.CREDIT_NOTE else 'INV'}-{self.number:06d}"


class NumberSeries(models.Model):
    """The last number given to a kind of invoice of a hospital; locked last, so that numbers have no gaps."""

    hospital = models.ForeignKey("hospitals.Hospital", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Invoice.Kind)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hospital", "kind"], name="one_series_a_kind")]


class InvoiceLine(HospitalOwned):
    """One thing charged: a purpose and the record it is for; price and tax are copied when it is charged."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting for payment")
        FULFILLED = "fulfilled", _("Done")
        REFUND_DUE = "refund_due", _("To be refunded")
        RELEASED = "released", _("Given back")
        # Taken off a draft that still asks for its other lines; no total counts it.
        REMOVED = "removed", _("Taken off")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    purpose = models.CharField(max_length=40)
    reference = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    unit_price = money_field()
    tax = money_field(default=Decimal("0.00"))
    amount = money_field()
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["purpose", "reference"], name="line_of_record")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="line_not_negative"),
        ]

    @property
    def tax_total(self) -> Decimal:
        """The tax in the amount."""
        return self.tax * self.quantity


MISMATCH = "mismatch: "  # an attempt's note that begins so names what the gateway reported differently


class Attempt(HasStates, HospitalOwned):
    """One try to pay an invoice; its random tran_id is committed before the gateway is called."""

    class Method(models.TextChoices):
        ONLINE = "online", _("Online")
        CASH = "cash", _("Cash at the desk")
        TERMINAL = "terminal", _("Card at the desk")

    class Status(models.TextChoices):
        CREATED = "created", _("Starting")
        PENDING = "pending", _("Being paid")
        REVIEW = "review", _("Being checked")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    # A late success may follow any of the gateway's other answers: money that was captured is never ignored.
    TRANSITIONS: ClassVar[Transitions] = {
        Status.CREATED: frozenset(
            {Status.PENDING, Status.REVIEW, Status.PAID, Status.FAILED, Status.CANCELLED, Status.EXPIRED}
        ),
        Status.PENDING: frozenset(
            {Status.REVIEW, Status.PAID, Status.FAILED, Status.CANCELLED, Status.EXPIRED}
        ),
        Status.REVIEW: frozenset({Status.PAID}),
        Status.FAILED: frozenset({Status.REVIEW, Status.PAID}),
        Status.CANCELLED: frozenset({Status.REVIEW, Status.PAID}),
        Status.EXPIRED: frozenset({Status.REVIEW, Status.PAID}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    tran_id = models.CharField(max_length=30, unique=True, default=long_code, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="attempts")
    method = models.CharField(max_length=10, choices=Method)
    status = models.CharField(max_length=10, choices=Status, default=Status.CREATED)
    amount = money_field()
    currency = models.CharField(max_length=3)
    session_key = models.CharField(max_length=100, blank=True)
    val_id = models.CharField(max_length=60, null=True, unique=True)
    bank_tran_id = models.CharField(max_length=80, blank=True)
    card_brand = models.CharField(max_length=40, blank=True)
    card_masked = models.CharField(max_length=40, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    checks = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True, db_index=True)
    note = models.CharField(max_length=200, blank=True)
    # What else the gateway took under this tran_id, as it names it; open until a person has sent it back there.
    surplus = models.CharField(max_length=300, blank=True)
    surplus_open = models.BooleanField(default=False)

    # In review, taken twice, or an answer that does not fit: kept by the database, so that an index can hold these few.
    needs_person = models.GeneratedField(
        expression=models.ExpressionWrapper(
            models.Q(status="review")
            | models.Q(surplus_open=True)
            | (models.Q(note__startswith=MISMATCH) & ~models.Q(status="paid")),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["hospital", "created_at"],
                condition=models.Q(needs_person=True),
                name="attempt_for_people",
            )
        ]
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="attempt_positive")]

    @property
    def mismatch(self) -> str:
        """What the gateway reported differently: tran_id, store, amount, currency or val_id; empty when nothing."""
        return self.note.removeprefix(MISMATCH) if self.note.startswith(MISMATCH) else ""

    @property
    def paid_with(self) -> str:
        """How it was paid, as people read it: VISA 432149XXXXXX0667, or the way at the desk."""
        card = f"{self.card_brand} {self.card_masked}".strip()
        return card or str(self.get_method_display())


class PaymentQuerySet(ScopedQuerySet):
    """Payments."""

    def for_patient(self, patient: Patient) -> PaymentQuerySet:
        """Return the patient's own."""
        return self.filter(invoice__patient=patient).select_related("invoice__patient", "hospital")


class Payment(HospitalOwned):
    """Money that was captured: amount = applied + refunds, to the poisha."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="payment")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = money_field()
    currency = models.CharField(max_length=3)
    # The sum of this payment's refunds, whatever their state; kept here so that the database refuses one too many.
    refund_total = money_field(default=Decimal("0.00"))
    captured_at = models.DateTimeField()

    objects: ClassVar[Any] = scoped_manager(PaymentQuerySet)

    class Meta:
        ordering = ["-captured_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=models.Q(refund_total__gte=0) & models.Q(refund_total__lte=models.F("amount")),
                name="refunds_at_most_captured",
            ),
        ]

    @property
    def applied(self) -> Decimal:
        """What pays for something: the rest goes back."""
        return self.amount - self.refund_total


class Refund(HasStates, HospitalOwned):
    """Money on its way back. It is never sent again before the gateway was asked what became of it."""

    class Status(models.TextChoices):
        DUE = "due", _("To be sent")
        SENDING = "sending", _("Being sent")
        PROCESSING = "processing", _("With the bank")
        UNCLEAR = "unclear", _("To be checked")
        DONE = "done", _("Paid back")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.DUE: frozenset({Status.SENDING, Status.DONE}),
        Status.SENDING: frozenset({Status.PROCESSING, Status.UNCLEAR, Status.DONE, Status.DUE}),
        Status.PROCESSING: frozenset({Status.DONE, Status.UNCLEAR, Status.DUE}),
        Status.UNCLEAR: frozenset({Status.DONE, Status.DUE}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = money_field()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=12, choices=Status, default=Status.DUE)
    gateway_reference = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["hospital", "created_at"],
                condition=models.Q(status__in=["due", "unclear"]),
                name="refund_for_people",
            )
        ]
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_positive")]

    @property
    def is_due(self) -> bool:
        """Whether it was not sent or handed over yet."""
        return self.status == self.Status.DUE

    @property
    def is_for_desk(self) -> bool:
        """Whether the desk hands it over: it was paid there."""
        return self.is_due and self.payment.attempt.method != Attempt.Method.ONLINE
