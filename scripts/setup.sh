#!/usr/bin/env bash
# Installs what is missing to build and run Lathe (`setup.sh run`) or also to test it (`setup.sh test`).
# Says what it installs and how long that may take; does nothing, in well under a second, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
    run | test) ;;
    *) echo "usage: scripts/setup.sh run|test" >&2; exit 2 ;;
esac

scripts/setup-packages.sh "$1"
. scripts/cargo-env.sh
scripts/setup-toolchain.sh
if [ "$1" = test ]; then
    scripts/setup-browser-tests.sh
fi
