"""Our training step against PyTorch's, in turns on the same machine; called by scripts/bench.sh.

Other work on the machine slows both alike within a round, so the ratio of a round means more than either
speed: reported are medians over the rounds, with the lowest and highest ratio.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SHAPES = [(4, 128), (2, 512)]
# Name, arguments of `trainer bench`, arguments of torch_step.py. QLoRA is held against PyTorch's LoRA in f32,
# since the CPU has no other.
PAIRS = [
    ("lora", ["--method", "lora"], ["--method", "lora"]),
    ("qlora", ["--method", "qlora"], ["--method", "lora"]),
    ("full", ["--method", "full"], ["--method", "full"]),
]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trainer", required=True, help="the trainer binary")
    parser.add_argument("--gguf", required=True, help="the model as `trainer` reads it")
    parser.add_argument("--folder", required=True, help="the same model as a Hugging Face folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--methods", nargs="*", default=[name for name, _, _ in PAIRS])
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile")
    return parser.parse_args()


def measured(command):
    """The JSON that a command prints last, or None when it fails: then PyTorch cannot do this here."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"  failed: {' '.join(command)}\n{done.stderr[-500:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout[done.stdout.index("{") :])


def spread(values):
    return f"{statistics.median(values):7.1f} ({min(values):.1f} to {max(values):.1f})"


def memory(results):
    return f"{max(r['peak_memory_mib'] for r in results):6.0f} MiB"


def compare(wanted, name, ours, theirs, shape):
    workload = ["--batch", str(shape[0]), "--seq", str(shape[1]), "--steps", str(wanted.steps)]
    contestants = {"lathe": [wanted.trainer, "bench", "--model", wanted.gguf, *ours, *workload]}
    torch_step = [sys.executable, str(HERE / "torch_step.py"), "--model", wanted.folder, *theirs, *workload]
    contestants["torch"] = torch_step
    if not wanted.no_compile:
        contestants["torch.compile"] = [*torch_step, "--compile"]
    results = {contestant: [] for contestant in contestants}
    for _ in range(wanted.rounds):
        for contestant, command in contestants.items():
            result = measured(command)
            if result:
                results[contestant].append(result)
    print(f"== {name}, batch {shape[0]} x {shape[1]} tokens (load average {os.getloadavg()[0]:.1f})")
    for contestant, runs in results.items():
        if not runs:
            print(f"  {contestant:14} could not be measured")
            continue
        line = f"  {contestant:14} {spread([r['tokens_per_second'] for r in runs])} tokens/s, peak {memory(runs)}"
        if contestant == "lathe":
            share = statistics.median(r["share_of_ceiling"] for r in runs)
            print(f"{line}, {share:.0%} of the ceiling")
        else:
            ratios = [a["tokens_per_second"] / b["tokens_per_second"] for a, b in zip(results["lathe"], runs)]
            print(f"{line}; lathe is {spread(ratios).strip()} times as fast")


def main():
    wanted = arguments()
    for name, ours, theirs in PAIRS:
        if name in wanted.methods:
            for shape in SHAPES:
                compare(wanted, name, ours, theirs, shape)


if __name__ == "__main__":
    main()
