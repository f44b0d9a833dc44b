"""Addresses of schedules, promises, capacity."""

from django.urls import path

from punctual.web.scheduling import ledger, promise

urlpatterns = [
    path("promise/entry/", promise.entry_panel, name="promise_entry"),
    path("promise/orders/<str:key>/", promise.order_panel, name="promise_order"),
    path("promise/orders/<str:key>/give/", promise.give, name="promise_give"),
    path("promises/", ledger.Ledger.as_view(), name="promises"),
]
