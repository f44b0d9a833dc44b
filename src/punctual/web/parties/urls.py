from django.urls import path

from punctual.web.imports.urls import import_urls
from punctual.web.parties import customers, suppliers

urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="customers"),
    path("customers/new/", customers.edit_customer, name="customer_new"),
    *import_urls("customers", "customers/", "customers"),
    path("customers/<int:pk>/", customers.customer, name="customer"),
    path("customers/<int:pk>/edit/", customers.edit_customer, name="customer_edit"),
    path("customers/<int:pk>/archive/", customers.archive_customer, name="customer_archive"),
    path("customers/<int:customer_pk>/contacts/new/", customers.edit_contact, name="contact_new"),
    path("contacts/<int:pk>/", customers.contact, name="contact"),
    path("contacts/<int:pk>/edit/", customers.edit_contact, name="contact_edit"),
    path("contacts/<int:pk>/archive/", customers.archive_contact, name="contact_archive"),
    path("suppliers/", suppliers.SupplierList.as_view(), name="suppliers"),
    path("suppliers/new/", suppliers.edit_supplier, name="supplier_new"),
    *import_urls("suppliers", "suppliers/", "suppliers"),
    path("suppliers/<int:pk>/", suppliers.supplier, name="supplier"),
    path("suppliers/<int:pk>/edit/", suppliers.edit_supplier, name="supplier_edit"),
    path("suppliers/<int:pk>/archive/", suppliers.archive_supplier, name="supplier_archive"),
]
