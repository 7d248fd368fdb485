#!/bin/bash
# A streaming replica: the first time it copies the primary; then it follows by its slot there.
set -euo pipefail
umask 0077
secrets=${SECRETS:-/run/secrets}
passfile=${TMPDIR:-/tmp}/pgpass
printf '%s\n' "*:*:*:replication:$(<"$secrets/replication_password")" >"$passfile"
export PGPASSFILE=$passfile

if ! [[ -s $PGDATA/PG_VERSION ]]; then
    # What a copy left that was broken off.
    find "$PGDATA" -mindepth 1 -delete
    pg_basebackup --host "$PRIMARY" --port "${PRIMARY_PORT:-5432}" --username replication \
        --pgdata "$PGDATA" --wal-method stream --checkpoint fast --slot replica \
        --write-recovery-conf
    chmod 700 "$PGDATA"
fi
exec "$@"
