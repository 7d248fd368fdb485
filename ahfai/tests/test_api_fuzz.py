"""Requests made of what the API says of itself, as they should be and as they should not."""

import math
from collections import Counter

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as of_openapi

from accounts.models import Scope
from accounts.programs import api_access, tokens
from ahfai.testing import make_person
from ahfai.tests.test_access_matrix import things_of
from ahfai.wsgi import application

CHECKS = [
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
]
HOW = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Whether what has to be there is meant: then the request gets further.
MEANT = st.sampled_from([True, True, True, False])


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
    monkeypatch.setattr(api_access, "REQUESTS_PER_MINUTE", 10**9)
    said = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    operations = [found.ok() for found in said.get_all_operations()][::of]
    answers: Counter[int] = Counter()
    wrong = {}
    for number, operation in enumerate(operations):
        # What one of them deletes is there for the next one.
        person = make_person()
        headers = {"Authorization": f"Bearer {_token(person)}"}
        things = {name: str(one) for name, one in things_of(person, f"{number:064x}").items()}
        try:
            _try(operation, math.ceil(count / len(operations)), headers, things, answers)
        except (Exception, BaseExceptionGroup) as error:
            wrong[operation.label] = f"{operation.label}: {error}"[:2000]
    for status, found in sorted(answers.items()):
        record_property(f"answered {status}", f"{found:,}")
    assert not wrong, "\n\n".join(wrong.values())
    assert sum(answers.values()) >= count


def _try(operation, count: int, headers: dict, things: dict, answers: Counter) -> None:
    cases = st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
    )

    @settings(HOW, max_examples=count)
    @given(case=cases, is_there=MEANT, is_current=MEANT)
    def answers_as_it_says(case, is_there, is_current):
        parameters = case.path_parameters or {}
        if is_there:
            case.path_parameters = parameters | {
                name: things[name] for name in parameters if name in things
            }
        if is_current and "If-Match" in (case.headers or {}):
            case.headers["If-Match"] = "*"
        answer = case.call(headers=headers)
        answers[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    answers_as_it_says()


def _token(person) -> str:
    with transaction.atomic():
        return tokens.make(person, "p", list(Scope), 30)[1]
