import copy
import inspect
import itertools
import json
import logging
import pickle
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.test.utils import isolate_apps
from django.utils import timezone

from accounts.fields import (
    PlainTextRefused,
    Sealed,
    SealedManager,
    SealedTextField,
    opened_rows,
    sealed_fields,
    sealed_for,
    sealed_models,
)
from accounts.sealing import keys
from ahfai import crypto
from ahfai.crypto import SealError
from ahfai.testing import make_person
from chats.models import Chat, Message

pytestmark = pytest.mark.django_db

CANARY = "canary 茶 🫖"


@pytest.fixture
def chat(owner):
    return Chat.objects.create(owner=owner, title=CANARY)


@pytest.fixture
def message(chat):
    return Message.objects.create(
        owner=chat.owner, chat=chat, role="user", content=CANARY, thinking="hm"
    )


@pytest.fixture
def opened(monkeypatch):
    """Counts the values that are opened."""
    calls: list[bytes] = []
    unseal = crypto.unseal

    def unseal_and_count(key, sealed, context):
        calls.append(sealed)
        return unseal(key, sealed, context)

    monkeypatch.setattr(crypto, "unseal", unseal_and_count)
    return calls


def stored(row, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s",
            [row._meta.pk.get_db_prep_value(row.pk, connection)],
        )
        return bytes(cursor.fetchone()[0])


def store(row, column: str, value: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s",
            [value, row._meta.pk.get_db_prep_value(row.pk, connection)],
        )


def read(row, column: str = "content") -> str:
    return getattr(type(row).objects.get(pk=row.pk), column)


def refused_reading(row, column: str = "content") -> str:
    with pytest.raises(SealError) as caught:
        read(row, column)
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told
    assert repr(stored(row, column))[2:20] not in told
    assert str(row.pk) in str(caught.value)
    assert f"{row._meta.label}.{column}" in str(caught.value)
    return str(caught.value)


# Text goes in, text comes out, and the table holds neither


@pytest.mark.parametrize(
    "text", ["", "a", CANARY, "nul \x00 and \r\n", "x" * 100_000, "\ufffe\U0010ffff"]
)
def test_text_comes_back_exactly(chat, text):
    chat.title = text
    chat.save()

    assert read(chat, "title") == text


def test_the_table_holds_no_text_in_clear(message):
    assert CANARY.encode() not in stored(message, "content")
    assert len(stored(message, "content")) == 31 + len(CANARY.encode())


def test_bulk_create_seals_each_row_for_itself(owner):
    Chat.objects.bulk_create(Chat(owner=owner, title=f"title {n}") for n in range(5))

    assert sorted(chat.title for chat in Chat.objects.all()) == [f"title {n}" for n in range(5)]


def test_update_fields_seals_only_what_was_named(message):
    before = stored(message, "thinking")
    message.content, message.thinking = "new", "not saved"
    message.save(update_fields=["content"])

    assert read(message) == "new"
    assert stored(message, "thinking") == before


def test_deferred_text_is_fetched_when_it_is_read(message, django_assert_num_queries):
    without = Message.objects.defer("content").get(pk=message.pk)
    with django_assert_num_queries(1):
        assert without.content == CANARY
    assert Message.objects.only("id").get(pk=message.pk).content == CANARY


def test_a_row_without_the_deferred_text_is_saved_without_it(message):
    before = stored(message, "content")
    row = Message.objects.defer("content").get(pk=message.pk)
    row.thinking = "more"
    row.save()

    assert stored(message, "content") == before
    assert read(message, "thinking") == "more"


def test_refresh_from_db_brings_the_newer_text(message):
    Message.objects.filter(pk=message.pk).update(content=sealed_for(message, "content", "newer"))

    message.refresh_from_db(fields=["content"])
    assert message.content == "newer"
    message.content = "unsaved"
    message.refresh_from_db()
    assert message.content == "newer"


def test_text_of_related_rows_opens_too(message):
    assert Message.objects.select_related("chat").get().chat.title == CANARY
    assert Chat.objects.prefetch_related("messages").get().messages.all()[0].content == CANARY


def test_only_text_can_be_put_into_the_field(chat):
    for wrong in (b"bytes", 7, ["text"], F("model")):
        with pytest.raises(TypeError) as caught:
            chat.title = wrong
        assert "bytes'" not in str(caught.value)


def test_half_a_character_is_refused_without_repeating_the_text(chat):
    chat.title = f"{CANARY}\ud83e"

    with pytest.raises(ValueError, match="half a character") as caught, transaction.atomic():
        chat.save()
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    with pytest.raises(ValidationError):
        chat.full_clean()


