#!/usr/bin/env bash
# Builds the browser's part of Lathe into target/site: pkg/lathe.HASH.{js,wasm,css} and the files of public/,
# each beside its .br and .gz. target/site/hash.txt tells the server the hashes, one `js: HASH` a line.
# Fails when the wasm exceeds its budget: a page must be quick on a slow line.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
site=target/site
budget_bytes=$((300 * 1024))
profile=wasm-release
wasm=target/wasm32-unknown-unknown/$profile/app.wasm

cargo build --quiet --package app --lib --target wasm32-unknown-unknown --no-default-features --features hydrate --profile $profile

sheets=(style/tokens.css style/base.css)
for sheet in style/*.css; do
    [[ " ${sheets[*]} " == *" $sheet "* ]] || sheets+=("$sheet")
done

# Nothing that goes into the site has changed: keep it.
stamp=$(cat "$wasm" "${sheets[@]}" "$0" $(find public -type f | sort) | sha256sum | cut -d' ' -f1)
if [ "$(cat $site/stamp 2>/dev/null)" = "$stamp" ]; then exit 0; fi

new=$site.new
rm -rf $new
mkdir -p $new/pkg
cp -r public/. $new/
wasm-bindgen "$wasm" --target web --no-typescript --out-name lathe --out-dir $new/pkg
mv $new/pkg/lathe_bg.wasm $new/pkg/lathe.wasm
cat "${sheets[@]}" >$new/pkg/lathe.css

# The name carries the content's hash, so that a browser may keep the file for ever.
for kind in js wasm css; do
    hash=$(sha256sum $new/pkg/lathe.$kind | cut -c1-16)
    mv $new/pkg/lathe.$kind "$new/pkg/lathe.$hash.$kind"
    echo "$kind: $hash" >>$new/hash.txt
done

find $new -type f \( -name '*.js' -o -name '*.wasm' -o -name '*.css' -o -name '*.svg' \) -print0 |
    xargs -0 -P 2 -I{} sh -c 'brotli --quality=11 --force --keep "{}" && gzip --best --force --keep "{}"'

size=$(stat -c %s $new/pkg/lathe.*.wasm.br)
echo "browser part: wasm $((size / 1024)) KB, css $(($(stat -c %s $new/pkg/lathe.*.css.br) / 1024)) KB (brotli)"
if [ "$size" -gt $budget_bytes ]; then
    echo "the wasm exceeds its budget of $((budget_bytes / 1024)) KB: look for what an island pulled in" >&2
    exit 1
fi
echo "$stamp" >$new/stamp
rm -rf $site.old
[ ! -e $site ] || mv $site $site.old
mv $new $site
rm -rf $site.old
