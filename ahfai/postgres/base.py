"""Django's PostgreSQL with a pool of connections that comes back by itself.

While the database is away, psycopg's pool tries again ever more rarely, after minutes in the end;
and it hands out connections that were lost meanwhile, unless each is looked at. Here nobody gets a
lost one, and while somebody waits a new attempt is made every two seconds.
"""

import time

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base, schema
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout

# How long somebody waits for a connection, unless the settings of that database say otherwise: a
# restart mostly takes less.
PATIENCE_S = 5.0
# Given to the pool: each of these makes it try anew.
ONE_WAIT_S = 1.5
POOL = {
    "min_size": 1,
    # Then it gives up, and begins again when it is asked the next time.
    "reconnect_timeout": 1.0,
    "max_lifetime": 1800,
    "max_idle": 300,
    "num_workers": 2,
}


class SchemaEditor(schema.DatabaseSchemaEditor):
    def __enter__(self):
        entered = super().__enter__()
        # A large table takes its time; for its lock it is still waited no longer than usual.
        if self.atomic_migration and not self.collect_sql:
            self.execute("SET LOCAL statement_timeout = 0")
        return entered


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = SchemaEditor

    def __init__(self, settings_dict, alias=DEFAULT_DB_ALIAS):
        super().__init__(settings_dict, alias)
        self.patience_s = settings_dict.get("PATIENCE_S", PATIENCE_S)
        if pool := settings_dict["OPTIONS"].get("pool"):
            one_wait = {"timeout": min(ONE_WAIT_S, self.patience_s)}
            settings_dict["OPTIONS"]["pool"] = POOL | one_wait | pool

    def get_new_connection(self, conn_params):
        if not self.pool:
            return super().get_new_connection(conn_params)
        until = time.monotonic() + self.patience_s
        while True:
            try:
                found = super().get_new_connection(conn_params)
            except PoolTimeout:
                if time.monotonic() >= until:
                    raise
                continue
            if _lives(found):
                return found
            # The pool makes another one in its place.
            self.pool.putconn(found)


def _lives(connection: Connection) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
