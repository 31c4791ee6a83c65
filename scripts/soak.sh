#!/usr/bin/env bash
# soak.sh [CYCLES]: launches, cancels and kills against one server; fails when a run is lost or a server does not come
# back. A cycle takes about a minute; 20 by default. Then a hundred annotators work off LATHE_CROWD_ITEMS items (5000 by
# default) while their connections break and the server is killed. LATHE_PROFILE=debug uses the build of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
scripts/setup.sh test
export LATHE_PROFILE=${LATHE_PROFILE:-release}
scripts/build.sh "$([ "$LATHE_PROFILE" = debug ] && echo dev || echo "$LATHE_PROFILE")"
node e2e/soak.mjs "${1:-20}"
profile=(--release)
[ "$LATHE_PROFILE" != debug ] || profile=()
export LATHE_CROWD_ITEMS=${LATHE_CROWD_ITEMS:-5000}
scripts/with-postgres.sh cargo test --quiet "${profile[@]}" --package server --test it annotation_crowd::
