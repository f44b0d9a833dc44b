from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "punctual.domain.calendars"
    label = "calendars"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.calendars import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("workingcalendar", N_("calendar"), selectors.get_calendar, "calendar", icon="calendar"))
