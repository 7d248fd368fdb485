"""What is wrong with a member of a request, in sentences for people.

The checks are pydantic's, whose own words are for programmers and in English alone.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic_core import PydanticCustomError

from ahfai import problems

_OWN = "sentence"


def of(sentence: str) -> PydanticCustomError:
    """What a check of ours raises."""
    return PydanticCustomError(_OWN, "{sentence}", {"sentence": sentence})


def sentence(fault: Mapping[str, Any]) -> str:
    """Of one of pydantic's errors, without what was sent."""
    kind, about = fault["type"], fault.get("ctx", {})
    match kind:
        case "sentence":
            return about["sentence"]
        case "extra_forbidden":
            return _("There is no such member.")
        case "missing":
            return _("It is missing.")
        case "literal_error":
            choices = re.findall("'([^']*)'", about["expected"])
            return problems.one_of(choices)
        case "string_too_long":
            return problems.too_long(about["max_length"])
        case "too_long":
            return _("It can hold at most %(most)d.") % {"most": about["max_length"]}
        case "greater_than_equal":
            return _("It has to be %(least)s at least.") % {"least": about["ge"]}
        case "less_than_equal":
            return _("It can be %(most)s at most.") % {"most": about["le"]}
    return _of_type(kind)


def _of_type(kind: str) -> str:
    """By how the names of pydantic's errors begin."""
    match kind.partition("_")[0]:
        case "string":
            return _("It has to be text, in quotes.")
        case "bool":
            return _("It has to be true or false.")
        case "int":
            return _("It has to be a whole number.")
        case "float" | "finite":
            return _("It has to be a number.")
        case "list":
            return _("It has to be a list, in brackets.")
        case "model" | "dict":
            return _("It has to be an object, in curly brackets.")
        case "uuid":
            return _("It has to be an id, as AhFai gives them out.")
        case "date":
            return _("It has to be a day, as in 2026-12-01.")
        case "time":
            return _("It has to be a time of the day, as in 09:00.")
    return _("It can't be this.")
