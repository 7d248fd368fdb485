"""Coming in, leaving, and what a person can set. The doors are allauth's, in our look."""

from typing import Any

from allauth.account import views as doors
from django.conf import settings as conf
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import audit, invitations
from accounts.form_again import FormAgain
from accounts.forms import ProfileForm
from accounts.models import Ownership, User
from accounts.ownership import is_owner
from accounts.parting import leaving
from accounts.requests import SignedInRequest
from accounts.sign_in import sign_up_by_mail, sign_up_views
from accounts.sign_in.second_factor import factors_of
from accounts.sign_in.sign_up import CountedSignUpForm
from ahfai.access import open_to_all


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST":
        if form.is_valid():
            form.save()
            messages.success(request, _("Your settings are saved."))
            return redirect("accounts:settings")
        # The page around the form shows the person as they are, not as they were mistyped.
        request.user.refresh_from_db()
    status = 422 if form.errors else 200
    shown = {
        "form": form,
        "is_owner": is_owner(request.user),
        "factors": factors_of(request.user),
        "leaving": leaving.of(request.user),
    }
    return render(request, "accounts/settings.html", shown, status=status)


class SignIn(FormAgain, doors.LoginView):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if invitations.sign_up_is_open(request) and not User.objects.exists():
            # Nobody can be welcomed back.
            return redirect(f"{reverse('account_signup')}?{request.GET.urlencode()}".rstrip("?"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_open = invitations.sign_up_is_open(self.request)
        shown = {
            "sign_up_closed": not is_open,
            "has_mail": conf.HAS_MAIL,
            "has_passkeys": conf.HAS_PASSKEYS,
        }
        return super().get_context_data(**shown, **kwargs)


class SignUp(FormAgain, doors.SignupView):
    form_class = CountedSignUpForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if invitations.is_valid(request.GET.get("invite")):
            # Kept in the session, so that the address bar and the history lose it.
            request.session[invitations.IN_SESSION] = request.GET["invite"]
            return redirect("account_signup")
        if request.user.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        is_open = invitations.sign_up_is_open(request)
        if is_open and sign_up_by_mail.is_on():
            return sign_up_views.ask(request)
        response = super().dispatch(request, *args, **kwargs)
        if not is_open:
            response.status_code = 403
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(first_person=not Ownership.objects.exists(), **kwargs)


class SignOut(doors.LogoutView):
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.request.user.is_authenticated:
            audit.record(self.request.user, audit.Event.SIGNED_OUT, self.request)
        response = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class ChangePassword(FormAgain, doors.PasswordChangeView):
    pass


class ConfirmItIsYou(FormAgain, doors.ReauthenticateView):
    pass


sign_in = open_to_all("whoever isn't signed in yet has to get in")(SignIn.as_view())
sign_up = open_to_all("new people have no account to sign in with")(SignUp.as_view())
account_inactive = open_to_all("tells somebody why they can't sign in")(
    doors.AccountInactiveView.as_view()
)
sign_out = open_to_all("a second click on Sign out ends at the sign-in page too")(SignOut.as_view())
change_password = ChangePassword.as_view()
confirm_it_is_you = ConfirmItIsYou.as_view()
