#!/usr/bin/env bash
# Builds the browser's part of Lathe into target/site: two bundles (`everyday` for most pages, `charts` for those
# with curves) as pkg/NAME.HASH.{js,wasm}, the stylesheet pkg/css.HASH.css, and the files of public/, each beside its
# .br and .gz. target/site/hash.txt tells the server the hashes, one `NAME: HASH` a line.
# Fails when the wasm of either exceeds its budget: a first page must be quick on a slow line.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
site=target/site
budget_bytes=$((320 * 1024))
profile=wasm-release
built=target/wasm32-unknown-unknown/$profile/app.wasm
bundles=target/bundles

# bundle NAME FEATURE: compiles a bundle of islands and makes its JavaScript.
bundle() {
    cargo build --quiet --package app --lib --target wasm32-unknown-unknown --no-default-features --features "$2" --profile $profile
    # wasm-bindgen takes seconds; the compiler's output tells whether it is needed.
    local sum
    sum=$(sha256sum <"$built")
    if [ "$(cat "$bundles/$1/sum" 2>/dev/null)" = "$sum" ]; then return; fi
    rm -rf "${bundles:?}/$1"
    mkdir -p "$bundles/$1"
    wasm-bindgen "$built" --target web --no-typescript --remove-name-section --remove-producers-section --out-name "$1" --out-dir "$bundles/$1"
    mv "$bundles/$1/$1_bg.wasm" "$bundles/$1/$1.wasm"
    echo "$sum" >"$bundles/$1/sum"
}
bundle everyday hydrate
bundle charts charts

sheets=(style/tokens.css style/base.css)
for sheet in style/*.css; do
    [[ " ${sheets[*]} " == *" $sheet "* ]] || sheets+=("$sheet")
done

# Nothing that goes into the site has changed: keep it.
stamp=$(cat $bundles/*/sum "${sheets[@]}" "$0" $(find public -type f | sort) | sha256sum | cut -d' ' -f1)
if [ "$(cat $site/stamp 2>/dev/null)" = "$stamp" ]; then exit 0; fi

new=$site.new
rm -rf $new
mkdir -p $new/pkg
cp -r public/. $new/
for name in everyday charts; do
    if [ -d $bundles/$name/snippets ]; then cp -r $bundles/$name/snippets $new/pkg/; fi
    # The name carries the content's hash, so that a browser may keep the file for ever.
    hash=$(cat $bundles/$name/$name.{js,wasm} | sha256sum | cut -c1-16)
    for kind in js wasm; do cp $bundles/$name/$name.$kind "$new/pkg/$name.$hash.$kind"; done
    echo "$name: $hash" >>$new/hash.txt
done
hash=$(cat "${sheets[@]}" | sha256sum | cut -c1-16)
cat "${sheets[@]}" >"$new/pkg/css.$hash.css"
echo "css: $hash" >>$new/hash.txt

find $new -type f \( -name '*.js' -o -name '*.wasm' -o -name '*.css' -o -name '*.svg' \) -print0 |
    xargs -0 -P 2 -I{} sh -c 'brotli --quality=11 --force --keep "{}" && gzip --best --force --keep "{}"'

kb() { echo $(($(stat -c %s "$@") / 1024)); }
echo "browser part, brotli: everyday $(kb $new/pkg/everyday.*.wasm.br) KB, with curves $(kb $new/pkg/charts.*.wasm.br) KB, css $(kb $new/pkg/css.*.css.br) KB"
for wasm in $new/pkg/*.wasm.br; do
    if [ "$(stat -c %s "$wasm")" -gt $budget_bytes ]; then
        echo "$(basename "$wasm") exceeds its budget of $((budget_bytes / 1024)) KB: look for what an island pulled in" >&2
        exit 1
    fi
done
echo "$stamp" >$new/stamp
rm -rf $site.old
[ ! -e $site ] || mv $site $site.old
mv $new $site
rm -rf $site.old
