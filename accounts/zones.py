"""A person's move to another time zone."""

from collections.abc import Callable

from django.db import transaction

from accounts.models import User

# What computes times by the person's clock adds itself here, and is called inside the transaction
# that saves the zone.
FOLLOWERS: list[Callable[[User], object]] = []


def save_profile(user: User, names: list[str]) -> None:
    """Save these columns of the person; what goes by their clock follows them."""
    with transaction.atomic():
        before = User.objects.values_list("time_zone", flat=True).get(pk=user.pk)
        if before != user.time_zone:
            # First, since everywhere a person's things are locked before their own row.
            for follow in FOLLOWERS:
                follow(user)
        user.save(update_fields=names)
