"""A person's tags, which all apps share: sealed names, found by a keyed hash, nested by `/`.

An app gives its things a many-to-many field to `Tag` with a `related_name` and has a page
`<app>:list` that takes `?tag=<id>`. A tag is there as long as something carries it, or one that is
nested in it. Letter case makes no difference.
"""

import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models, transaction

from accounts import changes
from accounts.fields import opened_rows, sealed_for
from accounts.models import Tag, User
from accounts.sealing.lookup import fold, hashed, key_of

MAX_NAME = 80
MAX_TAGS = 20
# Of an import there may be more than a database takes in one question.
_AT_ONCE = 500
_SEPARATORS = re.compile(r"[\s,]+")
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class TooLong(ValueError):
    """A name of more than MAX_NAME characters."""


@dataclass(frozen=True)
class Named:
    """A tag with its opened name. `depth` is how many tags it is nested in."""

    id: uuid.UUID
    name: str

    @property
    def depth(self) -> int:
        return self.name.count("/")

    @property
    def last(self) -> str:
        return self.name.rpartition("/")[2]

    def holds(self, other: "Named") -> bool:
        """Whether it is `other`, or `other` is nested in it."""
        return f"{fold(other.name)}/".startswith(f"{fold(self.name)}/")


def parse(text: str) -> list[str]:
    """The names in what a person typed, separated by spaces or commas, each once.

    Raises TooLong.
    """
    names: dict[str, str] = {}
    for word in _SEPARATORS.split(text):
        clean = "".join(one for one in word if not _is_control(one))
        name = "/".join(filter(_is_visible, clean.lstrip("#").split("/")))
        if len(name) > MAX_NAME:
            raise TooLong
        if name:
            names.setdefault(fold(name), name)
    return list(names.values())


def _is_control(character: str) -> bool:
    """Among them what turns the direction of the words around it; joiners belong to words."""
    turns = unicodedata.bidirectional(character) in _TURNING
    return turns or unicodedata.category(character) in ("Cc", "Cs")


def _is_visible(part: str) -> bool:
    return any(unicodedata.category(one) not in ("Cf", "Mn", "Zs") for one in part)


def all_of(user: User) -> list[Named]:
    """The person's tags by name, each before those that are nested in it."""
    rows = opened_rows(user.tags.all(), "name")
    found = [Named(uuid.UUID(bytes=tag_id), name) for tag_id, name in rows if name]
    return sorted(found, key=lambda tag: fold(tag.name).split("/"))


def family(user: User, tag_id: uuid.UUID | str) -> list[Named]:
    """The tag and those that are nested in it; empty where the person has no such tag."""
    return within(all_of(user), tag_id)


def within(tags: list[Named], tag_id: uuid.UUID | str) -> list[Named]:
    """As `family`, of tags that were read before."""
    top = next((tag for tag in tags if str(tag.id) == str(tag_id)), None)
    return [tag for tag in tags if top.holds(tag)] if top else []


def sought(tags: list[Named], said: str) -> list[Named]:
    """As `within`, of the tag that has this name or this id."""
    called = next((tag.id for tag in tags if fold(tag.name) == fold(said)), said)
    return within(tags, called)


def of_each(links: models.QuerySet, thing: str, known: list[Named]) -> dict[uuid.UUID, list[Named]]:
    """The tags of each thing, by name; `links` connect tags with things by the column `thing`."""
    if not known:
        return {}
    places = {tag.id: place for place, tag in enumerate(known)}
    carried: dict[uuid.UUID, list[int]] = {}
    for thing_id, tag_id in links.values_list(f"{thing}_id", "tag_id"):
        # Nothing is known of one that was made a moment ago.
        if tag_id in places:
            carried.setdefault(thing_id, []).append(places[tag_id])
    return {thing_id: [known[one] for one in sorted(found)] for thing_id, found in carried.items()}


def leading_on(
    user: User, links: models.QuerySet, known: list[Named], chosen: list[Named]
) -> list[Named]:
    """The tags one step further down from the `chosen` family that the things of a list carry,
    which `links` connect them with."""
    if not known:
        return []
    of_one = models.Exists(links.filter(tag=models.OuterRef("pk")))
    carried = set(user.tags.filter(of_one).values_list("pk", flat=True))
    depth = chosen[0].depth + 1 if chosen else 0
    return [
        tag
        for tag in chosen or known
        if tag.depth == depth and any(one.id in carried for one in known if tag.holds(one))
    ]


