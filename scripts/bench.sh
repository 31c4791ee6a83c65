#!/usr/bin/env bash
# Measures on this machine, each figure beside a limit taken in the same run:
# a LoRA training step on SmolLM2-135M against a large matrix product, at the two shapes the README names.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
cargo build --quiet --release --package trainer --bins
model=$(scripts/sample-model.sh target/bench)
for shape in "4 128" "2 512"; do
    read -r batch seq <<<"$shape"
    echo "== training step, batch $batch x $seq tokens"
    target/release/trainer bench --model "$model" --batch "$batch" --seq "$seq" "$@"
done
