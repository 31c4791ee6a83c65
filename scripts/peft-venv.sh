#!/usr/bin/env bash
# Makes a Python environment with torch, transformers and peft (several GB) for the test that loads our adapters there:
#   LATHE_PEFT_PYTHON=$(scripts/peft-venv.sh) cargo nextest run -p trainer --test it peft:: --no-capture
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/peft-venv
if [ ! -x $venv/bin/python ] || ! $venv/bin/python -c 'import torch, transformers, peft' 2>/dev/null; then
    python3 -m venv $venv >&2
    $venv/bin/pip install --quiet torch transformers peft >&2
fi
echo "$PWD/$venv/bin/python"
