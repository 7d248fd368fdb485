from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from chats import attachments, cards, numbers, sentences, sources, tooluse
from chats.models import Message

register = template.Library()


@register.filter
def ended_because(reply: Message) -> str:
    return sentences.sentence(reply)


@register.simple_tag
def most_files() -> int:
    """How many files go with one message."""
    return attachments.MOST_FILES


@register.filter
def attached(message: Message) -> list[attachments.Shown]:
    """The files that came with a person's message."""
    return attachments.shown_of(message)


@register.filter
def with_sources(html: str, reply: Message) -> SafeString:
    """The answer, with its numbers as links to what it was made from."""
    return numbers.linked(html, reply.sources.all())


@register.filter
def sources_of(reply: Message) -> sources.Shown:
    return sources.shown(reply)


@register.filter
def look_ups(reply: Message) -> list[tooluse.LookUp]:
    return tooluse.look_ups(reply.uses.all())


@register.simple_tag(takes_context=True)
def cards_of(context: Context, reply: Message) -> list[cards.View]:
    """The cards under a reply; `card_said` of the page is what came of a press on one of them."""
    found = sorted(reply.cards.all(), key=lambda card: card.number)
    for card in found:
        # The page knows the person already.
        card.owner = reply.chat.owner
    return cards.views(found, context.get("card_said"))


@register.filter
def emphasised(sentence: str, about: str) -> SafeString:
    """The sentence with the words that it is about set off."""
    before, found, after = sentence.partition(about) if about else (sentence, "", "")
    if not found:
        return conditional_escape(sentence)
    return format_html("{}<em>{}</em>{}", before, found, after)
