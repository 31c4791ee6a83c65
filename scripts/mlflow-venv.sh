#!/usr/bin/env bash
# Makes a Python environment with MLflow's client for the tests that track with it:
#   LATHE_MLFLOW_PYTHON=$(scripts/mlflow-venv.sh) cargo nextest run -p server --test it mlflow_client:: --no-capture
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/mlflow-venv
if [ ! -x $venv/bin/python ] || ! $venv/bin/python -c 'import mlflow' 2>/dev/null; then
    python3 -m venv $venv >&2
    $venv/bin/pip install --quiet 'mlflow-skinny>=3.4,<4' >&2
fi
echo "$PWD/$venv/bin/python"
