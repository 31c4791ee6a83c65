#!/usr/bin/env bash
# bench-venv.sh [torch|llama|near|label-studio|mlflow]: makes the Python environment that scripts/bench.sh compares with and prints the path of its
# python: PyTorch with transformers and PEFT (several GB), llama-cpp-python (built from source, some minutes), datasketch, Label Studio or MLflow.
# LATHE_BENCH_PYTHON names one that is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=bench-venv
case ${1:-torch} in
    torch) modules="torch, transformers, peft" requirements=trainer/benches/requirements.txt ;;
    llama) modules="llama_cpp" requirements=trainer/benches/requirements-llama.txt ;;
    near) modules="datasketch" requirements=crates/dataprep/benches/requirements.txt venv=near-venv ;;
    label-studio) modules="label_studio" requirements=server/benches/requirements.txt venv=label-studio-venv ;;
    mlflow) modules="mlflow, psycopg2" requirements=server/benches/requirements-mlflow.txt venv=mlflow-bench-venv ;;
    *) echo "usage: scripts/bench-venv.sh [torch|llama|near|label-studio|mlflow]" >&2; exit 2 ;;
esac
python=${LATHE_BENCH_PYTHON:-$PWD/target/$venv/bin/python}
if [ -z "${LATHE_BENCH_PYTHON:-}" ] && ! "$python" -c "import $modules" 2>/dev/null; then
    command -v python3 >/dev/null || { echo "there is no python3" >&2; exit 1; }
    [ -x "$python" ] || python3 -m venv "target/$venv" >&2
    "$python" -m pip install --quiet --requirement "$requirements" >&2
fi
"$python" -c "import $modules" >&2
echo "$python"
