"""Logits of a base model with each adapter, by transformers and PEFT: script.py MODEL ADAPTERS IDS.json OUT.json"""
import json
import os
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

model_folder, adapters, ids_file, out_file = sys.argv[1:]
ids = torch.tensor([json.load(open(ids_file))])


def base():
    return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, attn_implementation="eager").eval()


def logits(model):
    with torch.no_grad():
        # Methods with virtual tokens answer for these too.
        return model(input_ids=ids).logits[0][-ids.shape[1] :].tolist()


tuned = {}
for name in os.listdir(adapters):
    tuned[name] = logits(PeftModel.from_pretrained(base(), os.path.join(adapters, name)).eval())
json.dump({"tuned": tuned, "base": logits(base())}, open(out_file, "w"))
