"""Logits of a base model with an adapter, by transformers and PEFT: logits.py MODEL ADAPTER IDS.json OUT.json"""
import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

model_folder, adapter_folder, ids_file, out_file = sys.argv[1:]
base = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, attn_implementation="eager")
model = PeftModel.from_pretrained(base, adapter_folder).eval()
ids = torch.tensor([json.load(open(ids_file))])
with torch.no_grad():
    logits = model(input_ids=ids).logits[0]
    model.disable_adapter_layers()
    plain = model(input_ids=ids).logits[0]
json.dump({"tuned": logits.tolist(), "base": plain.tolist()}, open(out_file, "w"))
