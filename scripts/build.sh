#!/usr/bin/env bash
# Builds what runs: the server, the trainer beside it and the browser's part. `build.sh release` or `build.sh dev`.
# LATHE_FEATURES adds Cargo features to the trainer, such as `cuda` or `metal`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
profile=${1:-release}
folder=target/$([ "$profile" = dev ] && echo debug || echo "$profile")

if [ ! -x "$folder/server" ]; then
    echo "Building Lathe for the first time (about 20 minutes on two cores, then seconds)"
fi
progress=--quiet
[ ! -t 2 ] || progress=
cargo build $progress --profile "$profile" --package server --package trainer --bins ${LATHE_FEATURES:+--features "trainer/${LATHE_FEATURES//,/,trainer/}"}
scripts/site.sh
