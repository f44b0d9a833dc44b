"""Files on things; the bytes are stored once by their hash."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DocumentKind(models.TextChoices):
    """What a file is. Other words are allowed in ``kind`` for what only programs look for."""

    DRAWING = "drawing", _("Drawing")
    CONTRACT = "contract", _("Contract")
    CUSTOMER_PO = "customer_po", _("Customer PO")
    MANUAL = "manual", _("Manual")
    CERTIFICATE = "certificate", _("Certificate")
    PHOTO = "photo", _("Photo")
    AGREEMENT = "agreement", _("Agreement")
    OTHER = "other", _("Other")


class Approval(models.TextChoices):
    """Whether somebody must say yes to a file, and has."""

    NONE = "", _("Not needed")
    WAITING = "waiting", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Attachment(models.Model):
    """``version`` counts files of the same name on the same thing; older ones stay. ``approved_name`` is who said yes
    or no, somebody of the customer too."""

    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100)
    approval = models.CharField(max_length=10, choices=Approval.choices, default=Approval.NONE, blank=True)
    approved_name = models.CharField(max_length=80, blank=True)
    approval_note = models.TextField(blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-uploaded_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_words(self) -> str:
        if self.kind == "signature":
            return str(_("Signature"))
        return str(DocumentKind(self.kind).label) if self.kind in DocumentKind.values else self.kind