def named(user: User, names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made where they are missing, with those that they are nested in.

    Inside the caller's transaction, after `changes.next_number`, which lets one writer in.
    """
    names = list(names)
    if not names:
        return []
    key = key_of(user)
    wanted: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            upto = "/".join(parts[:depth])
            wanted.setdefault(_hash(key, upto), upto)
    hashes = list(wanted)
    found: dict[str, Tag] = {}
    for first in range(0, len(hashes), _AT_ONCE):
        tags = user.tags.filter(name_hash__in=hashes[first : first + _AT_ONCE])
        found.update((tag.name_hash, tag) for tag in tags)
    missing = [
        Tag(owner=user, name=name, name_hash=name_hash)
        for name_hash, name in wanted.items()
        if name_hash not in found
    ]
    found.update((tag.name_hash, tag) for tag in Tag.objects.bulk_create(missing))
    return [found[_hash(key, name)] for name in names]


def rename(user: User, tag_id: uuid.UUID, name: str) -> bool:
    """Give the tag, and in their names those nested in it, another name.

    Where the person has one of that name already, the two become one. False where it is gone.
    Raises TooLong where a nested one's name would become so.
    """
    with transaction.atomic():
        changes.next_number(user.pk)
        moved = family(user, tag_id)
        if not moved:
            return False
        top = moved[0]
        key = key_of(user)
        if fold(name).startswith(f"{fold(top.name)}/"):
            # Each makes room for the one that it is nested in.
            moved.reverse()
        for tag in moved:
            # By steps, since a name that is written otherwise may be longer.
            new = "/".join([name, *tag.name.split("/")[top.depth + 1 :]])
            if len(new) > MAX_NAME:
                raise TooLong
            row = Tag.objects.get(pk=tag.id)
            same = Tag.objects.filter(owner=user, name_hash=_hash(key, new)).first()
            if same is None or same == row:
                sealed = sealed_for(row, "name", new)
                Tag.objects.filter(pk=row.pk).update(name=sealed, name_hash=_hash(key, new))
            else:
                _hand_over(row, same)
        # Those that the new name is nested in.
        named(user, [name])
        drop_unused(user)
    return True


def take_off(user: User, tag_id: uuid.UUID) -> None:
    """Take the tag, and those nested in it, off everything."""
    with transaction.atomic():
        changes.next_number(user.pk)
        Tag.objects.filter(pk__in=[tag.id for tag in family(user, tag_id)]).delete()
        drop_unused(user)


def drop_unused(user: User) -> None:
    """Forget the tags that nothing carries. Inside the caller's transaction, as `named`."""
    carried = set(user.tags.filter(_is_carried()).values_list("pk", flat=True))
    tags = all_of(user)
    used = [tag for tag in tags if tag.id in carried]
    gone = [tag.id for tag in tags if not any(tag.holds(other) for other in used)]
    if gone:
        Tag.objects.filter(pk__in=gone).delete()


def carriers() -> Sequence[models.ManyToManyRel]:
    """What connects tags with the things of the apps."""
    return [one for one in Tag._meta.related_objects if isinstance(one, models.ManyToManyRel)]


def _is_carried() -> models.Q:
    carried = models.Q(pk__in=[])
    for relation in carriers():
        field = relation.field
        things = field.model._base_manager.filter(**{field.name: models.OuterRef("pk")})
        carried |= models.Q(models.Exists(things))
    return carried


def _hand_over(old: Tag, new: Tag) -> None:
    """The links themselves are turned: new ones would wait for the things that they lead to, which
    are locked before their owner (see `changes.next_number`) by who changes them meanwhile."""
    for relation in carriers():
        thing, tag = relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name()
        assert relation.through is not None
        links = relation.through._default_manager
        has_both = links.filter(**{tag: new}).values(thing)
        links.filter(**{tag: old}).exclude(**{f"{thing}__in": has_both}).update(**{tag: new})
    old.delete()


def _hash(key: bytes, name: str) -> str:
    return hashed(key, "tag", name)