def test_a_form_edits_sealed_text(chat):
    form_of = forms.modelform_factory(Chat, fields=["title"])

    form = form_of(instance=Chat.objects.get())
    assert isinstance(form.fields["title"].widget, forms.Textarea)
    assert CANARY in form.as_p()
    form = form_of({"title": "By a form"}, instance=Chat.objects.get())
    form.save()

    assert read(chat, "title") == "By a form"
    assert not form_of({"title": ""}, instance=chat).is_valid()
    assert not form_of({"title": "\x00"}, instance=chat).is_valid()


# What nobody reads, nobody opens


def test_a_list_opens_no_text_that_is_not_shown(owner, opened):
    Chat.objects.bulk_create(Chat(owner=owner, title="t") for _ in range(20))

    chats = list(Chat.objects.all())
    assert opened == []
    assert chats[0].title == "t"
    assert chats[0].title == "t"
    assert len(opened) == 1


def test_an_unread_body_is_saved_as_it_was(message):
    before = stored(message, "content")
    row = Message.objects.get(pk=message.pk)
    row.thinking = "more"
    row.save()

    assert stored(message, "content") == before
    assert read(message, "thinking") == "more"


# Every value belongs to one place


def test_a_value_swapped_with_another_row_is_refused(chat, message):
    other = Message.objects.create(owner=chat.owner, chat=chat, role="user", content="other")
    store(message, "content", stored(other, "content"))

    refused_reading(message)


def test_a_value_swapped_with_another_column_is_refused(message):
    store(message, "content", stored(message, "thinking"))

    refused_reading(message)


def test_a_value_of_another_model_under_the_same_id_is_refused(owner, message):
    twin = Chat.objects.create(id=message.pk, owner=owner, title="twin")
    store(message, "content", stored(twin, "title"))

    refused_reading(message)


def test_a_row_given_to_another_owner_is_refused(message, stranger):
    Message.objects.filter(pk=message.pk).update(owner=stranger)

    refused_reading(message)


def test_another_version_is_refused(message):
    store(message, "content", b"\x02" + stored(message, "content")[1:])

    assert "version" in refused_reading(message)


def test_another_generation_is_refused(message):
    sealed = stored(message, "content")
    store(message, "content", b"\x01\x00\x02" + sealed[3:])
    refused_reading(message)

    keys.next_user_key(message.owner_id)
    refused_reading(message)


