from django.urls import path

from punctual.web.tracking import staff, views

urlpatterns = [
    path("t/<str:token>/", views.enter, name="track_enter"),
    path("t/<str:token>/not-mine/", views.enter_not_mine, name="track_enter_not_mine"),
    path("track/", views.overview, name="track"),
    path("track/<str:number>/", views.track, name="track_order"),
    path("track/<str:number>/not-mine/", views.not_mine, name="track_not_mine"),
    path("s/<str:token>/", views.survey, name="survey"),
    path("orders/<str:key>/tracking/link/", staff.give_link, name="tracking_give"),
    path("orders/<str:key>/tracking/links/<int:pk>/revoke/", staff.revoke_link, name="tracking_revoke"),
    path("orders/<str:key>/tracking/want/", staff.want, name="tracking_want"),
    path("orders/<str:key>/tracking/wants/<int:pk>/done/", staff.settle_want, name="tracking_want_done"),
    path("customers/<int:pk>/tracking/", staff.rule, name="tracking_rule"),
]
