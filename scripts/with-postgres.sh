#!/usr/bin/env bash
# with-postgres.sh COMMAND…: runs the command with DATABASE_URL set to a private, throw-away Postgres, and
# removes it afterwards. Uses the DATABASE_URL it is given, if any. The cluster keeps nothing on power loss.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: scripts/with-postgres.sh COMMAND…" >&2; exit 2; }
[ -z "${DATABASE_URL:-}" ] || exec "$@"

bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)" 2>/dev/null || true)
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb)") || { echo "initdb is missing: run scripts/setup.sh run" >&2; exit 1; }
folder=$(mktemp -d /tmp/lathe-test-pg.XXXXXX)
as_user=()
if [ "$(id -u)" -eq 0 ]; then # Postgres refuses to run as root
    as_user=(runuser -u postgres --)
    chown postgres "$folder"
fi
pg() { (cd "$folder" && "${as_user[@]}" "$@"); }

# A database that went away fails every test with the same few words; its log says why.
stop() {
    local status=$?
    if [ "$status" -ne 0 ] && ! pg "$bin/pg_ctl" status -D "$folder/data" >/dev/null 2>&1; then
        echo "The test database has stopped; free space: $(df -h --output=avail "$folder" | tail -1). Its log ends with:" >&2
        tail -20 "$folder/log" >&2 || true
    fi
    pg "$bin/pg_ctl" stop -D "$folder/data" -m immediate >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

pg "$bin/initdb" -D "$folder/data" -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
pg "$bin/pg_ctl" start -w -D "$folder/data" -l "$folder/log" -o "-k $folder -c listen_addresses='' -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" >/dev/null || { cat "$folder/log" >&2; exit 1; }
export DATABASE_URL="postgres://postgres@localhost/postgres?host=$folder"
"$@"
