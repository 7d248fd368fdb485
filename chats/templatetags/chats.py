from django import template

from chats import sentences
from chats.models import Message

register = template.Library()


@register.filter
def ended_because(reply: Message) -> str:
    return sentences.sentence(reply)
