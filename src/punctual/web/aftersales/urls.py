from django.urls import path

from punctual.web.aftersales import lists, views

urlpatterns = [
    path("service-cases/", lists.CaseList.as_view(), name="service_cases"),
    path("service-cases/new/", views.new_case, name="service_case_new"),
    path("service-cases/<str:key>/", views.case, name="service_case"),
    path("service-cases/<str:key>/do/<str:verb>/", views.act, name="service_case_do"),
    path("service-cases/<str:key>/parts/", views.spare, name="service_case_part"),
    path("recurring-faults/take-up/", views.recurring_fault, name="recurring_fault"),
    path("visits/<int:pk>/", views.visit, name="visit"),
    path("visits/<int:pk>/change/", views.change_visit, name="visit_change"),
    path("visits/<int:pk>/paper/", views.visit_paper, name="visit_paper"),
    path("warranties/", lists.WarrantyList.as_view(), name="warranties"),
    path("orders/<str:key>/warranty/", views.begin_warranty, name="warranty_begin"),
    path("orders/<str:key>/return-visits/", views.plan_return_visits, name="return_visits"),
]
