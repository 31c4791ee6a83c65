#!/usr/bin/env bash
# The Node packages of e2e/, installed anew only when its lockfile changed.
set -euo pipefail
cd "$(dirname "$0")/../e2e"
stamp=node_modules/.lockfile
cmp -s package-lock.json $stamp && exit 0
echo "Installing the Node packages of the browser tests (a few seconds)"
npm ci --silent --no-audit --no-fund
cp package-lock.json $stamp
