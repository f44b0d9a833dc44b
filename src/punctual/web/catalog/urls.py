from django.urls import path

from punctual.web.catalog import details, views
from punctual.web.imports.urls import import_urls

urlpatterns = [
    path("products/", views.ProductList.as_view(), name="products"),
    path("products/new/", views.edit_product, name="product_new"),
    path("products/families/", views.families, name="product_families"),
    *import_urls("products", "products/", "products"),
    path("products/<int:pk>/", views.product, name="product"),
    path("products/<int:pk>/edit/", views.edit_product, name="product_edit"),
    path("products/<int:pk>/archive/", views.archive_product, name="product_archive"),
    path("products/<int:pk>/revisions/new/", details.new_revision, name="revision_new"),
    path("products/<int:pk>/revisions/<int:revision_pk>/retire/", details.retire_revision, name="revision_retire"),
    path("products/<int:pk>/revisions/<int:revision_pk>/back/", details.reinstate_revision, name="revision_back"),
    path("products/<int:pk>/prices/new/", details.new_price, name="price_new"),
    path("products/<int:pk>/prices/remove/", details.remove_price, name="price_remove"),
]
