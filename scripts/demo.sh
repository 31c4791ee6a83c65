#!/usr/bin/env bash
# A full-size run of the sample project through the browser, at most 15 minutes on two cores. Prints its figures and
# leaves pictures of the pages in e2e/artifacts. LATHE_PROFILE=debug uses the build of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
export LATHE_PROFILE=${LATHE_PROFILE:-release}
scripts/build.sh "$([ "$LATHE_PROFILE" = debug ] && echo dev || echo "$LATHE_PROFILE")"
node e2e/demo.mjs
