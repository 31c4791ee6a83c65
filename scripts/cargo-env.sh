# Sourced: puts cargo and the tools built by setup-toolchain.sh on the PATH, also in a shell that was open
# before rustup installed them.
if [ -d "$HOME/.cargo/bin" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
PATH="$PWD/target/tools/bin:$PATH"
export PATH
