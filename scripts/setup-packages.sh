#!/usr/bin/env bash
# The Debian or Ubuntu packages Lathe needs: a C compiler, Postgres' programs, brotli and, for the tests,
# a browser, Chinese fonts and Node. On another system: lists what to install and stops.
set -euo pipefail

missing=()
need() { # COMMAND PACKAGE…: the packages, unless the command is there
    command -v "$1" >/dev/null 2>&1 || missing+=("${@:2}")
}

need cc build-essential
need curl curl ca-certificates
need pkg-config pkg-config
need brotli brotli
need xz xz-utils
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
if [ "${1:-run}" = test ]; then
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
    compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=(fonts-noto-cjk)
    need node nodejs
    need npm npm
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This system has no apt-get. Install these (Debian names) and run the command again:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Run this as root once: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
echo "Installing ${missing[*]} (1 to 3 minutes)"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# Only Postgres' programs are wanted: without this the package would also create and start a cluster of its own.
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
