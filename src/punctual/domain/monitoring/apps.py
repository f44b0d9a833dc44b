"""Watch every order: progress, early warnings, forecasts, recovery, change notices, reports."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "punctual.domain.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.monitoring import permissions  # noqa: F401
        from punctual.domain.monitoring.my_tasks import task_seen
        from punctual.domain.monitoring.selectors import notice_by_id, report_by_id, warning_by_id
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("warning", N_("Early warning"), warning_by_id, "warning", icon="alert-triangle"))
        register(Target("changenotice", N_("Change notice"), notice_by_id, "notice", icon="bell"))
        register(Target("progressreport", N_("Progress report"), report_by_id, "progress_report", icon="checkbox"))
        register(Target("task", N_("Task"), task_seen, "task", icon="checkbox"))
