#!/usr/bin/env bash
# soak.sh [CYCLES]: launches, cancels and kills against one server; fails when a run is lost or a server does not come
# back. A cycle takes about a minute; 20 by default. LATHE_PROFILE=debug uses the build of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
export LATHE_PROFILE=${LATHE_PROFILE:-release}
scripts/build.sh "$([ "$LATHE_PROFILE" = debug ] && echo dev || echo "$LATHE_PROFILE")"
node e2e/soak.mjs "${1:-20}"
