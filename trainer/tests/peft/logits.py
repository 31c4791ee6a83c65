# Logits of a base model with each adapter, by transformers and PEFT. Follows common.py.
tuned = {}
for name in os.listdir(adapters):
    tuned[name] = logits(PeftModel.from_pretrained(base(), os.path.join(adapters, name)).eval())
write(tuned)