def test_a_flipped_bit_at_every_byte_is_refused(message):
    sealed = stored(message, "content")
    field = Message._meta.get_field("content")

    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(SealError):
                field.open(message, Sealed(field, bytes(changed)))
    for position in (0, 2, 3, 15, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[position] ^= 1
        store(message, "content", bytes(changed))
        refused_reading(message)


@pytest.mark.prove
def test_each_flipped_bit_of_two_kilobytes_in_the_table_is_refused(message, record_property):
    message.content = "x" * 2048
    message.save()
    sealed = stored(message, "content")

    for position, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[position] ^= 1 << bit
        store(message, "content", bytes(changed))
        refused_reading(message)
    record_property("values refused", f"{len(sealed) * 8:,}")


@pytest.mark.parametrize("value", [b"", b"\x01", CANARY.encode(), b"\x01\x00\x01" + b"x" * 27])
def test_what_was_never_sealed_is_refused(message, value):
    store(message, "content", value)

    with pytest.raises(SealError):
        read(message)


def test_a_wrong_key_is_refused(message):
    master_id, wrapped = keys.wrap(crypto.new_key(), message.owner_id, 1)
    message.owner.keys.update(master_id=master_id, wrapped=wrapped)
    keys.clear_cache()

    refused_reading(message)


def test_a_missing_key_is_refused_for_reading_and_writing(message):
    message.owner.keys.all().delete()
    keys.clear_cache()

    refused_reading(message)
    with pytest.raises(SealError, match="can't be sealed"), transaction.atomic():
        message.save()


def test_an_old_key_opens_what_it_sealed_and_nothing_newer(message):
    old = stored(message, "content")
    keys.next_user_key(message.owner_id)
    assert read(message) == CANARY

    message.content = "newer"
    message.save()
    new = stored(message, "content")
    assert (crypto.generation_of(old), crypto.generation_of(new)) == (1, 2)
    store(message, "content", old[:3] + new[3:])
    refused_reading(message)


def test_an_unread_body_under_an_old_key_moves_to_the_newest_when_it_is_saved(message):
    row = Message.objects.get(pk=message.pk)
    keys.next_user_key(message.owner_id)
    row.save()

    assert crypto.generation_of(stored(message, "content")) == 2
    assert read(message) == CANARY


def test_a_copy_with_an_unread_body_is_refused(chat):
    copied = Chat.objects.get(pk=chat.pk)
    copied.pk, copied._state.adding = None, True
    with pytest.raises(SealError, match="can't be opened"), transaction.atomic():
        copied.save()
    with pytest.raises(SealError), transaction.atomic():
        Chat.objects.bulk_create([Chat(owner=chat.owner, title=copied.__dict__["title"])])
    assert Chat.objects.count() == 1

    copied = Chat.objects.get(pk=chat.pk)
    assert copied.title
    copied.pk, copied._state.adding = None, True
    copied.save()
    assert read(copied, "title") == read(chat, "title") == CANARY


def test_a_new_owner_needs_the_text_read_first(chat, stranger):
    row = Chat.objects.get(pk=chat.pk)
    row.owner = stranger
    with pytest.raises(SealError), transaction.atomic():
        row.save()

    row = Chat.objects.get(pk=chat.pk)
    assert row.title
    row.owner = stranger
    row.save()
    assert read(chat, "title") == CANARY


def test_a_row_without_id_or_owner_cannot_be_sealed(owner):
    with pytest.raises(SealError, match="owner"), transaction.atomic():
        Chat(title="x").save()
    field = Chat._meta.get_field("title")
    with pytest.raises(SealError, match="id"):
        field.seal(Chat(id=None, owner=owner), "x")


@pytest.mark.django_db(transaction=True)
def test_eight_threads_read_nothing_wrong_and_refuse_all_that_is_wrong(monkeypatch):
    monkeypatch.setattr(keys, "PEOPLE_IN_MEMORY", 3)
    people = [make_person() for _ in range(6)]
    rows = [Chat.objects.create(owner=person, title=str(person.pk)) for person in people]
    moved = Chat.objects.create(owner=people[0], title="moved")
    Chat.objects.filter(pk=moved.pk).update(owner=people[1])

    def look(start: int) -> tuple[int, int]:
        wrong = refused = 0
        try:
            for turn in range(40):
                row = Chat.objects.get(pk=rows[(start + turn) % 6].pk)
                wrong += row.title != str(row.owner_id)
                try:
                    wrong += bool(Chat.objects.get(pk=moved.pk).title)
                except SealError:
                    refused += 1
        finally:
            connection.close()
        return wrong, refused

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(look, range(8))) == [(0, 40)] * 8


# The database can't look inside


def refused(call) -> None:
    with pytest.raises(PlainTextRefused) as caught, transaction.atomic():
        call()
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert "chats." in str(caught.value).lower()


def test_update_refuses_plain_text_and_expressions(message):
    before = stored(message, "content")
    for value in (
        CANARY,
        "",
        b"bytes",
        F("thinking"),
        Value(CANARY),
        Coalesce("thinking", "content"),
    ):
        refused(lambda value=value: Message.objects.update(content=value))
        refused(lambda value=value: models.QuerySet(Message).update(content=value))

    assert stored(message, "content") == before


def test_bulk_update_refuses(message):
    refused(lambda: Message.objects.bulk_update([message], ["content"]))


def test_bulk_create_over_existing_rows_refuses(owner):
    rows = [Chat(owner=owner, title=CANARY)]
    refused(
        lambda: Chat.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["title"], unique_fields=["id"]
        )
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"title": CANARY},
        {"title__exact": CANARY},
        {"title__in": [CANARY]},
        {"title__contains": CANARY},
        {"title__icontains": CANARY},
        {"title__startswith": CANARY},
        {"title__gt": CANARY},
        {"title__regex": CANARY},
        {"title__lower": CANARY},
        {"title__lower__exact": CANARY},
        {"title": F("model")},
        {"messages__content": CANARY},
    ],
)
def test_filter_and_exclude_refuse(chat, condition):
    refused(lambda: Chat.objects.filter(**condition).exists())
    refused(lambda: Chat.objects.exclude(**condition).exists())
    refused(lambda: Chat.objects.get_or_create(owner=chat.owner, **condition))


def test_isnull_and_none_are_allowed_since_they_need_no_text(chat):
    assert Chat.objects.filter(title__isnull=False).count() == 1
    assert Chat.objects.filter(title=None).count() == 0


