"""Files of messages for programs: sent before the message that names them, and fetched again."""

import uuid

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Router

from accounts import files
from accounts.api_files import ONE_FILE, FileShown, binary, facts, not_taken, sent
from accounts.file_views import file as show
from accounts.models import Scope
from accounts.programs import idempotency
from accounts.programs.api_access import FORM, MINUTE, Allowed, at_most
from accounts.requests import SignedInRequest
from chats import attachments

router = Router()


class FileForMessage(FileShown):
    # Whether the model is given all of its words, or of a picture all that there is.
    is_whole: bool


@router.post(
    "chats/files",
    auth=Allowed(Scope.CHATS_WRITE, takes=FORM),
    response={201: FileForMessage},
    url_name="chat_file",
    openapi_extra=ONE_FILE,
)
@idempotency.by_itself
def keep(request: SignedInRequest) -> HttpResponseBase:
    """A picture, a PDF or a text for a message that names its `id` among its `files`. Without such
    a message it stays for a day."""
    at_most(request, 120, MINUTE, "upload")
    try:
        # Outside of the transaction that keeps it: it may take a while.
        arrived = attachments.look_into(sent(request))
    except files.Refused as why:
        raise not_taken(why) from None

    def kept() -> HttpResponse:
        try:
            file = attachments.store(request.user, arrived)
        except files.Refused as why:
            raise not_taken(why) from None
        shown = FileForMessage(is_whole=attachments.shown(file).is_whole, **facts(file))
        return JsonResponse(shown.dict(), status=201)

    return idempotency.once(request, kept)


@router.get(
    "messages/{uuid:message_id}/files/{uuid:file_id}",
    auth=Allowed(Scope.CHATS_READ),
    url_name="file_of_message",
    openapi_extra=binary("*/*", ranges=True),
)
def read(request: SignedInRequest, message_id: uuid.UUID, file_id: uuid.UUID) -> HttpResponseBase:
    """The file itself, or the range of bytes that `Range` names."""
    there = request.user.messages.filter(chat__trashed=None).only("pk")
    message = get_object_or_404(there, pk=message_id)
    if not message.attachments.filter(file=file_id).exists():
        raise Http404
    return show(request, file_id)
