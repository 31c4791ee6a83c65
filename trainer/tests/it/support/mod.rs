//! A tiny random model as a Hugging Face folder, and samples for it: what the trainer's tests
//! run on in seconds.
#![allow(dead_code, reason = "the tests of the server use a part of it")]

pub(crate) mod dora;
pub(crate) mod gguf;

use candle_core::{Device, Tensor};
use domain::sample::{Message, Sample, Speaker};
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;
use trainer::adapt::Adapter;
use trainer::data::batch::Batch;
use trainer::data::masking::Encoded;
use trainer::model::config::DecoderConfig;
use trainer::model::decoder::Decoder;
use trainer::model::family::Family;
use trainer::model::projection::Projection;

const SPECIAL: [&str; 4] = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"];

const TEMPLATE: &str = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>\n{% endfor %}\
    {% if add_generation_prompt %}<|assistant|>{% endif %}";

/// Two layers, hidden size 32, byte tokens: enough to have every part of the real thing.
pub(crate) fn config() -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "vocab_size": 260, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "tie_word_embeddings": true, "eos_token_id": 0, "bos_token_id": null, "pad_token_id": null
    })
}

/// Writes the model of [`config`] into `folder`.
pub(crate) fn write_model(folder: &Path) -> std::io::Result<()> {
    write_model_of(folder, &config())
}

/// Writes a model whose rows fill blocks of 32, as folder and as a GGUF file of 8-bit blocks.
pub(crate) fn write_quantized(folder: &Path, file: &Path) -> std::io::Result<()> {
    let mut config = config();
    config["intermediate_size"] = json!(64);
    write_model_of(folder, &config)?;
    add_merge(&folder.join("tokenizer.json"));
    gguf::write_as(folder, file, candle_core::quantized::GgmlDType::Q8_0).map_err(std::io::Error::other)
}

/// Writes a model of random weights with this `config.json`.
pub(crate) fn write_model_of(folder: &Path, config: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("config.json"), config.to_string())?;
    write_tokenizer(folder)?;
    let fields = config.as_object().cloned().unwrap_or_default();
    let shape = DecoderConfig::from_json(folder, &fields).map_err(std::io::Error::other)?;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(17);
    let mut tensors = HashMap::new();
    for (name, dims) in shape.tensor_shapes() {
        let n: usize = dims.iter().product();
        let gain = name.ends_with("weight") && (name.contains("norm") || name.contains("ln_"));
        let center = if gain && shape.family != Family::Gemma3 { 1.0 } else { 0.0 };
        // The output layer must be able to tell tokens apart.
        let spread = if ["embed", "head", "wte"].iter().any(|part| name.contains(part)) { 1.0 } else { 0.25 };
        let data: Vec<f32> = (0..n).map(|_| center + rng.random_range(-spread..spread)).collect();
        tensors.insert(name, Tensor::from_vec(data, dims, &Device::Cpu).map_err(std::io::Error::other)?);
    }
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).map_err(std::io::Error::other)
}

/// The tiny model of every family, with all that is particular to it.
pub(crate) fn families() -> Vec<(Family, Value)> {
    let changed = |more: Value| {
        let mut config = config();
        config.as_object_mut().into_iter().for_each(|c| c.extend(more.as_object().cloned().unwrap_or_default()));
        config
    };
    let of = |family: Family| {
        let more = match family {
            Family::Llama | Family::Qwen2 => json!({}),
            Family::Mistral => json!({ "sliding_window": 5, "tie_word_embeddings": false }),
            Family::Qwen3 => json!({ "head_dim": 12 }),
            // One layer with a window and one without.
            Family::Gemma3 => json!({
                "head_dim": 12, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 5, "query_pre_attn_scalar": 20,
                "rope_local_base_freq": 500.0, "sliding_window_pattern": 2
            }),
            Family::Glm4 => {
                json!({ "head_dim": 8, "partial_rotary_factor": 0.5, "attention_bias": true, "tie_word_embeddings": false })
            }
            Family::Gpt2 => json!({
                "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "n_inner": 48, "activation_function": "gelu_new"
            }),
        };
        let mut config = changed(more);
        if family == Family::Gpt2 {
            // Unknown to GPT-2, but PEFT believes it wherever it stands.
            config.as_object_mut().and_then(|fields| fields.remove("num_key_value_heads"));
        }
        config["architectures"] = json!([family.class_name()]);
        config["model_type"] = json!(family.model_type());
        (family, config)
    };
    Family::ALL.into_iter().map(of).collect()
}