def test_a_condition_on_the_sealed_value_read_before_is_allowed(message):
    row = Message.objects.get(pk=message.pk)
    was = row.__dict__["content"]
    same = Message.objects.filter(pk=row.pk, content=was)

    assert same.update(content=sealed_for(row, "content", "first")) == 1
    assert same.update(content=sealed_for(row, "content", "second")) == 0
    assert read(message) == "first"


@pytest.mark.parametrize(
    "query",
    [
        lambda: Chat.objects.values(),
        lambda: Chat.objects.values_list(),
        lambda: Chat.objects.values("id", "title"),
        lambda: Chat.objects.values_list("title", flat=True),
        lambda: Chat.objects.only("id").values(),
        lambda: Message.objects.values("chat__title"),
        lambda: Chat.objects.values("messages__content"),
        lambda: Chat.objects.order_by("title"),
        lambda: Chat.objects.order_by("-title"),
        lambda: Message.objects.order_by("chat__title"),
        lambda: Chat.objects.order_by("title__lower"),
    ],
)
def test_values_and_order_by_refuse_sealed_columns(chat, query):
    refused(query)


def test_values_of_other_columns_work(chat):
    assert Chat.objects.values_list("id", flat=True).get() == chat.pk
    assert Chat.objects.order_by("-created", "pk").values("owner__email").get()
    assert Message.objects.values("chat").annotate(n=models.Count("id")).count() == 0
    assert Chat.objects.values(n=models.Count("id")).get() == {"n": 1}


def test_of_a_column_that_there_is_not_django_says_so_itself(chat):
    for query in (Chat.objects.values, Chat.objects.values_list, Chat.objects.order_by):
        with pytest.raises(FieldError, match="Cannot resolve keyword 'tilte'"):
            query("tilte")


def test_an_annotation_is_opaque(chat):
    found = Chat.objects.annotate(again=F("title")).get().again
    assert Chat.objects.values_list(F("title")).get()[0].value == found.value

    assert repr(found) == "<sealed>"
    for shown in (str, "{}".format, "%s".__mod__, lambda it: f"{it:>10}"):
        with pytest.raises(SealError, match="is sealed"):
            shown(found)
    for dumped in (json.dumps, bytes, list):
        with pytest.raises(TypeError):
            dumped(found)


# A conditional update writes a sealed value


def test_update_takes_what_was_sealed_for_its_row(message):
    done = Message.objects.filter(pk=message.pk, state="done").update(
        content=sealed_for(message, "content", "the growing reply")
    )

    assert done == 1
    assert read(message) == "the growing reply"


def test_update_refuses_what_was_sealed_for_another_column(message):
    sealed = sealed_for(message, "thinking", CANARY)

    refused(lambda: Message.objects.filter(pk=message.pk).update(content=sealed))


def test_what_was_sealed_for_another_row_never_opens(chat, message):
    other = Message.objects.create(owner=chat.owner, chat=chat, role="user", content="other")
    Message.objects.filter(pk=other.pk).update(content=sealed_for(message, "content", CANARY))

    refused_reading(other)


def test_sealed_for_knows_only_sealed_columns(chat):
    with pytest.raises(TypeError, match=r"chats\.Chat\.model"):
        sealed_for(chat, "model", "llama")


# Text doesn't leave by the back door


def test_a_row_with_opened_text_cannot_be_pickled(chat):
    with pytest.raises(PlainTextRefused):
        pickle.dumps(chat)
    unread = Chat.objects.get()
    assert CANARY.encode() not in pickle.dumps(unread)
    assert pickle.loads(pickle.dumps(unread)).title == CANARY


def test_a_deep_copy_keeps_its_text(chat):
    assert copy.deepcopy(chat).title == copy.copy(chat).title == CANARY
    copied = copy.deepcopy(Chat.objects.get())
    copied.save()
    assert copied.title == CANARY


def test_neither_variables_nor_dumps_show_the_text(chat, caplog):
    assert chat.title == CANARY
    assert CANARY not in repr(vars(chat)) + repr(chat)
    assert CANARY not in repr(vars(Chat.objects.get()))
    for kind in ("json", "python", "xml"):
        refused(lambda kind=kind: serializers.serialize(kind, Chat.objects.all()))


def test_a_dump_with_plain_text_is_not_loaded(owner):
    dump = {"title": CANARY, "owner": str(owner.pk), "model": ""}
    dump = json.dumps([{"model": "chats.chat", "pk": str(uuid.uuid4()), "fields": dump}])

    def load():
        for row in serializers.deserialize("json", dump):
            row.save()

    refused(load)


