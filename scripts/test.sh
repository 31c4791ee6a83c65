#!/usr/bin/env bash
# The steps of the gate, in order: fmt lint docs unit e2e, what fails soonest first, or only those named. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh

fmt() {
    cargo fmt --all --check
}

# The server's half and the two bundles of the browser are linted apart: features of one build would hide errors of another,
# and `charts` leaves out what `hydrate` alone has.
lint() {
    if command -v cargo-deny >/dev/null 2>&1; then cargo deny --log-level error check bans licenses sources; fi
    cargo clippy --quiet --workspace --all-targets -- -D warnings
    for bundle in hydrate charts; do
        cargo clippy --quiet --package app --lib --target wasm32-unknown-unknown --no-default-features --features $bundle -- -D warnings
    done
}

# `nextest` runs each test in a process of its own; plain `cargo test` does where it is not installed.
unit() {
    local runner=(cargo test --quiet)
    if command -v cargo-nextest >/dev/null 2>&1; then runner=(cargo nextest run --cargo-quiet); fi
    scripts/with-postgres.sh "${runner[@]}" --workspace
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
}

# The same set of targets as `unit`, so that nothing is compiled a second time with other features; benches are `lint`'s.
e2e() {
    cargo build --quiet --workspace --bins --tests
    scripts/site.sh
    (cd e2e && npm test --silent)
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(fmt lint docs unit e2e)
for step in "${steps[@]}"; do
    case $step in fmt | lint | unit | docs | e2e) ;; *) echo "no such step: $step" >&2; exit 2 ;; esac
    echo "== $step"
    started=$SECONDS
    "$step"
    echo "== $step: passed in $((SECONDS - started)) s"
done
