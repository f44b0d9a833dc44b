from django.urls import path

from punctual.web.portal import staff, views

urlpatterns = [
    path("portal/", views.home, name="portal"),
    path("portal/sign-in/", views.sign_in, name="portal_sign_in"),
    path("portal/sign-out/", views.sign_out, name="portal_sign_out"),
    path("portal/forgot/", views.forgot, name="portal_forgot"),
    path("portal/welcome/<str:token>/", views.welcome, name="portal_welcome"),
    path("portal/requests/", views.requests, name="portal_requests"),
    path("portal/orders/<str:number>/", views.order, name="portal_order"),
    path("customers/<int:pk>/portal/<int:contact_pk>/<str:verb>/", staff.act, name="portal_act"),
]
