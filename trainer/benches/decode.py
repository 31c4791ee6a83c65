"""Our answers against llama.cpp's, in turns on the same machine, files and threads; called by scripts/bench.sh answers.

Other work on the machine slows both alike within a round, so the ratio of a round means more than either speed:
reported are medians over the rounds, with the lowest and highest ratio, by the clock and by processor time. llama.cpp waits
for all of its threads after every operation, so by the clock it suffers more from other work than we do;
ratios of processor time are the fairer ones on a busy machine.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
BY = {"by the clock": "tokens_per_second", "by processor time": "tokens_per_cpu_second"}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trainer", required=True, help="the trainer binary")
    parser.add_argument("--models", nargs="+", required=True, help="GGUF files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def measured(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}\n{done.stderr[-500:]}")
    return json.loads(done.stdout[done.stdout.index("{") :])


def spread(values):
    return f"{statistics.median(values):7.2f} ({min(values):.2f} to {max(values):.2f})"


def compare(wanted, model):
    workload = ["--prompt", wanted.prompt, "--tokens", wanted.tokens, "--depth", wanted.depth]
    workload = [str(word) for word in [*workload, "--threads", wanted.threads, "--steps", 1]]
    ours, theirs = [], []
    for _ in range(wanted.rounds):
        ours.append(measured([wanted.trainer, "bench", "--answers", "--model", model, *workload]))
        theirs.append(measured([sys.executable, str(HERE / "decode_llama.py"), "--model", model, *workload]))
    load = os.getloadavg()[0]
    print(f"== {model}, {wanted.threads} threads (load average {load:.1f}, llama-cpp-python {theirs[0]['version']})")
    for what in ["prefill", "decode"]:
        for name, key in BY.items():
            a, b = [r[what][key] for r in ours], [r[what][key] for r in theirs]
            ratios = spread([x / y for x, y in zip(a, b)])
            print(f"  {what:8} {name:18} lathe {spread(a)}, llama.cpp {spread(b)} tokens/s; ratio {ratios}")
    for name, key in BY.items():
        over_one = [r["batched"][key] / r["decode"][key] for r in ours]
        together = spread([r["batched"][key] for r in ours])
        print(f"  {ours[0]['streams']} streams {name:18} lathe {together} tokens/s; against one {spread(over_one)}")


def main():
    wanted = arguments()
    for model in wanted.models:
        compare(wanted, model)


if __name__ == "__main__":
    main()
