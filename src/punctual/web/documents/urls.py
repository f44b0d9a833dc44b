"""Addresses of documents."""

from django.urls import path

from punctual.web.documents import views

urlpatterns = [
    path("orders/<str:key>/documents/", views.documents, name="order_documents"),
    path("documents/<str:holder>/<int:pk>/attach/", views.attach, name="document_attach"),
    path("documents/<str:holder>/<int:pk>/<int:file_pk>/", views.download, name="document_file"),
    path("documents/<str:holder>/<int:pk>/<int:file_pk>/decide/", views.decide_one, name="document_decide"),
    path("documents/<str:holder>/<int:pk>/<int:file_pk>/ask/", views.ask, name="document_ask"),
    path("documents/asked/<int:pk>/paper/", views.paper, name="document_paper"),
    path("sign/document/<str:token>/", views.sign_document, name="document_sign"),
    path("sign/document/<str:token>/file/", views.document_of_link, name="document_of_link"),
]
