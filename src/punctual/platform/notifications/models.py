"""What a person should know, by which way it reaches them, and what became of every message sent out."""

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from punctual.platform.sealing import Locked, SecretField


class Notification(models.Model):
    """``text`` is a catalogue key with ``%(name)s`` places, ``params`` their values: worded when it is read.

    Until ``snoozed_until`` it is out of sight; ``done_at`` puts it away for good.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "read_at", "-created_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "dedupe_key"], condition=~models.Q(dedupe_key=""), name="notifications_told_once"
            )
        ]

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


class Mode(models.TextChoices):
    OFF = "off", _("Not at all")
    NOW = "now", _("At once")
    DIGEST = "digest", _("Once a day")


class MailChoice(models.Model):
    """How a person is told of a kind of notification: by mail (``mode``) and by robot too, and whether it stands in the
    inbox. Without a row: only in the inbox. What is ``muted`` is kept among what is done."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.OFF)
    robot = models.CharField(max_length=6, choices=Mode.choices, default=Mode.OFF)
    muted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notifications_one_choice_a_kind")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.mode}"


class QuietHours(models.Model):
    """When neither mail nor robot tells a person anything: what comes then waits until the end. On the person's own
    clock; may pass midnight."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quiet_hours")
    begin = models.TimeField(_("Quiet from"), null=True, blank=True)
    end = models.TimeField(_("Quiet until"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.begin} – {self.end}"


class RobotKind(models.TextChoices):
    WECOM = "wecom", _("WeCom group robot")
    DINGTALK = "dingtalk", _("DingTalk group robot")
    FEISHU = "feishu", _("Feishu group robot")
    APPRISE = "apprise", _("Apprise address")


class Robot(models.Model):
    """A group that is told. ``kinds`` of notifications, empty = all. ``personal``: people may have their own notices
    sent there. With an ``owner`` it is that person's own and tells nobody else anything. Who has the address writes to
    the group, so it is a secret too."""

    name = models.CharField(_("Name"), max_length=80)
    kind = models.CharField(_("Kind"), max_length=10, choices=RobotKind.choices)
    address = SecretField(_("Address"))
    secret = SecretField(_("Signing secret"), blank=True)
    kinds = models.JSONField(default=list)
    active = models.BooleanField(_("In use"), default=True)
    personal = models.BooleanField(_("People may choose it"), default=False)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="own_robot"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_readable(self) -> bool:
        return not isinstance(self.address, Locked) and not isinstance(self.secret, Locked)


class RobotChoice(models.Model):
    """Which robot tells a person their own notices: their own, or a group's that may be chosen."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="robot_choice")
    robot = models.ForeignKey(Robot, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.user_id} {self.robot_id}"


class Webhook(models.Model):
    """A program that is told of events, signed as standard-webhooks says. ``kinds`` of events, empty = all. Its address
    is sealed, since many receivers have the key to them in it."""

    url = SecretField(_("Address"))
    description = models.CharField(_("Description"), max_length=120, blank=True)
    secret = SecretField()
    kinds = models.JSONField(default=list)
    active = models.BooleanField(_("In use"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "webhook"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.description or self.receiver

    @property
    def receiver(self) -> str:
        """The machine of the address, for whatever keeps or tells who was told."""
        return str(urlsplit(self.url).netloc)

    @property
    def is_readable(self) -> bool:
        return not isinstance(self.url, Locked) and not isinstance(self.secret, Locked)


class Way(models.TextChoices):
    MAIL = "mail", _("Mail")
    ROBOT = "robot", _("Group robot")
    WEBHOOK = "webhook", _("Webhook")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")


class Delivery(models.Model):
    """One message on its way out. ``id`` goes along (Message-ID, webhook-id), so that a receiver knows a repetition.

    It is sent at least once: who is killed between sending and writing it down sends it again under the same id.
    ``body`` is sealed, since links that open without a sign-in stand in it. ``data``: files and calendar parts of
    mails, the body of webhooks. ``log``: [{"at", "status", "error"}].
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    way = models.CharField(max_length=8, choices=Way.choices)
    address = models.CharField(max_length=500)
    subject = models.CharField(max_length=300, blank=True)
    body = SecretField(blank=True)
    data = models.JSONField(default=dict)
    robot = models.ForeignKey(Robot, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    dedupe_key = models.CharField(max_length=160, unique=True, null=True, blank=True)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    log = models.JSONField(default=list)

    class Meta:
        verbose_name = "delivery"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "next_try_at"])]

    def __str__(self) -> str:
        return f"{self.way} {self.address}"

    @property
    def last_error(self) -> str:
        """Why the last attempt failed, in the reader's language where the sentence is ours."""
        error = str(self.log[-1]["error"]) if self.log else ""
        return gettext(error) if error else ""


class FeedToken(models.Model):
    """The private address of a person's calendar feed; only the hash is kept."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feed_token")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.user_id)
