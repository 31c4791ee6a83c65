#!/usr/bin/env bash
# The Node packages of e2e/, installed anew only when its lockfile changed.
set -euo pipefail
cd "$(dirname "$0")/../e2e"
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 18 ]; then
    echo "The browser tests need Node 18 or newer; this is $(node --version)" >&2
    exit 1
fi
stamp=node_modules/.lockfile
cmp -s package-lock.json $stamp && exit 0
echo "Installing the Node packages of the browser tests (a few seconds)"
npm ci --silent --no-audit --no-fund
cp package-lock.json $stamp
