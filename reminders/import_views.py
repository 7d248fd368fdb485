"""Import of other calendars in the browser."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.pace import HOUR, at_most
from accounts.requests import SignedInRequest
from ahfai.uploads import NotKept
from reminders import ical
from reminders.forms import ImportForm
from reminders.ical.reasons import SENTENCES, Refused

# The page waits for it; what is left is taken in the next time.
SECONDS = 20
MOST_REMARKS = 200


@require_http_methods(["GET", "POST"])
@at_most(30, HOUR, "import")
def import_(request: SignedInRequest) -> HttpResponse:
    """Take in a file, and say at once what became of it. It is kept nowhere; sent again, nothing
    comes in twice."""
    if request.method == "GET":
        return _page(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if isinstance(request.FILES.get("file"), NotKept):
        form.errors["file"] = form.error_class([str(SENTENCES["too_large"])])
        return _page(request, form, 413)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        entries = ical.reading.entries(form.cleaned_data["file"].read(ical.reading.MAX_BYTES + 1))
    except Refused as refused:
        form.add_error("file", SENTENCES[refused.code])
        return _page(request, form, 422)
    result = ical.arriving.take_in(request.user, entries, SECONDS)
    return _page(request, ImportForm(), result=result)


def _page(
    request: SignedInRequest,
    form: ImportForm,
    status: int = 200,
    result: "ical.arriving.Result | None" = None,
) -> HttpResponse:
    remarks = result.remarks if result else []
    shown = {
        "form": form,
        "result": result,
        "remarks": [(one, SENTENCES[one.code]) for one in remarks[:MOST_REMARKS]],
        "has_more": len(remarks) > MOST_REMARKS,
    }
    return render(request, "reminders/import.html", shown, status=status)
