"""Every page's address."""

from django.urls import include, path
from django.views.i18n import set_language

from punctual.web.home.views import home, running_orders
from punctual.web.shell import following
from punctual.web.shell import views as shell
from punctual.web.shell.headers import csp_report
from punctual.web.shell.metrics import metrics

urlpatterns = [
    path("", home, name="home"),
    path("today/orders/", running_orders, name="home_timeline"),
    path("", include("punctual.web.account.urls")),
    path("", include("punctual.web.monitoring.urls")),
    path("", include("punctual.web.changes.urls")),
    path("", include("punctual.web.approvals.urls")),
    path("", include("punctual.web.proposals.urls")),
    path("", include("punctual.web.delivery.urls")),
    path("", include("punctual.web.rates.urls")),
    path("", include("punctual.web.documents.urls")),
    path("", include("punctual.web.custom_fields.urls")),
    path("", include("punctual.web.orders.urls")),
    path("", include("punctual.web.parties.urls")),
    path("", include("punctual.web.catalog.urls")),
    path("", include("punctual.web.resources.urls")),
    path("", include("punctual.web.calendars.urls")),
    path("", include("punctual.web.plans.urls")),
    path("", include("punctual.web.scheduling.urls")),
    path("", include("punctual.web.risks.urls")),
    path("", include("punctual.web.relations.urls")),
    path("", include("punctual.web.tracking.urls")),
    path("", include("punctual.web.portal.urls")),
    path("", include("punctual.web.quality.urls")),
    path("", include("punctual.web.supply.urls")),
    path("", include("punctual.web.aftersales.urls")),
    path("", include("punctual.web.channels.urls")),
    path("", include("punctual.web.system.urls")),
    path("csp-report/", csp_report, name="csp_report"),
    path("follow/<str:kind>/<int:pk>/", following.toggle, name="follow"),
    path("comments/<str:kind>/<int:pk>/pictures/", following.add_picture, name="comment_pictures"),
    path("comments/<str:kind>/<int:pk>/pictures/<int:file>/", following.picture, name="comment_picture"),
    path("comments/<str:kind>/<int:pk>/", following.comment, name="comment"),
    path("palette/", shell.palette, name="palette"),
    path("views/", shell.save_list_view, name="save_view"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("metrics", metrics, name="metrics"),
    path("healthz", shell.healthz, name="healthz"),
    path("readyz", shell.readyz, name="readyz"),
]
