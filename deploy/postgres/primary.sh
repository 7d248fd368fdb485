#!/bin/bash
# Once, when PostgreSQL's folder is new: a role for AhFai with no more rights than it needs, and one
# for the replica with its slot.
set -euo pipefail
secrets=${SECRETS:-/run/secrets}

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres \
    --set ahfai_password="$(<"$secrets/ahfai_password")" \
    --set replication_password="$(<"$secrets/replication_password")" <<'SQL'
SET password_encryption = 'scram-sha-256';
CREATE ROLE ahfai LOGIN PASSWORD :'ahfai_password';
CREATE DATABASE ahfai OWNER ahfai ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE ahfai FROM PUBLIC;
CREATE ROLE replication LOGIN REPLICATION PASSWORD :'replication_password';
SELECT pg_create_physical_replication_slot('replica') \g /dev/null
SQL

echo 'host replication replication all scram-sha-256' >>"$PGDATA/pg_hba.conf"
