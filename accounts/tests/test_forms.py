"""What forms about a person are made of."""

from django import forms
from django.test.html import parse_html

from accounts.forms import ManyChoices

CHOICES = [("", "Mine"), ("Europe/Berlin", "Berlin"), ("<b>", "A & <i>B</i>"), (3, "Three")]


def test_many_choices_are_rendered_as_django_renders_a_few():
    for chosen in (None, "", "Europe/Berlin", "<b>", 3, "elsewhere"):
        few, many = (
            kind({"data-a": "b"}, CHOICES).render("zone", chosen, {"id": "z", "required": True})
            for kind in (forms.Select, ManyChoices)
        )
        assert parse_html(many) == parse_html(few)
        assert many.count(" selected") == few.count(" selected")
