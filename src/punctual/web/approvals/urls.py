"""Addresses of approvals."""

from django.urls import path

from punctual.web.approvals import views

urlpatterns = [
    path("approvals/", views.inbox, name="approvals"),
    path("approvals/<int:pk>/", views.approval, name="approval"),
    path("approvals/<int:pk>/decide/", views.decide_one, name="approval_decide"),
    path("approvals/<int:pk>/remind/", views.remind_one, name="approval_remind"),
    path("approvals/stand-in/", views.delegation, name="approval_delegation"),
    path("approvals/stand-in/<int:pk>/end/", views.end, name="approval_delegation_end"),
    path("settings/approvals/", views.rules, name="approval_rules"),
]
