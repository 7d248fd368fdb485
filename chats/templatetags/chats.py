from django import template
from django.utils.safestring import SafeString

from chats import sentences, sources
from chats.models import Message

register = template.Library()


@register.filter
def ended_because(reply: Message) -> str:
    return sentences.sentence(reply)


@register.filter
def with_sources(html: str, reply: Message) -> SafeString:
    """The answer, with its numbers as links to what it was made from."""
    return sources.linked(html, reply.sources.all())


@register.filter
def sources_of(reply: Message) -> sources.Shown:
    return sources.shown(reply)
