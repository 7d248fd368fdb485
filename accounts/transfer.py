"""A person's settings in an export, and back. The rest of the apps have theirs."""

from accounts import zones
from accounts.models import Theme, User


def written(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "email": user.email,
        "theme": user.theme,
        "time_zone": user.time_zone,
        "joined": user.joined.isoformat(),
    }


def take_in(user: User, said: dict[str, object]) -> None:
    """The appearance, where the person has chosen none. Their name, address and clock stay: they
    gave them when they signed up here."""
    theme = said.get("theme")
    if user.theme == Theme.SYSTEM and theme in Theme.values:
        user.theme = str(theme)
        zones.save_profile(user, ["theme"])
