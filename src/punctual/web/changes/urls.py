"""Addresses of change orders, revisions and the customer's answer."""

from django.urls import path

from punctual.web.changes import page, public, views

urlpatterns = [
    path("changes/", views.ChangeList.as_view(), name="changes"),
    path("changes/<str:number>/", page.change_page, name="change"),
    path("changes/<str:number>/edit/", views.edit_change, name="change_edit"),
    path("changes/<str:number>/do/<str:verb>/", views.do, name="change_do"),
    path("changes/<str:number>/link/", views.make_link, name="change_link"),
    path("changes/<str:number>/paper/", views.paper, name="change_paper"),
    path("changes/<str:number>/files/<int:pk>/", page.download, name="change_file"),
    path("orders/<str:key>/change/", views.new_change, name="change_new"),
    path("orders/<str:key>/revisions/", page.revisions, name="order_revisions"),
    path("sign/change/<str:token>/", public.sign_change, name="change_sign"),
]
