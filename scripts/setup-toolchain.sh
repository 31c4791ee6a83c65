#!/usr/bin/env bash
# The Rust toolchain of rust-toolchain.toml, std for the browser and wasm-bindgen in the lockfile's version.
set -euo pipefail
target=wasm32-unknown-unknown

channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
have_rust() { [[ "$(rustc --version 2>/dev/null)" == "rustc $channel "* ]]; }
if ! have_rust && ! command -v rustup >/dev/null 2>&1; then
    echo "Installing Rust with rustup (about a minute)"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --no-modify-path --profile minimal --default-toolchain none
    . "$HOME/.cargo/env"
fi
if ! have_rust; then
    echo "Installing Rust $channel (about a minute)"
    rustup toolchain install --no-self-update
fi

have_target() { compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libstd*.rlib" >/dev/null; }
if ! have_target; then
    echo "Installing Rust's std for the browser ($target; up to a minute)"
    # A machine that rustup's server cannot be reached from may bring a script that installs it.
    log=$(mktemp)
    if ! rustup target add $target 2>"$log" && [ -n "${LATHE_WASM_STD_SCRIPT:-}" ]; then
        "$LATHE_WASM_STD_SCRIPT"
    fi
    have_target || { cat "$log" >&2; exit 1; }
    rm -f "$log"
fi

# wasm-bindgen's command and library must be the same version: they share a private format.
version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    echo "Building wasm-bindgen $version (3 to 5 minutes, once)"
    cargo install --quiet wasm-bindgen-cli --version "$version" --no-default-features --root target/tools
fi
