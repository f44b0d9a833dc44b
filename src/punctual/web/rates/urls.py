from django.urls import path

from punctual.web.rates import views

urlpatterns = [
    path("settings/rates/", views.rates_page, name="exchange_rates"),
    path("settings/rates/<int:pk>/remove/", views.remove, name="exchange_rate_remove"),
]
