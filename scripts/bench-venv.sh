#!/usr/bin/env bash
# Makes the Python environment that scripts/bench.sh compares with (several GB) and prints the path of its python.
# LATHE_BENCH_PYTHON names one that is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${LATHE_BENCH_PYTHON:-$PWD/target/bench-venv/bin/python}
if [ -z "${LATHE_BENCH_PYTHON:-}" ] && ! "$python" -c 'import torch, transformers, peft' 2>/dev/null; then
    command -v python3 >/dev/null || { echo "there is no python3" >&2; exit 1; }
    python3 -m venv target/bench-venv >&2
    "$python" -m pip install --quiet --requirement trainer/benches/requirements.txt >&2
fi
"$python" -c 'import torch, transformers, peft' >&2
echo "$python"
