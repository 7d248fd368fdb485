"""Columns whose text, or whose bytes, are sealed at rest.

    class Note(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
        title = SealedTextField(blank=True)
        objects = SealedManager()

A sealed value is bound to its model, column, row and owner, so a model or column with sealed words
can't simply be renamed, nor a row given to another owner: read the text first, save it after. A
sealed column that joins an existing table starts with `null=True`.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from django import forms
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import ExpressionWrapper, F
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import Exact
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.sealing import keys
from ahfai import crypto
from ahfai.crypto import SealError

_Value = TypeVar("_Value", str, bytes)

# Type parameters are known to the checker alone: Django's field takes none.
if TYPE_CHECKING:

    class _Field(models.Field[_Value, _Value], Generic[_Value]):
        pass

else:

    class _Field(models.Field, Generic[_Value]):
        pass


_Row = TypeVar("_Row", bound=models.Model, covariant=True)

_WORDS: dict[type, str] = {str: "text", bytes: "bytes"}
# Rows in memory at a time, when all are gone through: a row of bytes has a megabyte of them.
_AT_ONCE: dict[type, int] = {str: 200, bytes: 8}

HALF_A_CHARACTER = _("This text holds half a character, which can't be stored.")


class PlainTextRefused(SealError):
    """Plain text, or a query that would need it, came where only a sealed value can be."""


class Sealed:
    """A sealed value as the database holds it. It shows nothing of itself, anywhere."""

    __slots__ = ("field", "value")

    def __init__(self, field: "SealedField", value: bytes) -> None:
        self.field = field
        self.value = value

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> NoReturn:
        raise SealError(f"{self.field.label} is sealed: read it from its row.")

    def __format__(self, spec: str) -> NoReturn:
        self.__str__()

    def __deepcopy__(self, memo: dict) -> Self:
        return self


class _InClear:
    """What a value says, in the memory of its instance: no dump, log line or cache takes it along
    by accident."""

    __slots__ = ("said",)

    def __init__(self, said: Any) -> None:
        self.said = said

    def __repr__(self) -> str:
        return "<sealed>"

    def __deepcopy__(self, memo: dict) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise PlainTextRefused(
            "A row with opened text can't be pickled: its text would be in clear."
        )


class _OpenedWhenRead(DeferredAttribute):
    """Holds the sealed value until somebody reads what it says, then that."""

    field: "SealedField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        held = self.field.held(instance)
        if isinstance(held, Sealed):
            opened = _InClear(self.field.open(instance, held))
            held = instance.__dict__[self.field.attname] = opened
        return held.said if held else None

    def __set__(self, instance: models.Model, value: Any) -> None:
        value = self.field.to_python(value)
        holds = self.field.holds
        if not (value is None or isinstance(value, holds | Sealed)):
            raise TypeError(
                f"{self.field.label} takes {_WORDS[holds]}, not {type(value).__name__}."
            )
        instance.__dict__[self.field.attname] = (
            _InClear(value) if isinstance(value, holds) else value
        )


class _ExactlyThisSealed(Exact):
    """Compares with the sealed value read before: a conditional update, never a search for text."""

    def get_prep_lookup(self) -> Sealed | None:
        return self.lhs.output_field.get_prep_value(self.rhs)


class SealedField(_Field[_Value], ABC):
    """What text and bytes have in common that only the running application can read.

    Sealed when the row is saved and opened when it is first read, never before. Raises SealError,
    which names model, column and row, where a value doesn't open.
    """

    descriptor_class = _OpenedWhenRead
    holds: type[str] | type[bytes]
    # Columns of the row whose values are bound into the sealed one, beside its id and owner.
    bound_to: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def held(self, instance: models.Model) -> "Sealed | _InClear | None":
        """What `instance` holds for this column, unopened; fetched where it was deferred."""
        if self.attname not in instance.__dict__:
            rows = self.model._base_manager.db_manager(
                instance._state.db, hints={"instance": instance}
            )
            row = rows.only(self.attname).get(pk=instance.pk)
            instance.__dict__[self.attname] = row.__dict__[self.attname]
        return instance.__dict__[self.attname]

    def seal(self, instance: models.Model, said: _Value) -> Sealed:
        """`said`, sealed for this column of `instance`. Raises ValueError for lone surrogates."""
        return self._seal(instance, said, *self._newest_key(instance))

    def open(self, instance: models.Model, sealed: Sealed) -> _Value:
        """What `sealed` says, if it belongs to this column of `instance`."""
        try:
            generation = crypto.generation_of(sealed.value)
            _, key = keys.data_key(_owner_id(instance), generation)
            return self._decoded(crypto.unseal(key, sealed.value, self._context(instance)))
        except SealError as error:
            raise SealError(f"{self.label} of row {instance.pk} can't be opened: {error}") from None

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """The value to store. A body that nobody read goes back as it was, once it has proved that
        it belongs to this very row: under a new id, or another owner, it could never be read."""
        held = self.held(model_instance)
        if held is None:
            return None
        if isinstance(held, _InClear):
            return self.seal(model_instance, held.said)
        said = self.open(model_instance, held)
        generation, key = self._newest_key(model_instance)
        if crypto.generation_of(held.value) >= generation:
            return held
        # The older key may have been dropped since this row was read.
        return self._seal(model_instance, said, generation, key)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(self, bytes(value))

    def get_prep_value(self, value: Any) -> Sealed | None:
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise PlainTextRefused(
                f"{self.label} is sealed: save its row, or give update() what sealed_for() returns."
            )
        if value.field != self:
            raise PlainTextRefused(f"{self.label} can't hold what was sealed for another column.")
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = self.get_prep_value(value)
        return None if sealed is None else connection.Database.Binary(sealed.value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        # Django's own lets expressions pass, such as F("title") or the Case of bulk_update().
        return self.get_db_prep_value(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "exact":
            return _ExactlyThisSealed
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise PlainTextRefused(f"{self.label} is sealed: the database can't look into it.")

    def get_transform(self, lookup_name: str) -> NoReturn:
        raise PlainTextRefused(f"{self.label} is sealed: the database can't look into it.")

    def get_internal_type(self) -> str:
        return "BinaryField"

    def to_python(self, value: Any) -> Any:
        return str(value) if isinstance(value, Promise) else value

    def value_to_string(self, obj: models.Model) -> NoReturn:
        raise PlainTextRefused(f"{self.label} is sealed: dumps would hold it in clear.")

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_row(), *self._check_options()]

    def _check_row(self) -> Iterable[checks.CheckMessage]:
        key: Any = self.model._meta.pk
        if not isinstance(key.target_field if key.is_relation else key, models.UUIDField):
            yield checks.Error(
                "A model with sealed columns needs a UUID as its primary key.",
                hint="The value is bound to the id of its row, known before the insert.",
                obj=self,
                id="accounts.E001",
            )
        try:
            owner = self.model._meta.get_field("owner")
        except FieldDoesNotExist:
            owner = None
        if not (
            isinstance(owner, models.ForeignKey)
            and owner.related_model is get_user_model()
            and not owner.null
        ):
            yield checks.Error(
                "A model with sealed columns needs `owner`, a foreign key to the person.",
                hint="The owner's key seals the value.",
                obj=self,
                id="accounts.E002",
            )

    def _check_options(self) -> Iterable[checks.CheckMessage]:
        for option in ("primary_key", "unique", "db_index", "db_default"):
            is_set = self.has_db_default() if option == "db_default" else getattr(self, option)
            if is_set:
                yield checks.Error(
                    f"A sealed column can't have `{option}`: the same text never looks the same.",
                    obj=self,
                    id="accounts.E003",
                )

    def _newest_key(self, instance: models.Model) -> tuple[int, bytes]:
        try:
            return keys.data_key(_owner_id(instance))
        except SealError as error:
            raise SealError(f"{self.label} of row {instance.pk} can't be sealed: {error}") from None

    def _seal(self, instance: models.Model, said: _Value, generation: int, key: bytes) -> Sealed:
        sealed = crypto.seal(key, generation, self._encoded(said), self._context(instance))
        return Sealed(self, sealed)

    def _context(self, instance: models.Model) -> crypto.Context:
        row_id = _uuid(instance.pk, f"{self.label} needs the id of its row to be sealed.")
        more: list[str] = [_as_text(instance, name) for name in self.bound_to]
        return (*self._place, row_id.bytes, _owner_id(instance).bytes, *more)

    @property
    def _place(self) -> tuple[str, str]:
        return (self.model._meta.label, str(self.column))

    @abstractmethod
    def _encoded(self, said: _Value) -> bytes:
        """What is sealed."""

    @abstractmethod
    def _decoded(self, opened: bytes) -> _Value:
        """What was sealed."""


class SealedTextField(SealedField[str]):
    """Text that only the running application can read: `str` in, `str` out, sealed in between."""

    description = _("Sealed text")
    holds = str

    def opener(self, owner_id: uuid.UUID) -> "Callable[[bytes, bytes], str]":
        """Opens many values of that person's rows, each given with the id of its row as bytes.

        What it returns keeps the person's keys: use it for one reading.
        """

        def key_of(generation: int) -> bytes:
            return keys.data_key(owner_id, generation)[1]

        opener = crypto.Opener(key_of, self._place, (owner_id.bytes,))
        return lambda row_id, sealed: opener.open(sealed, row_id).decode()

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if any("\ud800" <= character <= "\udfff" for character in value or ""):
            raise ValidationError(HALF_A_CHARACTER, code="half_a_character")

    def formfield(self, **kwargs: Any) -> Any:
        empty: dict[str, Any] = {"empty_value": None} if self.null else {}
        return super().formfield(
            **{
                "form_class": forms.CharField,
                "widget": forms.Textarea,
                "max_length": self.max_length,
                **empty,
                **kwargs,
            }
        )

    def _encoded(self, said: str) -> bytes:
        try:
            return said.encode()
        except UnicodeEncodeError:
            pass
        # Out here, because a UnicodeEncodeError carries the text along.
        raise ValueError(HALF_A_CHARACTER)

    def _decoded(self, opened: bytes) -> str:
        return opened.decode()


class SealedBytesField(SealedField[bytes]):
    """Bytes that only the running application can read, bound to the columns `bound_to`, too:
    with another value there they don't open."""

    description = _("Sealed bytes")
    holds = bytes

    def __init__(self, *args: Any, bound_to: Iterable[str] = (), **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
        self.bound_to = tuple(bound_to)

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        return name, path, arguments, {**options, "bound_to": self.bound_to}

    def _encoded(self, said: bytes) -> bytes:
        return said

    def _decoded(self, opened: bytes) -> bytes:
        return opened


class SealedQuerySet(models.QuerySet[_Row]):
    """Says at the call what the database can't do with sealed columns."""

    def values(self, *fields: Any, **expressions: Any) -> Any:
        self._refuse_sealed("values()", fields, or_all=not expressions)
        return super().values(*fields, **expressions)

    def values_list(self, *fields: Any, flat: bool = False, named: bool = False) -> Any:
        self._refuse_sealed("values_list()", fields, or_all=True)
        return super().values_list(*fields, flat=flat, named=named)

    def order_by(self, *field_names: Any) -> Self:
        names = [name.lstrip("-") for name in field_names if isinstance(name, str)]
        self._refuse_sealed("order_by()", names)
        return super().order_by(*field_names)

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        # On a conflict the sealed value would land in another row than it was sealed for.
        if kwargs.get("update_conflicts"):
            self._refuse_sealed("bulk_create(update_fields=)", kwargs.get("update_fields") or ())
        return super().bulk_create(objs, *args, **kwargs)

    def _refuse_sealed(self, call: str, names: Iterable[Any], or_all: bool = False) -> None:
        if or_all and not names:
            named: Iterable[Any] = self.model._meta.concrete_fields
        else:
            named = [self._field_of(name) for name in names if isinstance(name, str)]
        for field in named:
            if isinstance(field, SealedField):
                raise PlainTextRefused(f"{field.label} is sealed: {call} can't open it.")

    def _field_of(self, name: str) -> Any:
        if name in self.query.annotations:
            return None
        try:
            return self.query.names_to_path(name.split(LOOKUP_SEP), self.model._meta)[1]
        except FieldError:
            return None  # Django's own message about it is the better one.


SealedManager = models.Manager.from_queryset(SealedQuerySet, "SealedManager")


def sealed_for(instance: models.Model, name: str, text: str) -> Sealed:
    """`text`, sealed for the column `name` of `instance`, for an `update()` of that row alone."""
    field = instance._meta.get_field(name)
    if not isinstance(field, SealedTextField):
        raise TypeError(f"{instance._meta.label}.{name} isn't a sealed column.")
    return field.seal(instance, text)


def opened_rows(
    rows: SealedQuerySet[Any], *names: str, at_once: int = 2000
) -> Iterator[tuple[Any, ...]]:
    """For each row the bytes of its id and what is in the columns `names`: of a sealed one its
    text, of a foreign key the bytes of the id, of a moment in UTC what begins with
    "2026-05-31 23:59:59".

    Makes no instances, and of each value only what is handed out: for very many rows that is what
    takes the time. A text is "" where it can't be opened.
    """
    is_native = connections[rows.db].features.has_native_uuid_field
    id_of: Callable[[Any], bytes] = attrgetter("bytes") if is_native else bytes.fromhex
    sealed: list[tuple[int, Callable]] = []
    others: list[tuple[int, Callable]] = []
    for place, field in enumerate(map(rows.model._meta.get_field, names)):
        if isinstance(field, SealedTextField):
            # Rows that follow each other often belong to the same person.
            sealed.append((place, lru_cache(16)(partial(_opener, field, id_of))))
        elif isinstance(field, models.ForeignKey):
            others.append((place, lambda value: value and id_of(value)))
        elif isinstance(field, models.DateTimeField):
            # SQLite keeps this text, and PostgreSQL's moments are read in UTC.
            others.append((place, str))
    columns = [_AsStored(column) for column in ("pk", "owner_id", *names)]
    for row, owner, *values in rows.values_list(*columns).iterator(chunk_size=at_once):
        row_id = id_of(row)
        for place, opener_of in sealed:
            try:
                value = values[place]
                opened = opener_of(owner)(row_id, bytes(value)) if value else ""
            except SealError:
                opened = ""
            values[place] = opened
        for place, read in others:
            values[place] = read(values[place])
        yield row_id, *values


def _opener(field: SealedTextField, id_of: Callable[[Any], bytes], owner: Any) -> Callable:
    return field.opener(uuid.UUID(bytes=id_of(owner)))


class _AsStored(ExpressionWrapper):
    """The column without any conversion; a binary one has none."""

    def __init__(self, name: str) -> None:
        super().__init__(F(name), output_field=models.BinaryField())

    def as_sqlite(self, compiler, connection, **context):
        # A bare column would be read as what it was declared.
        sql, params = self.as_sql(compiler, connection, **context)
        return f"+{sql}", params


def sealed_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if sealed_fields(model)]