def test_logged_queries_hold_no_text(chat, caplog, settings):
    settings.DEBUG = connection.force_debug_cursor = True
    try:
        with caplog.at_level(logging.DEBUG, logger="django.db.backends"):
            chat.save()
    finally:
        connection.force_debug_cursor = False

    assert "UPDATE" in caplog.text
    assert CANARY not in caplog.text


# Very many rows at once


def test_many_rows_are_opened_with_their_ids_and_whatever_key_sealed_them(chat, message):
    keys.next_user_key(chat.owner_id)
    answer = Message.objects.create(
        owner=chat.owner,
        chat=chat,
        parent=message,
        role="assistant",
        content="An answer",
        closed=timezone.now(),
    )
    rows = Message.objects.order_by("role")

    assert list(opened_rows(rows, "content", "chat_id", "parent_id")) == [
        (answer.pk.bytes, "An answer", chat.pk.bytes, message.pk.bytes),
        (message.pk.bytes, CANARY, chat.pk.bytes, None),
    ]
    thoughts = {answer.pk.bytes: "", message.pk.bytes: "hm"}
    assert dict(opened_rows(rows, "thinking")) == thoughts


def test_of_many_rows_one_with_anothers_value_opens_as_nothing(chat, message, stranger):
    other = Message.objects.create(owner=chat.owner, chat=chat, role="user", content="Mine")
    strangers = Chat.objects.create(owner=stranger, title="Theirs")
    store(other, "content", stored(message, "content"))
    store(message, "thinking", stored(message, "content"))
    store(strangers, "title", stored(chat, "title"))

    contents = {message.pk.bytes: CANARY, other.pk.bytes: ""}
    assert dict(opened_rows(Message.objects.all(), "content")) == contents
    assert dict(opened_rows(Message.objects.all(), "thinking"))[message.pk.bytes] == ""
    titles = {chat.pk.bytes: CANARY, strangers.pk.bytes: ""}
    assert dict(opened_rows(Chat.objects.all(), "title")) == titles


# The checks tell the developer


def problems(model) -> set[str]:
    return {error.id for error in model.check() if (error.id or "").startswith("accounts.")}


def test_every_model_with_sealed_columns_passes_the_checks():
    assert {Chat, Message} <= set(sealed_models())
    assert [problems(model) for model in sealed_models()] == [set()] * len(sealed_models())


@isolate_apps("accounts")
def test_the_checks_name_what_a_sealed_column_lacks():
    class Homeless(models.Model):  # noqa: DJ008
        title = SealedTextField()

        class Meta:
            app_label = "accounts"

    class Unique(models.Model):  # noqa: DJ008
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        owner = models.ForeignKey("accounts.Homeless", on_delete=models.CASCADE)
        title = SealedTextField(unique=True)

        class Meta:
            app_label = "accounts"

    class Ownerless(models.Model):  # noqa: DJ008
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        owner = models.ForeignKey(get_user_model(), null=True, on_delete=models.SET_NULL)
        title = SealedTextField()

        class Meta:
            app_label = "accounts"

    assert problems(Homeless) == {"accounts.E001", "accounts.E002"}
    assert problems(Ownerless) == {"accounts.E002"}
    assert problems(Unique) == {"accounts.E002", "accounts.E003"}


def test_whoever_looks_through_the_class_finds_the_column_there():
    assert dict(inspect.getmembers(Chat))["title"].field is Chat._meta.get_field("title")


@isolate_apps("accounts")
def test_the_words_of_a_proxy_are_those_of_the_table_it_stands_for():
    class Titled(models.Model):  # noqa: DJ008
        title = SealedTextField()

        class Meta:
            app_label = "accounts"

    class Again(Titled):  # noqa: DJ008
        class Meta:
            app_label = "accounts"
            proxy = True

    assert [field.name for field in sealed_fields(Titled)] == ["title"]
    assert sealed_fields(Again) == []


@isolate_apps("accounts")
def test_the_field_says_how_it_was_made_and_keeps_its_length():
    class Short(models.Model):  # noqa: DJ008
        title = SealedTextField("title", max_length=5, null=True, blank=True)
        objects = SealedManager()

        class Meta:
            app_label = "accounts"

    field = Short._meta.get_field("title")
    _, path, args, options = field.deconstruct()
    assert path == "accounts.fields.SealedTextField"
    assert options == {"max_length": 5, "null": True, "blank": True, "verbose_name": "title"}
    assert SealedTextField(*args, **options).deconstruct()[1:] == (path, args, options)
    assert field.formfield().max_length == 5
    assert field.formfield().clean("") is None
    assert Short().title is None
    with pytest.raises(ValidationError):
        field.clean("too long", None)
