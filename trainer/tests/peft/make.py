# Adapters made and trained a little by PEFT, and their logits. Follows common.py.
from peft import LoraConfig, PrefixTuningConfig, PromptEncoderConfig, PromptTuningConfig, get_peft_model

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
write(tuned)
