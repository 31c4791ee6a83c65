#!/usr/bin/env bash
# Makes a Python environment with sacreBLEU, rouge-score and scikit-learn (some 300 MB) and prints the path of its python, for
# the test that compares our metrics with theirs. The test calls it by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/metrics-venv
if ! $venv/bin/python -c 'import sacrebleu, rouge_score, sklearn, scipy' 2>/dev/null; then
    command -v python3 >/dev/null || { echo "there is no python3" >&2; exit 1; }
    [ -x $venv/bin/python ] || python3 -m venv $venv >&2
    $venv/bin/python -m pip install --quiet --retries 1 --timeout 20 --requirement trainer/tests/metrics/requirements.txt >&2
fi
echo "$PWD/$venv/bin/python"
