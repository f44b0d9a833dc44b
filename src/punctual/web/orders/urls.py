"""Addresses of orders, reviews and imports."""

from django.urls import path

from punctual.web.orders import actions, entry, imports, owners, page, reviews, settings, views

urlpatterns = [
    path("orders/", views.OrderList.as_view(), name="orders"),
    path("orders/new/", entry.new_order, name="order_new"),
    path("orders/check/", entry.check_entry, name="order_check"),
    path("orders/products/", entry.products, name="order_products"),
    path("orders/customers/<int:pk>/", entry.customer_terms, name="order_customer"),
    path("orders/owner/", owners.change_owner, name="orders_owner"),
    path("orders/<str:key>/", page.order_page, name="order"),
    path("orders/<str:key>/later/", page.later_part, name="order_later"),
    path("orders/<str:key>/peek/", page.peek, name="order_peek"),
    path("orders/<str:key>/edit/", entry.edit_order, name="order_edit"),
    path("orders/<str:key>/copy/", actions.copy, name="order_copy"),
    path("orders/<str:key>/delete/", actions.delete, name="order_delete"),
    path("orders/<str:key>/do/<str:verb>/", actions.do, name="order_do"),
    path("orders/<str:key>/waive/", actions.waive_warning, name="order_waive"),
    path("orders/<str:key>/waivers/<int:pk>/withdraw/", actions.withdraw, name="order_withdraw"),
    path("orders/<str:key>/review/", actions.review, name="order_review"),
    path("orders/<str:key>/comment/", actions.comment, name="order_comment"),
    path("orders/<str:key>/files/", actions.attach_file, name="order_attach"),
    path("orders/<str:key>/files/<int:pk>/", actions.download, name="order_file"),
    path("orders/<str:key>/files/<int:pk>/remove/", actions.remove_file, name="order_file_remove"),
    path("reviews/", reviews.my_reviews, name="reviews"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/template/", imports.template_file, name="import_template"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/cell/", imports.change_cell, name="import_cell"),
    path("imports/<int:pk>/header/", imports.change_header, name="import_header"),
    path("imports/<int:pk>/columns/", imports.change_columns, name="import_columns"),
    path("imports/<int:pk>/take-over/", imports.take_over_page, name="import_take_over"),
    path("imports/<int:pk>/drop/", imports.drop, name="import_drop"),
    path("imports/<int:pk>/original/", imports.original_file, name="import_original"),
    path("imports/<int:pk>/errors/", imports.error_file, name="import_errors"),
    path("settings/orders/", settings.order_settings, name="order_settings"),
]
