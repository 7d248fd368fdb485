"""What a row is called in logs, tracebacks and the admin's history."""

import pytest
from django.apps import apps

from ahfai.tests.everything import give_everything

CANARY = "a canary that sings in the Ardennes"
pytestmark = [pytest.mark.django_db, pytest.mark.same_everywhere]


def test_no_row_is_called_by_what_stands_in_it(owner):
    give_everything(owner, CANARY)
    rows = [row for model in apps.get_models() for row in model._base_manager.all()]
    assert len({type(row) for row in rows}) > 50
    for row in rows:
        assert CANARY not in str(row), type(row)
