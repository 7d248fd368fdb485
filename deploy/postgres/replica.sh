#!/bin/bash
# A streaming replica: the first time, in an empty folder, it copies the primary; then it follows by
# its slot there.
set -euo pipefail
umask 0077
secrets=${SECRETS:-/run/secrets}
passfile=${TMPDIR:-/tmp}/pgpass
printf '%s\n' "*:*:*:replication:$(<"$secrets/replication_password")" >"$passfile"
export PGPASSFILE=$passfile

if ! [[ -s $PGDATA/PG_VERSION ]]; then
    # What a copy left that was broken off.
    find "$PGDATA" -mindepth 1 -delete
    # A slot that the primary gave up keeps nothing any more, and a primary that was a replica before
    # has none. In the answer the second part is from where it keeps the log.
    on_primary() {
        psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --command "$1" \
            "host=$PRIMARY port=${PRIMARY_PORT:-5432} user=replication replication=true"
    }
    if ! [[ $(on_primary "READ_REPLICATION_SLOT replica") == physical\|*/* ]]; then
        on_primary "DROP_REPLICATION_SLOT replica" 2>/dev/null || true
        on_primary "CREATE_REPLICATION_SLOT replica PHYSICAL RESERVE_WAL" >/dev/null
    fi
    pg_basebackup --host "$PRIMARY" --port "${PRIMARY_PORT:-5432}" --username replication \
        --pgdata "$PGDATA" --wal-method stream --checkpoint fast --slot replica \
        --write-recovery-conf
    chmod 700 "$PGDATA"
fi
exec "$@"
