"""Requests made of what the API says of itself, as they should be and as they should not."""

import math
from collections import Counter

import pytest
from django.db import transaction

from accounts.models import Scope
from accounts.programs import api_access, tokens
from ahfai.testing import make_person
from ahfai.tests.test_access_matrix import things_of


@pytest.mark.django_db(transaction=True)
# How many in all, to each of how many.
@pytest.mark.parametrize(
    ("count", "of"),
    [
        pytest.param(60, 5, marks=pytest.mark.same_everywhere),
        pytest.param(10_000, 1, marks=pytest.mark.prove),
    ],
)
def test_each_is_answered_as_it_says(count, of, monkeypatch, record_property):
    from ahfai.tests import fuzzing

    monkeypatch.setattr(api_access, "REQUESTS_PER_MINUTE", 10**9)
    operations = fuzzing.operations(every=of)
    answers: Counter[int] = Counter()
    wrong = {}
    for number, operation in enumerate(operations):
        # What one of them deletes is there for the next one.
        person = make_person()
        headers = {"Authorization": f"Bearer {_token(person)}"}
        things = {name: str(one) for name, one in things_of(person, f"{number:064x}").items()}
        try:
            each = math.ceil(count / len(operations))
            fuzzing.send(operation, each, headers, things, answers)
        except (Exception, BaseExceptionGroup) as error:
            wrong[operation.label] = f"{operation.label}: {error}"[:2000]
    for status, found in sorted(answers.items()):
        record_property(f"answered {status}", f"{found:,}")
    assert not wrong, "\n\n".join(wrong.values())
    assert sum(answers.values()) >= count


def _token(person) -> str:
    with transaction.atomic():
        return tokens.make(person, "p", list(Scope), 30)[1]
