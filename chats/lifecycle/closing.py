"""How a reply leaves its process: closed once, left to others from the line, or found dead."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.programs import webhooks
from ahfai.models import Heartbeat
from chats.lifecycle.heartbeat import beating, is_alive, this_process
from chats.models import Message, MessageQuerySet, State, TemporaryPlace

# Ends that nobody wanted.
BROKEN = (State.FAILED, State.INTERRUPTED)


def stop(reply: Message) -> None:
    """Have `reply` stopped by the process that has it. What was left to others, none of which has
    taken it, is closed at once: from now on none of them will."""
    mine = Message.objects.open().filter(pk=reply.pk)
    mine.update(stop_asked=True)
    if mine.filter(process=None).exists():
        close(reply, State.STOPPED)


def close(reply: Message, state: State, **fields) -> bool:
    """Close `reply` if nobody has closed it before; `fields` may hold sealed values. One that came
    to no end of its own after the person wanted it stopped is stopped, whatever befell it."""
    with transaction.atomic():
        mine = Message.objects.open().filter(pk=reply.pk)
        if state in BROKEN and mine.filter(stop_asked=True).exists():
            state, fields = State.STOPPED, {**fields, "reason": ""}
        if closed := _closed(mine, state, **fields):
            what = "reply.failed" if state in BROKEN else "reply.finished"
            webhooks.happened(reply.owner_id, what, [reply.pk])
    return bool(closed)


def _closed(replies: MessageQuerySet, state: State, **fields) -> int:
    return replies.update(state=state, closed=timezone.now(), process=None, **fields)


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
    """Close the replies whose process died, as stopped where that was wanted; their text so far
    stays. Returns how many. What a process has left to others is no more dead than it was.

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
        found = list(dead.select_for_update(of=("self",)).values_list("owner", "pk", "stop_asked"))
        stopped = [(owner, key) for owner, key, stop_asked in found if stop_asked]
        lost = [(owner, key) for owner, key, stop_asked in found if not stop_asked]
        _closed(_those(stopped), State.STOPPED)
        _closed(_those(lost), State.INTERRUPTED, reason="restarted")
        webhooks.happened_to_many("reply.finished", stopped)
        webhooks.happened_to_many("reply.failed", lost)
    return len(found)


def _those(found: list[tuple[UUID, UUID]]) -> MessageQuerySet:
    return Message.objects.filter(pk__in=[key for _owner, key in found])
