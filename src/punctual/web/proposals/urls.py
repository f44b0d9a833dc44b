from django.urls import path

from punctual.web.proposals import views

urlpatterns = [
    path("proposals/", views.proposals, name="proposals"),
    path("proposals/<int:pk>/", views.decide, name="proposal_decide"),
]
