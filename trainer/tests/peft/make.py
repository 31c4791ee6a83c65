"""Adapters made and trained a little by PEFT, and their logits: script.py MODEL ADAPTERS IDS.json OUT.json"""
import json
import os
import sys

import torch
from peft import LoraConfig, PrefixTuningConfig, PromptEncoderConfig, PromptTuningConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

model_folder, adapters, ids_file, out_file = sys.argv[1:]
ids = torch.tensor([json.load(open(ids_file))])


def base():
    return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, attn_implementation="eager").eval()


def logits(model):
    with torch.no_grad():
        # Methods with virtual tokens answer for these too.
        return model(input_ids=ids).logits[0][-ids.shape[1] :].tolist()


modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
lora = {"task_type": "CAUSAL_LM", "r": 8, "lora_alpha": 16, "target_modules": modules}
tokens = {"task_type": "CAUSAL_LM", "num_virtual_tokens": 5}
configs = {
    "LoRA": LoraConfig(**lora),
    "rsLoRA": LoraConfig(**lora, use_rslora=True),
    "DoRA": LoraConfig(**lora, use_dora=True),
    "prompt tuning": PromptTuningConfig(**tokens),
    "P-tuning": PromptEncoderConfig(**tokens, encoder_hidden_size=24),
    "prefix tuning": PrefixTuningConfig(**tokens),
    "projected prefix tuning": PrefixTuningConfig(**tokens, prefix_projection=True, encoder_hidden_size=24),
}
tuned = {}
for name, config in configs.items():
    torch.manual_seed(1)
    model = get_peft_model(base(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
    folder = os.path.join(adapters, name)
    model.save_pretrained(folder)
    tuned[name] = logits(PeftModel.from_pretrained(base(), folder).eval())
json.dump({"tuned": tuned, "base": logits(base())}, open(out_file, "w"))
