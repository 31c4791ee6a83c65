"""Makes the reference numbers of trainer/tests/it/golden.rs: one tiny random model per family, as transformers sees it.

    python3 -m venv target/golden-venv
    target/golden-venv/bin/pip install torch==2.15.0 transformers==5.24.0 numpy==2.4.6
    target/golden-venv/bin/python trainer/tests/golden/make.py [FAMILY …]

Each family gets a folder: `config.json` and `model.safetensors` as transformers saves them (weights are exact in
bfloat16), and `golden.safetensors` with token ids, a random low-rank adapter on every linear layer, and, computed in
float64, the logits, the mean loss and the adapter's gradients. The metadata entry `torch` says how far the same
numbers in float32 are from those: what single precision costs at least, by which our own distance is judged.
"""

import contextlib
import json
import pathlib
import statistics
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers.pytorch_utils import Conv1D

HERE = pathlib.Path(__file__).parent
VOCABULARY, HIDDEN, INNER, BATCH, SEQ, RANK, SCALE = 97, 32, 40, 2, 20, 2, 1.5

COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=None, eos_token_id=0, pad_token_id=None,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16,
)
FAMILIES = {
    "llama": lambda: transformers.LlamaConfig(**COMMON, rope_parameters=LLAMA3),
    "mistral": lambda: transformers.MistralConfig(**COMMON, sliding_window=7),
    "qwen2": lambda: transformers.Qwen2Config(**COMMON, tie_word_embeddings=True),
    "qwen3": lambda: transformers.Qwen3Config(**COMMON, head_dim=16),
    # Layers 0 and 1 look back 7 positions, layer 2 everywhere; the scale of scores is not that of a head.
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **{**COMMON, "num_hidden_layers": 3}, head_dim=12, sliding_window=7, query_pre_attn_scalar=20,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    ),
    "glm4": lambda: transformers.Glm4Config(**COMMON, head_dim=16),
    "gpt2": lambda: transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=64, n_embd=HIDDEN, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    ),
}


@contextlib.contextmanager
def double_precision():
    """transformers computes norms, softmax and rotary angles in float32 whatever the model is; here these words mean
    float64, so that the reference has no single-precision step anywhere."""
    saved = torch.float32, torch.float, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = saved
        torch.set_default_dtype(torch.float32)


def build(config, weights=None):
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    if weights:
        model.load_state_dict(weights)
    return model


def randomise(model):
    """Weights that make every part matter: norms away from one, biases away from zero, distinct logits."""
    generator = torch.Generator().manual_seed(17)
    for name, p in sorted(model.named_parameters()):
        centre = 1.0 if "norm" in name and "bias" not in name or "ln_" in name and "bias" not in name else 0.0
        if model.config.model_type == "gemma3_text":
            centre = 0.0
        values = centre + 0.3 * torch.randn(p.shape, generator=generator)
        p.data.copy_(values.to(torch.bfloat16))


def linear_layers(model):
    wanted = [(n, m) for n, m in model.named_modules() if isinstance(m, (torch.nn.Linear, Conv1D)) and n != "lm_head"]
    for name, module in wanted:
        out, width = module.weight.shape[::-1] if isinstance(module, Conv1D) else module.weight.shape
        yield name, module, out, width


def adapter(model):
    generator = torch.Generator().manual_seed(18)
    return {
        f"{name}.{which}": 0.2 * torch.randn(shape, generator=generator)
        for name, _, out, width in linear_layers(model)
        for which, shape in (("A", (RANK, width)), ("B", (out, RANK)))
    }


def run(model, matrices, ids):
    """Logits, mean loss and gradients of the adapter in the model's own precision."""
    dtype = next(model.parameters()).dtype
    matrices = {n: m.clone().to(dtype).requires_grad_() for n, m in matrices.items()}
    for name, module, _, _ in linear_layers(model):
        a, b = matrices[f"{name}.A"], matrices[f"{name}.B"]
        module.register_forward_hook(lambda _, x, y, a=a, b=b: y + SCALE * (x[0] @ a.T @ b.T))
    logits = model(input_ids=ids, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1))
    loss.backward()
    gradients = {n: m.grad for n, m in matrices.items()}
    return logits.detach(), loss.detach(), gradients


def distance(got, want):
    """‖got − want‖ / ‖want‖"""
    return ((got.double() - want).norm() / want.norm()).item()


def make(family):
    folder = HERE / family
    model = build(FAMILIES[family]())
    randomise(model)
    weights = {n: p.clone() for n, p in model.state_dict().items()}
    matrices = adapter(model)
    ids = torch.randint(1, VOCABULARY, (BATCH, SEQ), generator=torch.Generator().manual_seed(19))
    with double_precision():
        exact = build(FAMILIES[family](), {n: w.to(torch.float64) for n, w in weights.items()})
        logits, loss, gradients = run(exact, matrices, ids)
    assert all(t.dtype == torch.float64 for t in (logits, loss, *gradients.values()))
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    single_logits, single_loss, single = run(build(FAMILIES[family](), weights), matrices, ids)
    apart = [distance(single[n], g) for n, g in gradients.items()]
    torch_distance = {
        "logits": distance(single_logits, logits),
        "loss": distance(single_loss, loss),
        "gradient_median": statistics.median(apart),
        "gradient_max": max(apart),
    }
    tensors = {"ids": ids, "logits": logits, "loss": loss.reshape(1)}
    tensors |= {f"adapter.{n}": m for n, m in matrices.items()} | {f"gradient.{n}": g for n, g in gradients.items()}
    metadata = {"torch": json.dumps(torch_distance), "scale": str(SCALE)}
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "golden.safetensors", metadata)
    size = sum(f.stat().st_size for f in folder.iterdir())
    spread = logits.std().item()
    print(f"{family}: loss {loss:.4f}, logits ±{spread:.2f}, {size / 1000:.0f} kB", {k: f"{v:.1e}" for k, v in torch_distance.items()})


if __name__ == "__main__":
    for chosen in sys.argv[1:] or FAMILIES:
        make(chosen)
