from django.urls import path

from punctual.web.calendars import views
from punctual.web.imports.urls import import_urls

urlpatterns = [
    path("calendars/", views.calendar, name="calendars"),
    path("calendars/new/", views.edit_calendar, name="calendar_new"),
    *import_urls("calendar-days", "calendars/", "calendars"),
    path("calendars/export/", views.export_days, name="calendar_export"),
    path("calendars/<int:pk>/", views.calendar, name="calendar"),
    path("calendars/<int:pk>/edit/", views.edit_calendar, name="calendar_edit"),
    path("calendars/<int:pk>/archive/", views.archive_calendar, name="calendar_archive"),
    path("calendars/<int:pk>/default/", views.make_default, name="calendar_default"),
    path("calendars/<int:pk>/day/", views.set_day, name="calendar_day"),
    path("calendars/<int:pk>/holidays/", views.load_holidays, name="calendar_holidays"),
]
