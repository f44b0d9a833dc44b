from django.urls import path

from punctual.web.imports.urls import import_urls
from punctual.web.resources import views

urlpatterns = [
    path("resources/", views.ResourceList.as_view(), name="resources"),
    path("resources/new/", views.edit_resource, name="resource_new"),
    path("resources/skills/", views.skills, name="skills"),
    *import_urls("resources", "resources/", "resources"),
    path("resources/<int:pk>/", views.resource, name="resource"),
    path("resources/<int:pk>/edit/", views.edit_resource, name="resource_edit"),
    path("resources/<int:pk>/archive/", views.archive_resource, name="resource_archive"),
]
