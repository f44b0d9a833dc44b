from django.urls import path

from punctual.web.relations import requests

urlpatterns = [
    path("requests/", requests.workbench, name="requests"),
    path("requests/table/", requests.RequestTable.as_view(), name="requests_table"),
    path("requests/inbox/", requests.inbox, name="requests_inbox"),
    path("requests/new/", requests.new_request, name="request_new"),
    path("requests/<str:key>/", requests.workbench, name="request"),
    path("requests/<str:key>/edit/", requests.change_request, name="request_edit"),
    path("requests/<str:key>/say/", requests.say, name="request_say"),
    path("requests/<str:key>/files/<int:pk>/", requests.download, name="request_file"),
    path("requests/<str:key>/do/<str:verb>/", requests.act, name="request_do"),
]
