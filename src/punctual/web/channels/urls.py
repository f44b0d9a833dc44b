from django.urls import path

from punctual.web.channels import feeds, views

urlpatterns = [
    path("me/notifications/", views.my_notifications, name="my_notifications"),
    path("me/robot/<str:verb>/", views.my_robot, name="my_robot"),
    path("inbox/step/", views.inbox_step, name="inbox_step"),
    path("settings/channels/", views.company_channels, name="company_channels"),
    path("settings/channels/<str:verb>/", views.change_channels, name="change_channels"),
    path("settings/response-times/", views.response_times, name="response_times"),
    path("feeds/<str:token>/calendar.ics", feeds.feed, name="feed"),
]
