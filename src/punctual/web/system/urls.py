from django.urls import path

from punctual.web.system import views

urlpatterns = [
    path("settings/system/", views.system, name="system"),
    path("settings/system/backup/", views.back_up_now, name="system_backup"),
    path("settings/system/events/", views.try_events_again, name="system_events"),
]
