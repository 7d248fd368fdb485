"""What the database itself makes sure of about owners."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext_lazy as _


class SameOwner(models.BaseConstraint):
    """What the foreign key `to` leads to belongs to the owner of the row.

    A foreign key of two columns, so the other table needs a unique constraint of `owner` and `id`.
    It is checked at the end of a transaction, as Django's own foreign keys are.
    """

    default_violation_error_message = _("This belongs to somebody else.")

    def __init__(self, *, to: str, name: str, **messages: Any) -> None:
        super().__init__(name=name, **messages)
        self.to = to

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        field, owner = model._meta.get_field(self.to), model._meta.get_field("owner")
        other = field.remote_field.model._meta
        theirs = other.get_field("owner").column, other.pk.column
        columns = ", ".join(quote(column) for column in (owner.column, field.column))
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({columns}) "
            f"REFERENCES {quote(other.db_table)} ({', '.join(map(quote, theirs))}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(
        self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        other = getattr(instance, self.to)
        if other is not None and other.owner_id != instance.owner_id:
            raise ValidationError(
                self.get_violation_error_message(), code=self.violation_error_code
            )

    def deconstruct(self) -> Any:
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "to": self.to}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameOwner):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    __hash__ = models.BaseConstraint.__hash__
