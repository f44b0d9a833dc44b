from django.urls import path

from punctual.web.custom_fields import settings, values

urlpatterns = [
    path("settings/fields/", settings.fields_page, name="custom_fields"),
    path("settings/fields/new/<str:subject>/", settings.edit_field, name="custom_field_new"),
    path("settings/fields/<int:pk>/", settings.edit_field, name="custom_field_edit"),
    path("settings/fields/<int:pk>/archive/", settings.archive, name="custom_field_archive"),
    path("orders/<str:key>/fields/", values.order_fields, name="order_fields"),
    path("tasks/<int:pk>/fields/", values.task_fields, name="task_fields"),
]
