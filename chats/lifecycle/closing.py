"""How a reply leaves its process: closed once, left to others from the line, or found dead."""

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.programs import webhooks
from ahfai.models import Heartbeat
from chats.lifecycle.heartbeat import beating, is_alive, this_process
from chats.models import OPEN, Message, State, TemporaryPlace


def close(reply: Message, state: State, **fields) -> bool:
    """Close `reply` if nobody has closed it before; `fields` may hold sealed values."""
    with transaction.atomic():
        closed = Message.objects.filter(pk=reply.pk, state__in=OPEN).update(
            state=state, closed=timezone.now(), process=None, **fields
        )
        if closed:
            is_whole = state not in (State.FAILED, State.INTERRUPTED)
            what = "reply.finished" if is_whole else "reply.failed"
            webhooks.happened(reply.owner_id, what, [reply.pk])
    return bool(closed)


def leave_to_others(reply: Message) -> bool:
    """Let go of `reply`, of which nothing has been written; its place in line stays. False where it
    is over, or nobody wants it any more."""
    mine = Message.objects.open().filter(pk=reply.pk, stop_asked=False)
    return bool(mine.update(state=State.WAITING, process=None))


def take_over(reply: Message) -> bool:
    """Whether this process goes on with `reply`, which another one has left."""
    process = this_process()
    left = Message.objects.left_to_others().filter(pk=reply.pk)
    return bool(left.update(process=process))


def close_dead() -> int:
    """Close the replies whose process died; their text so far stays. Returns how many. What a
    process has left to others is no more dead than it was.

    What they held of temporary chats is given up.

    Whether the process beats and whether the row is open is asked where it is locked: it may have
    come back, and where a row was just being closed, PostgreSQL waits for that and looks again.
    """
    held = Message.objects.open().values("process"), TemporaryPlace.objects.values("process")
    here = Heartbeat.objects.filter(Q(pk__in=held[0]) | Q(pk__in=held[1]), host=settings.HOST_NAME)
    gone = [process.pk for process in here if not is_alive(process.pid)]
    is_dead = ~beating() | Q(process_id__in=gone)
    if (left := TemporaryPlace.objects.filter(is_dead)).exists():
        left.delete()
    left = Message.objects.left_to_others()
    dead = Message.objects.open().filter(is_dead).exclude(pk__in=left.values("pk"))
    # A look first: an update takes SQLite's write lock even when it finds nothing.
    if not dead.exists():
        return 0
    with transaction.atomic():
        # Those that are held here can be closed by nobody else meanwhile.
        found = list(dead.select_for_update(of=("self",)).values_list("owner", "pk"))
        Message.objects.filter(pk__in=[key for _owner, key in found]).update(
            state=State.INTERRUPTED, reason="restarted", closed=timezone.now(), process=None
        )
        webhooks.happened_to_many("reply.failed", found)
    return len(found)