/// Writes the tokenizer and the chat template of all tiny models.
pub(crate) fn write_tokenizer(folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join("tokenizer.json"), tokenizer().to_string())?;
    let template = json!({ "chat_template": TEMPLATE, "eos_token": "<|end|>" });
    std::fs::write(folder.join("tokenizer_config.json"), template.to_string())
}

/// One token per byte, in GPT-2's alphabet, after the special tokens.
fn tokenizer() -> Value {
    let mut vocabulary = Map::new();
    let added: Vec<Value> = SPECIAL.iter().enumerate().map(|(id, content)| {
        vocabulary.insert((*content).to_owned(), json!(id));
        json!({ "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true })
    }).collect();
    let printable = |b: u32| (33..=126).contains(&b) || (161..=172).contains(&b) || (174..=255).contains(&b);
    let mut shifted = 256;
    for byte in 0..256u32 {
        let code = if printable(byte) {
            byte
        } else {
            shifted += 1;
            shifted - 1
        };
        let id = vocabulary.len();
        vocabulary.insert(char::from_u32(code).map(String::from).unwrap_or_default(), json!(id));
    }
    let bytes = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": bytes, "post_processor": null, "decoder": bytes,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": []
        }
    })
}

/// The weights of all linear layers with an adapter folded in, by Hugging Face name.
pub(crate) fn merged(adapter: &dyn Adapter, decoder: &Decoder) -> HashMap<String, Tensor> {
    let transposes = decoder.config.family.stores_inputs_first();
    let stored = |weight: &Tensor| if transposes { weight.t()?.contiguous() } else { Ok(weight.clone()) };
    let folded = |p: &Projection| {
        let name = format!("{}.weight", p.path());
        let weight = adapter.merged(&name, &stored(&p.weight.dense().unwrap()).unwrap()).unwrap()?;
        Some((name, stored(&weight).unwrap()))
    };
    decoder.projections().filter_map(folded).collect()
}

/// Replaces one byte token of a tokenizer by the pair "ab" and the merge that makes it, for files
/// whose tokenizer must have a merge.
pub(crate) fn add_merge(path: &Path) {
    let mut json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vocabulary = json["model"]["vocab"].as_object_mut().unwrap();
    let (last, id) =
        vocabulary.iter().max_by_key(|(_, id)| id.as_u64()).map(|(t, id)| (t.clone(), id.clone())).unwrap();
    vocabulary.remove(&last);
    vocabulary.insert("ab".to_owned(), id);
    json["model"]["merges"] = json!([["a", "b"]]);
    std::fs::write(path, json.to_string()).unwrap();
}

/// Labelled samples: say whether a word begins with a vowel.
pub(crate) fn samples(count: usize) -> Vec<Sample> {
    const WORDS: [&str; 10] = ["apple", "stone", "iron", "wood", "ear", "nose", "oak", "fir", "under", "past"];
    (0..count)
        .map(|i| {
            let word = WORDS[i % WORDS.len()];
            let label = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "vowel" } else { "consonant" };
            let messages =
                vec![Message::new(Speaker::User, format!("{word}{i}?")), Message::new(Speaker::Assistant, label)];
            Sample {
                messages,
                label: Some(label.to_owned()),
                rejected: None,
                slices: std::collections::BTreeMap::new(),
                ..Sample::default()
            }
        })
        .collect()
}

/// Writes samples as JSON lines.
pub(crate) fn write_samples(path: &Path, samples: &[Sample]) -> std::io::Result<()> {
    let lines = samples.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    std::fs::write(path, lines.join("\n") + "\n")
}

/// Losses summed of padded samples, and of each alone.
pub(crate) fn together_and_apart(decoder: &Decoder, samples: &[Encoded]) -> (f32, f32) {
    let total = |samples: &[&Encoded]| -> f32 {
        let batch = Batch::new(samples, &Device::Cpu).unwrap();
        decoder.losses(&batch.ids, &batch.targets).unwrap().iter().sum()
    };
    (total(&samples.iter().collect::<Vec<_>>()), samples.iter().map(|e| total(&[e])).sum())
}
