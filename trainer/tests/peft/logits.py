"""Logits of base models with adapters, by transformers and PEFT: logits.py FOLDER …

Each folder has model/, adapter/ and ids.json, and gets logits.json."""
import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

for folder in sys.argv[1:]:
    base = AutoModelForCausalLM.from_pretrained(f"{folder}/model", dtype=torch.float32, attn_implementation="eager")
    model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
    ids = torch.tensor([json.load(open(f"{folder}/ids.json"))])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
        model.disable_adapter_layers()
        plain = model(input_ids=ids).logits[0]
    json.dump({"tuned": logits.tolist(), "base": plain.tolist()}, open(f"{folder}/logits.json", "w"))