def sealed_fields(model: type[models.Model]) -> list[SealedField]:
    """The sealed columns of the model's own table; a proxy has none."""
    fields = model._meta.local_concrete_fields
    return [field for field in fields if isinstance(field, SealedField)]


def sealed_rows(
    model: type[models.Model], owner_id: uuid.UUID | None = None, at_once: int = 0
) -> Iterator[list[models.Model]]:
    """All rows, or one person's, in batches and by id: no read stays open meanwhile."""
    fields = sealed_fields(model)
    at_once = at_once or min(_AT_ONCE[field.holds] for field in fields)
    names = [name for field in fields for name in (field.attname, *field.bound_to)]
    rows = model._base_manager.using(DEFAULT_DB_ALIAS).only("pk", "owner", *names).order_by("pk")
    if owner_id is not None:
        rows = rows.filter(owner=owner_id)
    batch = list(rows[:at_once])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:at_once])


def _as_text(instance: models.Model, name: str) -> str:
    """A column's value, the same whether it was just given or read from the database."""
    column = instance._meta.get_field(name)
    assert isinstance(column, models.Field)
    return str(column.to_python(getattr(instance, column.attname)))


def _owner_id(instance: models.Model) -> uuid.UUID:
    label = instance._meta.label
    return _uuid(getattr(instance, "owner_id", None), f"{label} needs its owner to be sealed.")


def _uuid(value: Any, otherwise: str) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise SealError(otherwise) from None
