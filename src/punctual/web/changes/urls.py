"""Addresses of change orders, revisions and the customer's answer."""

from django.urls import path

from punctual.web.changes import page, public, purchase_orders, views

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
    path("orders/<str:key>/po/", purchase_orders.po_page, name="order_po"),
    path("orders/<str:key>/po/upload/", purchase_orders.upload_po, name="po_upload"),
    path("orders/<str:key>/po/points/<int:pk>/", purchase_orders.settle, name="po_settle"),
    path("orders/<str:key>/po/seen/", purchase_orders.seen, name="po_seen"),
    path("orders/<str:key>/po/<int:pk>/change/", purchase_orders.to_change, name="po_change"),
    path("sign/change/<str:token>/", public.sign_change, name="change_sign"),
]
