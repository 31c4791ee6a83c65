#!/usr/bin/env bash
# bench-venv.sh [torch|llama]: makes the Python environment that scripts/bench.sh compares with and prints the path of its
# python: PyTorch with transformers and PEFT (several GB), or llama-cpp-python (built from source, some minutes).
# LATHE_BENCH_PYTHON names one that is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-torch} in
    torch) modules="torch, transformers, peft" requirements=requirements.txt ;;
    llama) modules="llama_cpp" requirements=requirements-llama.txt ;;
    *) echo "usage: scripts/bench-venv.sh [torch|llama]" >&2; exit 2 ;;
esac
python=${LATHE_BENCH_PYTHON:-$PWD/target/bench-venv/bin/python}
if [ -z "${LATHE_BENCH_PYTHON:-}" ] && ! "$python" -c "import $modules" 2>/dev/null; then
    command -v python3 >/dev/null || { echo "there is no python3" >&2; exit 1; }
    [ -x "$python" ] || python3 -m venv target/bench-venv >&2
    "$python" -m pip install --quiet --requirement "trainer/benches/$requirements" >&2
fi
"$python" -c "import $modules" >&2
echo "$python"
