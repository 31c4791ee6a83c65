#!/usr/bin/env bash
# Makes a Python environment with scikit-learn, statsmodels and krippendorff for the test that compares measures of agreement:
#   LATHE_AGREEMENT_PYTHON=$(scripts/agreement-venv.sh) cargo nextest run -p trainer --test it agreement:: --no-capture
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/agreement-venv
if [ ! -x $venv/bin/python ] || ! $venv/bin/python -c 'import krippendorff, sklearn, statsmodels' 2>/dev/null; then
    python3 -m venv $venv >&2
    $venv/bin/pip install --quiet krippendorff scikit-learn statsmodels >&2
fi
echo "$PWD/$venv/bin/python"
