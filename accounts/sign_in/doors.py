"""The ways in and out, under the names by which allauth asks for them.

Chosen one by one: what is not listed here can't be reached.
"""

from django.urls import path

from accounts import views
from accounts.sign_in import email_views, factor_views, reset_views, sign_up_views

urlpatterns = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("sign-up/", views.sign_up, name="account_signup"),
    path("sign-up/new/", sign_up_views.make, name="sign_up_by_mail"),
    path("password/", views.change_password, name="account_change_password"),
    path("reset/", reset_views.ask, name="account_reset_password"),
    path("reset/new/", reset_views.choose, name="account_reset_password_from_key"),
    path("email/", email_views.change, name="account_change_email"),
    path("email/confirm/", email_views.confirm, name="account_confirm_email"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("again/", views.confirm_it_is_you, name="account_reauthenticate"),
    path("again/code/", factor_views.confirm_by_code, name="mfa_reauthenticate"),
    path("again/passkey/", factor_views.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("sign-in/passkey/", factor_views.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("sign-in/passkey/ask/", factor_views.ask_for_passkey, name="ask_for_passkey"),
    path("sign-in/code/", factor_views.enter_code, name="mfa_authenticate"),
    path("second-factor/", factor_views.overview, name="mfa_index"),
    path("second-factor/needed/", factor_views.needed, name="second_factor_needed"),
    path("second-factor/app/", factor_views.add_app, name="mfa_activate_totp"),
    path("second-factor/app/remove/", factor_views.remove_app, name="mfa_deactivate_totp"),
    path("second-factor/passkeys/add/", factor_views.add_passkey, name="mfa_add_webauthn"),
    path("second-factor/passkeys/<int:factor_id>/", factor_views.passkey, name="mfa_edit_webauthn"),
    path(
        "second-factor/passkeys/<int:factor_id>/remove/",
        factor_views.remove_passkey,
        name="mfa_remove_webauthn",
    ),
    path("second-factor/codes/", factor_views.new_codes, name="mfa_generate_recovery_codes"),
]
