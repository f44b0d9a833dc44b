"""Addresses of deliveries, acceptances, payments and closing."""

from django.urls import path

from punctual.web.delivery import actions, lists, money, pages, papers

urlpatterns = [
    path("deliveries/", lists.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/<str:number>/", pages.delivery_page, name="delivery"),
    path("deliveries/<str:number>/do/<str:verb>/", actions.do_delivery, name="delivery_do"),
    path("deliveries/<str:number>/photos/", actions.photograph, name="delivery_photos"),
    path("deliveries/<str:number>/photos/<int:pk>/remove/", actions.unphotograph, name="delivery_photo_remove"),
    path("deliveries/<str:number>/note.pdf", papers.delivery_note, name="delivery_note"),
    path("deliveries/<str:number>/packing.pdf", papers.packing_list, name="delivery_packing"),
    path("deliveries/<str:number>/files/<int:pk>/", pages.delivery_file, name="delivery_file"),
    path("orders/<str:key>/deliver/", pages.new_delivery, name="delivery_new"),
    path("orders/<str:key>/acceptances/", actions.new_acceptance, name="acceptance_new"),
    path("acceptances/<int:pk>/", pages.acceptance_page, name="acceptance"),
    path("acceptances/<int:pk>/certificate.pdf", papers.acceptance_certificate, name="acceptance_certificate"),
    path("acceptances/<int:pk>/do/<str:verb>/", actions.do_acceptance, name="acceptance_do"),
    path("acceptances/<int:pk>/files/<int:file_pk>/", pages.acceptance_file, name="acceptance_file"),
    path("payments/", lists.PaymentList.as_view(), name="payments"),
    path("orders/<str:key>/payments/", money.order_payments, name="order_payments"),
    path("orders/<str:key>/payments/plan/", money.plan_payments, name="payments_plan"),
    path("orders/<str:key>/payments/<int:pk>/enter/", money.enter_payment, name="payment_enter"),
    path("orders/<str:key>/payments/entries/<int:pk>/void/", money.void_entry, name="payment_void"),
    path("orders/<str:key>/close/", money.close_page, name="order_close"),
    path("orders/<str:key>/close/tasks/", money.close_tasks, name="order_close_tasks"),
    path("settings/delivery/", money.settings_page, name="delivery_settings"),
]
