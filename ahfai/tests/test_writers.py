"""Many who change one row at the same time."""

import datetime
import time

import pytest
from django.db import transaction

from ahfai.models import RateCount
from ahfai.tests.at_once import at_once

WINDOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("writers", "each"), [(8, 20), pytest.param(16, 200, marks=pytest.mark.prove)]
)
def test_no_change_is_lost_and_nobody_is_turned_away(writers, each, record_property):
    row = RateCount.objects.create(key="shared", window=WINDOW, count=0)
    waited = []

    def write(_number: int) -> None:
        for _ in range(each):
            began = time.monotonic()
            with transaction.atomic():
                same = RateCount.objects.select_for_update().get(pk=row.pk)
                same.count += 1
                same.save(update_fields=["count"])
            waited.append(time.monotonic() - began)

    at_once(write, writers)
    row.refresh_from_db()
    assert row.count == writers * each
    record_property("longest wait for one change", f"{max(waited):.1f} s")
