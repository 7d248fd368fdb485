"""A chat that is deleted for good takes everything along that it had."""

import datetime

import pytest
from django.utils import timezone

from accounts import files
from accounts.models import FilePart, FileText, SealedFile, Tag, Tombstone
from accounts.parting import erasure
from ahfai.tests.everything import give_everything
from chats import order
from chats.models import Chat, Fact, Message

pytestmark = pytest.mark.django_db


def test_no_row_of_a_chat_is_left_nor_its_files_after_a_day(owner):
    give_everything(owner, "oak")
    chat = Chat.objects.get()
    of_chats = [
        way.model
        for way in erasure.ways()
        if way.model._meta.app_label == "chats" and _leads_to_a_chat(way.model)
    ]
    assert len(of_chats) > 8
    for model in of_chats:
        assert model._base_manager.exists(), model
    key = chat.pk
    order.delete(chat)
    for model in of_chats:
        assert not model._base_manager.exists(), model
    assert Tombstone.objects.filter(key=key).exists(), "the search is told of it"
    assert Fact.objects.exists(), "what belongs to no chat stays"
    assert Tag.objects.exists(), "a note carries it, too"
    owner.notes.all().delete()
    SealedFile.objects.update(needed=timezone.now() - datetime.timedelta(days=2))
    files.drop_unneeded()
    for model in (SealedFile, FilePart, FileText):
        assert not model.objects.exists(), model


def _leads_to_a_chat(model) -> bool:
    return any(
        field.many_to_one and field.related_model in (Chat, Message)
        for field in model._meta.get_fields()
        if field.concrete and field.name not in ("current", "parent")
    )
