from django.urls import path

from accounts import file_views, people_views, session_views, tag_views, views
from accounts.parting import leave_views
from accounts.programs import token_views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("browsers/", session_views.index, name="sessions"),
    path("browsers/end-others", session_views.end_others, name="sessions_end_others"),
    path("browsers/<uuid:session_id>/end", session_views.end, name="session_end"),
    path("people/", people_views.index, name="people"),
    path("people/invite", people_views.invite, name="invite"),
    path("people/invitations/<uuid:invitation_id>/revoke", people_views.revoke, name="revoke"),
    path("people/<uuid:person_id>/", people_views.person, name="person"),
    path("activity/", session_views.activity, name="activity"),
    path("tokens/", token_views.index, name="tokens"),
    path("tokens/new", token_views.make, name="token_make"),
    path("tokens/<uuid:token_id>/revoke", token_views.revoke, name="token_revoke"),
    path("leave/", leave_views.leave, name="leave"),
    path("leave/now", leave_views.leave_now, name="leave_now"),
    path("leave/stay", leave_views.stay, name="stay"),
    path("erased/<str:token>/", leave_views.receipt, name="receipt"),
    path("erased/<str:token>/file", leave_views.receipt_file, name="receipt_file"),
    path("files/<uuid:file_id>", file_views.file, name="file"),
    path("tags/", tag_views.index, name="tags"),
    path("tags/names", tag_views.names, name="tag_names"),
    path("tags/<uuid:tag_id>/", tag_views.rename, name="tag"),
    path("tags/<uuid:tag_id>/delete", tag_views.delete, name="tag_delete"),
]
