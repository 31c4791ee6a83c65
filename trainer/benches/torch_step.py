"""One line of JSON: the speed of a training step in PyTorch, measured as `trainer bench` measures its own.

Same model, same made-up tokens, same shapes; the loss of every token, clipping and AdamW included.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=128)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="torch.compile, the fastest setting found on CPUs")
    return parser.parse_args()


def main():
    wanted = arguments()
    model = AutoModelForCausalLM.from_pretrained(wanted.model, dtype=torch.float32, attn_implementation="sdpa")
    model.config.use_cache = False
    if wanted.method == "lora":
        lora = LoraConfig(
            r=wanted.rank, lora_alpha=2 * wanted.rank, lora_dropout=0.0, target_modules=LINEARS, task_type="CAUSAL_LM"
        )
        model = get_peft_model(model, lora)
    model.train()
    step_of = torch.compile(model) if wanted.compile else model
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)
    vocabulary = model.config.vocab_size
    ids = torch.tensor([i * 7919 % vocabulary for i in range(wanted.batch * wanted.seq)])
    ids = ids.reshape(wanted.batch, wanted.seq)
    rates = []
    # Compilation and the allocator's first growth are not counted.
    for step in range(wanted.steps + (2 if wanted.compile else 1)):
        started = time.perf_counter()
        step_of(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        rates.append(ids.numel() / (time.perf_counter() - started))
    rates = sorted(rates[-wanted.steps :])
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "tokens_per_second": statistics.median(rates),
                "slowest": rates[0],
                "fastest": rates[-1],
                "peak_memory_mib": peak_mib,
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
