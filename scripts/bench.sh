#!/usr/bin/env bash
# bench.sh [arguments of compare.py]: measures training steps on SmolLM2-135M on this machine, each figure beside a limit
# taken in the same run: LoRA, QLoRA and full fine-tuning against a large matrix product, and against PyTorch
# with transformers and PEFT in turns. Without Python, PyTorch is left out.
# bench.sh answers [arguments of decode.py]: reading prompts and writing answers with weights of 4 and 8 bits, in turns
# with llama.cpp on the same files and threads.
# bench.sh explore [ROWS]: exploring a version of a million samples in a database of its own: index, search, filters, pages.
# bench.sh import [ROWS]: how many rows a second become a dataset version, beside COPY of the same bytes into the same Postgres.
# bench.sh annotation [ITEMS] [--only submits|next]: judgements a second of eight annotators, beside Label Studio, and the next item of a
# task of a million.
# bench.sh screen [ITEMS]: what an annotator waits for, from the key to the next item being painted, beside a round trip to the server.
# bench.sh mlflow [arguments of mlflow.py]: tracking runs beside MLflow 3.17 on the same Postgres: logging, search, history, memory.
# bench.sh overlay [browser]: 50 runs of 100,000 values over each other, beside one run's values as they are; with `browser` also how long
# the page keeps a browser busy while it is zoomed (needs scripts/build.sh).
# bench.sh table [RUNS]: pages of the run table at 10,000 runs: filter, sort, groups, completion, beside a bare select of the same 50 rows.
# bench.sh near [ROWS]: removing exact and near duplicates from a million short rows, and the first 50,000 of them beside datasketch.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/cargo-env.sh
if [ "${1:-}" = explore ]; then
    export ROWS=${2:-1000000}
    exec scripts/with-postgres.sh cargo test --release --package server --test it explore_speed:: -- --ignored --nocapture
fi
if [ "${1:-}" = table ]; then
    export RUNS=${2:-10000}
    exec scripts/with-postgres.sh cargo test --release --package server --test it table_speed:: -- --ignored --nocapture
fi
if [ "${1:-}" = import ]; then
    shift
    exec scripts/with-postgres.sh cargo bench --quiet --package server --bench import -- "$@"
fi
if [ "${1:-}" = annotation ]; then
    shift
    python=
    [[ " $* " = *" --only next "* ]] || python=$(scripts/bench-venv.sh label-studio) || { python=; echo "Label Studio is left out: it needs python3 with venv and a package index (see above)"; }
    exec scripts/with-postgres.sh cargo bench --quiet --package server --bench annotation -- "$@" ${python:+--python "$python"}
fi
if [ "${1:-}" = screen ]; then
    scripts/setup.sh test
    scripts/build.sh release
    export LATHE_PROFILE=release
    exec node e2e/next_item.mjs "${2:-200}"
fi
if [ "${1:-}" = mlflow ]; then
    shift
    python=$(scripts/bench-venv.sh mlflow) || { echo "MLflow is left out: it needs python3 with venv and a package index (see above)" >&2; exit 1; }
    cargo build --quiet --release --package server --bin server
    exec scripts/with-postgres.sh "$python" server/benches/mlflow.py --server target/release/server "$@"
fi
if [ "${1:-}" = overlay ]; then
    scripts/with-postgres.sh cargo bench --quiet --package server --bench overlay
    [ "${2:-}" = browser ] || exit 0
    scripts/build.sh release
    LATHE_PROFILE=release exec node e2e/overlay_jank.mjs
fi
if [ "${1:-}" = near ]; then
    python=$(scripts/bench-venv.sh near) || { python=; echo "datasketch is left out: it needs python3 with venv and a package index (see above)"; }
    exec cargo bench --quiet --package dataprep --bench near -- "${2:-1000000}" ${python:+--python "$python"}
fi
cargo build --quiet --release --package trainer --bins
trainer=target/release/trainer
model=$(scripts/sample-model.sh target/bench)

if [ "${1:-}" = answers ]; then
    shift
    files=()
    for type in q4_0 q8_0; do
        file=target/bench/$type.gguf
        [ -f "$file" ] || "$trainer" convert "$model" --gguf "$type" --out "$file"
        files+=("$file")
    done
    python=$(scripts/bench-venv.sh llama) || python=
    [ -z "$python" ] || exec "$python" trainer/benches/decode.py --trainer "$trainer" --models "${files[@]}" "$@"
    echo "llama.cpp is left out: it needs python3 with venv, a package index to fetch it from and a C++ compiler (see above)"
    for file in "${files[@]}"; do
        "$trainer" bench --model "$file" --answers
    done
    exit
fi

python=$(scripts/bench-venv.sh) || python=
if [ -n "$python" ]; then
    [ -d target/bench/hugging-face ] || "$trainer" convert "$model" --out target/bench/hugging-face
    exec "$python" trainer/benches/compare.py --trainer "$trainer" --gguf "$model" --folder target/bench/hugging-face "$@"
fi
echo "PyTorch is left out: it needs python3 with venv, and a package index to fetch torch from (see above)"
for method in lora qlora full; do
    for shape in "4 128" "2 512"; do
        read -r batch seq <<<"$shape"
        echo "== $method, batch $batch x $seq tokens (load average $(cut -d' ' -f1 /proc/loadavg 2>/dev/null))"
        "$trainer" bench --model "$model" --method "$method" --batch "$batch" --seq "$seq"
    done
done
