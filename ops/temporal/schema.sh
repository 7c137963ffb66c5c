#!/bin/sh
# Makes Temporal's two databases or brings them to the newest schema; it may run again, and it runs before a newer server.
# Wanted: the settings of server.env and POSTGRES_PWD in the environment, and temporal-sql-tool of the server's version on
# the PATH or in TASVIEH_TEMPORAL_SQL_TOOL_BIN, which holds the schema. The user must be able to make a database and,
# of the visibility, the extension btree_gin (of postgresql-contrib).
set -eu
: "${POSTGRES_SEEDS:?}" "${DB_PORT:?}" "${POSTGRES_USER:?}" "${POSTGRES_PWD:?}" "${DBNAME:?}" "${VISIBILITY_DBNAME:?}"
# not as an argument: every user of the host sees those
export SQL_PASSWORD="$POSTGRES_PWD"

prepare() {
  sql() { "${TASVIEH_TEMPORAL_SQL_TOOL_BIN:-temporal-sql-tool}" --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --db "$database" "$@"; }
  database=$1
  sql create-database || true # it is there already
  # both leave what is there
  sql setup-schema -v 0.0
  sql update-schema --schema-name "postgresql/v12/$2"
}
prepare "$DBNAME" temporal
prepare "$VISIBILITY_DBNAME" visibility
