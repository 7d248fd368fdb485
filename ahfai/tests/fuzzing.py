"""Requests made of what the API says of itself, as they should be and as they should not.

A test imports this when it runs: what makes the requests takes two seconds to load.
"""

from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as of_openapi

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


def operations(every: int) -> list:
    """Each, or every second one, and so on."""
    said = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    return [found.ok() for found in said.get_all_operations()][::every]


def send(operation, count: int, headers: dict, things: dict, answers: Counter) -> None:
    """So many requests. Raises what is wrong with the answers, which are counted."""
    cases = st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
    )

    @settings(HOW, max_examples=count)
    @given(case=cases, is_there=MEANT, is_current=MEANT)
    def is_answered(case, is_there, is_current):
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

    is_answered()
