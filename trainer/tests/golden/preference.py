"""Makes llama/preference.safetensors: DPO's losses and gradients for three pairs, by TRL's formulas in plain PyTorch.

    target/golden-venv/bin/python trainer/tests/golden/preference.py

Model and adapter are those that make.py wrote for llama; the reference is the model without the adapter. Everything is
computed in float64. The file holds the sequences one behind the other (chosen, rejected, chosen, …), the places where each
begins and where its answer does, and for each variant of the loss the mean over the pairs and the adapter's gradients.
"""

import torch
from make import HERE, RANK, SCALE, VOCABULARY, FAMILIES, build, double_precision, linear_layers
from safetensors.torch import load_file, save_file
from torch.nn.functional import logsigmoid

FOLDER = HERE / "llama"
# (beta, loss, label_smoothing, sft_weight)
VARIANTS = {
    "sigmoid": (0.1, "sigmoid", 0.0, 0.0),
    "conservative": (0.5, "sigmoid", 0.2, 0.0),
    "with_sft": (0.1, "sigmoid", 0.0, 0.7),
    "ipo": (0.3, "ipo", 0.0, 0.0),
}
# Tokens of prompt, chosen and rejected answer.
LENGTHS = [(4, 6, 3), (7, 2, 5), (3, 5, 5)]


def pairs():
    generator = torch.Generator().manual_seed(20)
    draw = lambda n: torch.randint(1, VOCABULARY, (n,), generator=generator)
    for prompt, chosen, rejected in LENGTHS:
        start = draw(prompt)
        yield prompt, torch.cat([start, draw(chosen)]), torch.cat([start, draw(rejected)])


def answer_log_probabilities(model, prompt, ids):
    """log p of each token of the answer."""
    log_p = model(input_ids=ids[None], use_cache=False).logits[0].log_softmax(-1)
    return log_p[:-1].gather(1, ids[1:, None])[prompt - 1 :, 0]


def loss(policy, reference, beta, kind, epsilon, sft_weight):
    """TRL's DPOTrainer.dpo_loss of one pair, plus the chosen answer's own mean loss (RPO takes it of each answer)."""
    if kind == "ipo":
        chosen, rejected = (p.mean() - r.mean() for p, r in zip(policy, reference))
        of_pair = (chosen - rejected - 1 / (2 * beta)) ** 2
    else:
        chosen, rejected = (p.sum() - r.sum() for p, r in zip(policy, reference))
        margin = chosen - rejected
        of_pair = -logsigmoid(beta * margin) * (1 - epsilon) - logsigmoid(-beta * margin) * epsilon
    return of_pair - sft_weight * policy[0].mean()


def main():
    weights = load_file(FOLDER / "model.safetensors")
    golden = load_file(FOLDER / "golden.safetensors")
    data = list(pairs())
    tensors = {
        "ids": torch.cat([side for _, *sides in data for side in sides]),
        "lengths": torch.tensor([len(side) for _, *sides in data for side in sides]),
        "prompts": torch.tensor([prompt for prompt, *_ in data for _ in range(2)]),
    }
    with double_precision():
        exact = lambda: build(FAMILIES["llama"](), {n: w.to(torch.float64) for n, w in weights.items()})
        base, model = exact(), exact()
        names = [f"{name}.{which}" for name, *_ in linear_layers(model) for which in "AB"]
        matrices = {name: golden[f"adapter.{name}"].to(torch.float64).requires_grad_() for name in names}
        assert all(min(m.shape) == RANK for m in matrices.values())
        for name, module, _, _ in linear_layers(model):
            a, b = matrices[f"{name}.A"], matrices[f"{name}.B"]
            module.register_forward_hook(lambda _, x, y, a=a, b=b: y + SCALE * (x[0] @ a.T @ b.T))
        with torch.no_grad():
            references = [[answer_log_probabilities(base, prompt, side) for side in sides] for prompt, *sides in data]
        tensors["references"] = torch.tensor([[side.sum() for side in pair] for pair in references])
        for variant, settings in VARIANTS.items():
            losses = [
                loss([answer_log_probabilities(model, prompt, side) for side in sides], reference, *settings)
                for (prompt, *sides), reference in zip(data, references)
            ]
            mean = sum(losses) / len(losses)
            gradients = torch.autograd.grad(mean, list(matrices.values()))
            assert mean.dtype == torch.float64 and all(g.dtype == torch.float64 for g in gradients)
            tensors[f"{variant}.loss"] = mean.detach().reshape(1)
            tensors |= {f"{variant}.gradient.{name}": g for name, g in zip(matrices, gradients)}
            print(variant, settings, f"{mean.item():.4f}")
    save_file({n: t.contiguous() for n, t in tensors.items()}, FOLDER / "preference.safetensors")


main()
