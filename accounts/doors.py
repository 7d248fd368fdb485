"""The ways in and out, under the names by which allauth asks for them.

Chosen one by one: what is not listed here, such as a reset by e-mail, can't be reached.
"""

from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("sign-up/", views.sign_up, name="account_signup"),
    path("password/", views.change_password, name="account_change_password"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("again/", views.confirm_it_is_you, name="account_reauthenticate"),
]
