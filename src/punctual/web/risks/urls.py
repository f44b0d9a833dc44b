from django.urls import path

from punctual.web.risks import edit, library, verbs, views
from punctual.web.risks.tables import RiskList

urlpatterns = [
    path("risks/", RiskList.as_view(), name="risks"),
    path("risks/review/", views.review_meeting, name="risk_review"),
    path("risks/new/", edit.edit_risk, name="risk_new"),
    path("risks/settings/", library.risk_settings_page, name="risk_settings"),
    path("risks/library/new/", library.edit_typical, name="typical_risk_new"),
    path("risks/library/<int:pk>/", library.edit_typical, name="typical_risk"),
    path("risks/library/<int:pk>/archive/", library.archive_typical, name="typical_risk_archive"),
    path("risks/<int:pk>/", views.risk, name="risk"),
    path("risks/<int:pk>/edit/", edit.edit_risk, name="risk_edit"),
    path("risks/<int:pk>/responses/new/", edit.new_response, name="risk_response_new"),
    path("risks/<int:pk>/responses/<int:response_pk>/choose/", verbs.choose, name="risk_response_choose"),
    path("risks/<int:pk>/responses/<int:response_pk>/remove/", verbs.remove, name="risk_response_remove"),
    path("risks/<int:pk>/<slug:verb>/", verbs.do, name="risk_do"),
    path("orders/<str:key>/risks/", views.order_risks, name="order_risks"),
    path("orders/<str:key>/risks/seed/", verbs.seed, name="order_risks_seed"),
    path("orders/<str:key>/risks/compute/", verbs.compute, name="order_risks_compute"),
    path("orders/<str:key>/risks/report.pdf", views.order_report, name="order_risks_report"),
]
