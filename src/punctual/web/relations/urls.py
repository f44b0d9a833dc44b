from django.urls import path

from punctual.web.relations import complaints, feedback, meetings, minutes, request_table, requests

urlpatterns = [
    path("requests/", requests.workbench, name="requests"),
    path("requests/table/", request_table.RequestTable.as_view(), name="requests_table"),
    path("requests/inbox/", request_table.inbox, name="requests_inbox"),
    path("requests/new/", requests.new_request, name="request_new"),
    path("requests/<str:key>/", requests.workbench, name="request"),
    path("requests/<str:key>/edit/", requests.change_request, name="request_edit"),
    path("requests/<str:key>/say/", requests.say, name="request_say"),
    path("requests/<str:key>/8d/", complaints.report, name="request_8d"),
    path("requests/<str:key>/files/<int:pk>/", requests.download, name="request_file"),
    path("requests/<str:key>/do/<str:verb>/", requests.act, name="request_do"),
    path("meetings/", meetings.MeetingList.as_view(), name="meetings"),
    path("meetings/new/", meetings.new_meeting, name="meeting_new"),
    path("meetings/<int:pk>/", meetings.meeting, name="meeting"),
    path("meetings/<int:pk>/move/", meetings.move_meeting, name="meeting_move"),
    path("meetings/<int:pk>/series/", meetings.change_series, name="meeting_series"),
    path("meetings/<int:pk>/write/", minutes.write, name="meeting_write"),
    path("meetings/<int:pk>/do/<str:verb>/", meetings.act, name="meeting_do"),
    path("meetings/<int:pk>/paper/<str:what>/", meetings.paper, name="meeting_paper"),
    path("feedback/", feedback.FeedbackList.as_view(), name="feedback"),
    path("feedback/ask/", feedback.ask, name="feedback_ask"),
    path("feedback/<int:pk>/answer/", feedback.reply, name="feedback_answer"),
]
