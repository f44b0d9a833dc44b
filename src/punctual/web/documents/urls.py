"""Addresses of documents."""

from django.urls import path

from punctual.web.documents import views

urlpatterns = [
    path("orders/<str:key>/documents/", views.documents, name="order_documents"),
    path("orders/<str:key>/documents/attach/", views.attach, name="document_attach"),
    path("orders/<str:key>/documents/<int:pk>/decide/", views.decide_one, name="document_decide"),
    path("orders/<str:key>/documents/<int:pk>/ask/", views.ask, name="document_ask"),
    path("sign/document/<str:token>/", views.sign_document, name="document_sign"),
    path("sign/document/<str:token>/file/", views.document_of_link, name="document_of_link"),
]
