"""A POST of the API that is sent twice with the same `Idempotency-Key` does once what it asks for,
and is answered the same (draft-ietf-httpapi-idempotency-key-header).

First the key is claimed, in a transaction of its own. Then what is created and the answer are
saved in one, so that there is never one without the other: where a process dies between, nothing
was created, and the claim ends by itself.
"""

import datetime
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.fields import sealed_for
from accounts.models import KeptAnswer, User
from accounts.requests import SignedInRequest
from ahfai import limits
from ahfai.problems import Refused

HEADER = "Idempotency-Key"
MAX_KEY = 255
KEPT_FOR = datetime.timedelta(hours=24)
# Longer than a request that creates something takes.
LEASE = datetime.timedelta(minutes=1)
_HEADERS = ("Content-Type", "ETag", "Location")

View = TypeVar("View", bound=Callable)


def by_itself(view: View) -> View:
    """Mark a view that reads the key itself, as one must whose work goes on after its answer."""
    view.reads_idempotency_key = True  # type: ignore[attr-defined]
    return view


def takes_none(view: View) -> View:
    """Mark a view that keeps nothing by which a request could be known again."""
    view.takes_no_key = True  # type: ignore[attr-defined]
    return by_itself(view)


def key_of(request: HttpRequest) -> str:
    """ "" where there is none. In quotes as RFC 8941 has strings, or bare as many programs send it.

    Raises Refused.
    """
    said = request.headers.get(HEADER, "").strip()
    if not said:
        return ""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\["\\])+)"', said)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else said
    if len(key) > MAX_KEY or not re.fullmatch("[ -~]+", key) or (not quoted and '"' in key):
        sentence = _("Idempotency-Key takes 1 to %(most)d characters of ASCII.")
        raise Refused(400, sentence % {"most": MAX_KEY})
    return key


def once(request: SignedInRequest, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `answer` makes, or what it made when this person sent this request before.

    Raises Refused, and what `answer` raises: then nothing is kept, and the key is free again.
    """
    key = key_of(request)
    if not key:
        return answer()
    row = _claimed(request.user, _hash(request.user, key), _fingerprint(request))
    if row.answered:
        return _again(row.answer)
    mine = KeptAnswer.objects.filter(pk=row.pk, claim=row.claim, answered=None)
    try:
        with limits.counted_anyway(), transaction.atomic():
            response = answer()
            if isinstance(response, HttpResponse) and response.status_code < 300:
                kept, now = sealed_for(row, "answer", _written(response)), timezone.now()
                if not mine.update(answer=kept, answered=now, until=now + KEPT_FOR):
                    raise _under_way()
                return response
    except BaseException:
        with suppress(DatabaseError):
            mine.delete()
        raise
    mine.delete()
    return response


def used_otherwise() -> Refused:
    return Refused(422, _("This Idempotency-Key was used for another request. Make a new one."))


def forget_old() -> None:
    KeptAnswer.objects.filter(until__lt=timezone.now()).delete()


def _claimed(person: User, key_hash: str, fingerprint: str) -> KeptAnswer:
    """A row of this very request, or the one with its answer. Raises Refused."""
    for _try in range(3):
        found = person.kept_answers.filter(key_hash=key_hash).first()
        now = timezone.now()
        if found is None:
            row = KeptAnswer(owner=person, key_hash=key_hash, fingerprint=fingerprint)
            row.until = now + LEASE
            with suppress(IntegrityError), transaction.atomic():
                row.save(force_insert=True)
                return row
        elif found.until <= now:
            # Given up, or old.
            person.kept_answers.filter(pk=found.pk, claim=found.claim, until__lte=now).delete()
        elif found.fingerprint != fingerprint:
            raise used_otherwise()
        elif found.answered:
            return found
        else:
            break
    raise _under_way()


def _under_way() -> Refused:
    sentence = _("The same request is under way. Send it again a little later.")
    return Refused(409, sentence, {"Retry-After": "1"})


def _hash(person: User, key: str) -> str:
    said = f"idempotency\0{person.pk}\0{key}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def _fingerprint(request: HttpRequest) -> str:
    """Of a form its fields and files: the line between them is another one each time."""
    hashed = hashlib.sha256()

    def add(part: bytes) -> None:
        hashed.update(len(part).to_bytes(8))
        hashed.update(part)

    add(str(request.method).encode())
    add(request.get_full_path().encode())
    if request.content_type != "multipart/form-data":
        add(request.body)
        return hashed.hexdigest()
    for name, values in sorted(request.POST.lists()):
        for value in values:
            add(name.encode(errors="replace"))
            add(str(value).encode(errors="replace"))
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            add(name.encode(errors="replace"))
            add(str(file.name).encode(errors="replace"))
            add(b"".join(file.chunks()))
            file.seek(0)
    return hashed.hexdigest()


def _written(response: HttpResponse) -> str:
    headers = {name: response[name] for name in _HEADERS if name in response}
    said = {"status": response.status_code, "headers": headers, "body": response.content.decode()}
    return json.dumps(said, ensure_ascii=False)


def _again(kept: str) -> HttpResponse:
    said = json.loads(kept)
    return HttpResponse(said["body"], status=said["status"], headers=said["headers"])
