from django.urls import path

from punctual.web.account import views

urlpatterns = [
    path("me/settings/", views.my_settings, name="my_settings"),
    path("me/tokens/", views.new_token, name="new_token"),
    path("me/tokens/<int:pk>/revoke/", views.drop_token, name="drop_token"),
    path("me/sign-out-everywhere/", views.sign_out_of_all, name="sign_out_everywhere"),
    path("settings/people/<int:pk>/sign-out/", views.sign_out_of_all, name="sign_out_person"),
    path("api-documentation/", views.api_documentation, name="api_documentation"),
    path("inbox/", views.inbox, name="inbox"),
    path("settings/", views.company_settings, name="company_settings"),
    path("settings/people/", views.people_and_roles, name="people"),
    path("settings/people/new/", views.person, name="person_new"),
    path("settings/people/<int:pk>/", views.person, name="person"),
]
