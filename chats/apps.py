from django.apps import AppConfig


class ChatsConfig(AppConfig):
    name = "chats"

    def ready(self) -> None:
        # Models can't be imported before.
        from ahfai import proposals
        from chats import cards

        proposals.when_saved(cards.saved_by_form)
