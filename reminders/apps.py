from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "reminders"

    def ready(self) -> None:
        from accounts import zones
        from reminders import moving, telling

        zones.FOLLOWERS.extend((moving.follow, telling.follow))
