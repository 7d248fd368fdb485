"""What may take longer on PostgreSQL than `settings.POSTGRES_LIMITS` say."""

from django.db.backends.base.base import BaseDatabaseWrapper


def lift(connection: BaseDatabaseWrapper) -> None:
    """For the rest of this transaction, however long it takes. SQLite has no such limits."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET LOCAL {limit} = 0")
