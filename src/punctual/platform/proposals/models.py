"""A proposal belongs to one person, who alone confirms it: it is done in their name and with their permissions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class ProposalState(models.TextChoices):
    WAITING = "waiting", _("Waits for you")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")


class Proposal(Versioned):
    """``title`` is a catalogue sentence with ``params``, ``arguments`` what its verb takes; ``why`` the assistant's own
    words."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="proposals")
    verb = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    why = models.TextField(blank=True)
    state = models.CharField(_("State"), max_length=10, choices=ProposalState.choices, default=ProposalState.WAITING)
    url = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("proposal")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "state"], name="proposals_of_person")]

    def __str__(self) -> str:
        return f"{self.verb} {self.pk}"
