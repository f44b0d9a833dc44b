"""Addresses of plans and their templates."""

from django.urls import path

from punctual.web.plans import budget, template_views, timeline, views

urlpatterns = [
    path("plans/", views.Plans.as_view(), name="plans"),
    path("plans/timeline/", timeline.timeline, name="plans_timeline"),
    path("plans/<str:order>/", views.plan, name="plan"),
    path("plans/<str:order>/phases/", timeline.phases, name="plan_phases"),
    path("plans/<str:order>/budget/", budget.budget, name="plan_budget"),
    path("plans/<str:order>/progress/", views.report_progress, name="plan_progress"),
    path("plans/<str:order>/baselines/", views.baselines, name="plan_baselines"),
    path("plan-templates/", template_views.Templates.as_view(), name="plan_templates"),
    path("plan-templates/new/", template_views.edit, name="plan_template_new"),
    path("plan-templates/preview/", template_views.preview, name="plan_template_preview"),
    path("plan-templates/<str:code>/", template_views.edit, name="plan_template"),
    path("plan-templates/<str:code>/publish/", template_views.publish, name="plan_template_publish"),
    path("plan-templates/<str:code>/discard/", template_views.discard, name="plan_template_discard"),
    path("plan-templates/<str:code>/copy/", template_views.copy, name="plan_template_copy"),
    path("plan-templates/<str:code>/archive/", template_views.archive, name="plan_template_archive"),
]
