//! What must hold of every method: a fresh adapter changes nothing where it promises that, the base
//! never changes, gradients are slopes, padding and caching do not matter, a batch can be learnt by
//! heart, and files give the adapter back.

use crate::support::{self, dora, together_and_apart};
use candle_core::{Device, Tensor};
use domain::recipe::{Activation, Method, Placement, Recipe, VirtualTokenInit};
use serde_json::json;
use trainer::adapt::{self, Adapter};
use trainer::data::batch::Batch;
use trainer::data::masking::{Encoded, Encoder};
use trainer::infer::Chat;
use trainer::infer::batch::Prompted;
use trainer::model::decoder::Decoder;
use trainer::model::weights::{self, BaseModel};
use trainer::ops::linear_cross_entropy::Objective;
use trainer::optim::{Optimizer, clip};

const CPU: Device = Device::Cpu;
const IDS: [u32; 7] = [2, 70, 71, 3, 90, 91, 92];

struct Tiny {
    base: BaseModel,
    decoder: Decoder,
}

fn tiny(config: &serde_json::Value) -> Tiny {
    let folder = tempfile::tempdir().unwrap();
    support::write_model_of(folder.path(), config).unwrap();
    let mut base = weights::open(folder.path(), &CPU).unwrap();
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    Tiny { base, decoder }
}

fn llama() -> Tiny {
    tiny(&support::config())
}

/// The tiny model of each family.
fn families() -> Vec<Tiny> {
    support::families().iter().map(|(_, config)| tiny(config)).collect()
}

fn recipe(method: Method, change: fn(&mut Recipe)) -> Recipe {
    let mut recipe = Recipe { method, seed: 5, ..Recipe::default() };
    recipe.lora.rank = 3;
    recipe.lora.alpha = 6.0;
    recipe.prompt_tuning.virtual_tokens = 4;
    recipe.p_tuning.virtual_tokens = 4;
    recipe.prefix_tuning.virtual_tokens = 4;
    recipe.bottleneck.size = 6;
    change(&mut recipe);
    recipe.check().unwrap();
    recipe
}

/// Every method and variant under a name for messages.
fn recipes() -> Vec<(&'static str, Recipe)> {
    vec![
        ("LoRA", recipe(Method::Lora, |_| ())),
        ("rsLoRA", recipe(Method::Lora, |r| r.lora.rslora = true)),
        ("DoRA", recipe(Method::Lora, |r| r.lora.dora = true)),
        (
            "DoRA with rsLoRA and LoRA+",
            recipe(Method::Lora, |r| {
                (r.lora.dora, r.lora.rslora, r.lora.plus_ratio) = (true, true, 4.0);
            }),
        ),
        ("prompt tuning", recipe(Method::PromptTuning, |_| ())),
        ("prompt tuning from noise", recipe(Method::PromptTuning, |r| r.prompt_tuning.init = VirtualTokenInit::Random)),
        ("P-tuning", recipe(Method::PTuning, |r| r.p_tuning.hidden_size = 24)),
        ("prefix tuning", recipe(Method::PrefixTuning, |_| ())),
        (
            "projected prefix tuning",
            recipe(Method::PrefixTuning, |r| {
                (r.prefix_tuning.projection, r.prefix_tuning.hidden_size) = (true, 24);
            }),
        ),
        ("bottlenecks", recipe(Method::Bottleneck, |_| ())),
        (
            "bottlenecks behind one part",
            recipe(Method::Bottleneck, |r| {
                (r.bottleneck.placement, r.bottleneck.activation) = (Placement::Pfeiffer, Activation::Gelu);
            }),
        ),
    ]
}

fn fresh(tiny: &Tiny, recipe: &Recipe) -> Box<dyn Adapter> {
    adapt::new(recipe, &tiny.decoder, &tiny.base.tokenizer).unwrap()
}

/// An adapter none of whose values is what it began as.
fn moved(tiny: &Tiny, recipe: &Recipe) -> Box<dyn Adapter> {
    let adapter = fresh(tiny, recipe);
    for (i, (_, v)) in adapter.variables().iter().enumerate() {
        let noise: Vec<f32> = (0..v.elem_count()).map(|j| ((i * 31 + j * 17) % 13) as f32 / 40.0 - 0.15).collect();
        v.set(&(v.as_tensor() + Tensor::from_vec(noise, v.shape(), &CPU).unwrap()).unwrap().detach()).unwrap();
    }
    adapter
}

fn logits(decoder: &Decoder, ids: &[u32]) -> Vec<Vec<f32>> {
    let ids = Tensor::new(ids, &CPU).unwrap().unsqueeze(0).unwrap();
    let hidden = decoder.forward(&ids, None).unwrap();
    decoder.logits(&hidden).unwrap().to_vec2().unwrap()
}

fn largest_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().flatten().zip(b.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

fn encode(tiny: &Tiny, count: usize) -> Vec<Encoded> {
    let encoder = Encoder {
        template: &tiny.base.template,
        tokenizer: &tiny.base.tokenizer,
        end_tokens: &tiny.base.config.eos_token_ids,
        max_length: 64,
        mask_prompt: true,
    };
    support::samples(count).iter().map(|s| encoder.encode(s).unwrap().unwrap()).collect()
}

/// Samples so short that a window of a few tokens reaches from the targets to virtual tokens: what stands further
/// back than all windows together rightly has no gradient.
fn short() -> Vec<Encoded> {
    let of = |length: usize| Encoded {
        ids: IDS[..length].to_vec(),
        carries_loss: (0..length).map(|place| place > 0).collect(),
        weight: 1.0,
        line: 0,
    };
    vec![of(7), of(4), of(6)]
}

fn values(adapter: &dyn Adapter) -> Vec<(String, Vec<f32>)> {
    adapter.variables().iter().map(|(n, v)| (n.clone(), v.flatten_all().unwrap().to_vec1().unwrap())).collect()
}

#[test]
fn fresh_adapters_that_promise_it_give_the_base_exactly() {
    for (name, recipe) in recipes() {
        if recipe.virtual_tokens() > 0 {
            continue;
        }
        for mut tiny in families() {
            let before = logits(&tiny.decoder, &IDS);
            fresh(&tiny, &recipe).attach_to(&mut tiny.decoder);
            assert_eq!(before, logits(&tiny.decoder, &IDS), "{name}");
        }
    }
}

#[test]
fn fresh_virtual_tokens_act_as_the_text_they_begin_as() {
    for method in [Method::PromptTuning, Method::PrefixTuning] {
        let recipe = recipe(method, |r| {
            (r.prompt_tuning.init, r.prompt_tuning.init_text) = (VirtualTokenInit::Text, "abcd".to_owned());
            (r.prefix_tuning.init, r.prefix_tuning.init_text) = (VirtualTokenInit::Text, "abcd".to_owned());
        });
        for mut tiny in families() {
            let mut text = tiny.base.tokenizer.encode("abcd").unwrap();
            assert_eq!(text.len(), 4);
            text.extend(IDS);
            let want = logits(&tiny.decoder, &text)[4..].to_vec();
            fresh(&tiny, &recipe).attach_to(&mut tiny.decoder);
            assert!(largest_difference(&want, &logits(&tiny.decoder, &IDS)) < 1e-4, "{method:?}");
        }
    }
}

#[test]
fn moved_adapters_act_and_come_off_again() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            let before = logits(&tiny.decoder, &IDS);
            let adapter = moved(&tiny, &recipe);
            adapter.attach_to(&mut tiny.decoder);
            assert!(largest_difference(&before, &logits(&tiny.decoder, &IDS)) > 1e-2, "{name}");
            adapter.detach_from(&mut tiny.decoder).unwrap();
            assert_eq!(before, logits(&tiny.decoder, &IDS), "{name}");
        }
    }
}

#[test]
fn padding_does_not_leak() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            moved(&tiny, &recipe).attach_to(&mut tiny.decoder);
            let (together, apart) = together_and_apart(&tiny.decoder, &encode(&tiny, 4));
            assert!((together - apart).abs() < 1e-3, "{name}: {together} {apart}");
        }
    }
}

/// What a run computes, whether it keeps or recomputes what blocks computed. With every method, operations that are
/// on the tape and those of candle alternate in other ways.
#[test]
fn the_tape_and_recomputed_blocks_give_the_gradients_of_candles_graph() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            let adapter = moved(&tiny, &recipe);
            adapter.attach_to(&mut tiny.decoder);
            // Noise on embeddings is for texts alone, so all ways draw the same.
            tiny.decoder.neftune_alpha = 5.0;
            let encoded = short();
            let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
            let (ids, targets, objective) = (&batch.ids, &batch.targets, Objective::plain(&batch.targets.tokens, 7.0));
            let values = |store: &candle_core::backprop::GradStore| -> Vec<Vec<f32>> {
                let flat = |v: &candle_core::Var| store.get(v).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                adapter.variables().iter().map(|(_, v)| flat(v)).collect()
            };
            let loss = tiny.decoder.objective(ids, targets, &objective, 3).unwrap().0;
            let (want, loss) = (values(&loss.backward().unwrap()), loss.to_scalar::<f32>().unwrap());
            let largest = want.iter().flatten().fold(0f32, |m, x| m.max(x.abs()));
            assert!(largest > 0.0, "{name}");
            for (recomputes, tolerance) in [(false, 1e-5), (true, 1e-4)] {
                let (again, _, store) =
                    tiny.decoder.objective_and_gradients(ids, targets, &objective, 3, recomputes).unwrap();
                assert_eq!(loss, again, "{name}");
                let difference = largest_difference(&values(&store), &want);
                assert!(
                    difference <= tolerance * largest,
                    "{name}, recomputed {recomputes}: {difference} of {largest}"
                );
            }
        }
    }
}

#[test]
fn a_cache_changes_nothing() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            moved(&tiny, &recipe).attach_to(&mut tiny.decoder);
            let (a, b) = ([2u32, 70, 71, 3, 90, 91, 92, 93], [2u32, 80, 3, 60, 61, 62]);
            let whole = [logits(&tiny.decoder, &a), logits(&tiny.decoder, &b)];
            // Prompts of 5 and 3 tokens, the shorter one padded; then three more tokens each.
            let mut cache = tiny.decoder.new_cache(2, 12).unwrap();
            let prompt = Tensor::new(vec![a[..5].to_vec(), [&b[..3], &[9, 9]].concat()], &CPU).unwrap();
            tiny.decoder.forward(&prompt, Some(&mut cache)).unwrap();
            cache.truncate(&[5, 3]);
            // Places are exchanged: a copy must be as good as the original.
            cache = cache.select(&[1, 0], 12).unwrap();
            assert_eq!((cache.lengths(), cache.capacity()), (vec![3, 5], 12));
            for step in 0..3 {
                let ids = Tensor::new(&[[b[3 + step]], [a[5 + step]]], &CPU).unwrap();
                let hidden = tiny.decoder.forward(&ids, Some(&mut cache)).unwrap();
                let rows: Vec<Vec<f32>> = tiny.decoder.logits(&hidden).unwrap().to_vec2().unwrap();
                let want = [whole[1][3 + step].clone(), whole[0][5 + step].clone()];
                assert!(largest_difference(&rows, &want) < 2e-4, "{name}");
            }
        }
    }
}

#[test]
fn answers_are_scored_as_they_are_trained() {
    for (name, recipe) in recipes() {
        let mut tiny = llama();
        moved(&tiny, &recipe).attach_to(&mut tiny.decoder);
        assert_eq!(tiny.decoder.context_length(), 256 - recipe.virtual_tokens() as usize, "{name}");
        let chat = Chat { decoder: &tiny.decoder, tokenizer: &tiny.base.tokenizer, template: &tiny.base.template };
        let samples = support::samples(3);
        let prompts: Vec<_> = samples.iter().map(|s| chat.prompt(s.prompt(), 16).unwrap()).collect();
        let answers: Vec<Vec<u32>> = samples
            .iter()
            .zip(&prompts)
            .map(|(s, p)| chat.answer_ids(s.prompt(), p, s.answer().unwrap()).unwrap())
            .collect();
        let mut read = Prompted::read(chat, &prompts.iter().collect::<Vec<_>>(), 16).unwrap();
        let scored = read.likelihoods(&answers.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        for (encoded, scored) in encode(&tiny, 3).iter().zip(scored) {
            let batch = Batch::new(&[encoded], &CPU).unwrap();
            let trained: f32 = tiny.decoder.losses(&batch.ids, &batch.targets).unwrap().iter().sum();
            assert_eq!(scored.tokens, encoded.targets(), "{name}");
            assert!((scored.negative_log - f64::from(trained)).abs() < 1e-3, "{name}: {scored:?} {trained}");
        }
        assert_eq!(read.answer(5).unwrap().len(), 3, "{name}");
    }
}

#[test]
fn gradients_are_slopes() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            let adapter = moved(&tiny, &recipe);
            adapter.attach_to(&mut tiny.decoder);
            let encoded = short();
            let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
            let loss = |decoder: &Decoder| decoder.training_loss(&batch.ids, &batch.targets, 1.0, 0).unwrap();
            let gradients = loss(&tiny.decoder).backward().unwrap();
            let factors = dora::factors(&tiny.decoder);
            for (variable, v) in adapter.variables() {
                let g: Vec<f32> = gradients.get(&v).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                let base: Vec<f32> = v.flatten_all().unwrap().to_vec1().unwrap();
                // Along the gradient itself the slope is its norm.
                let norm = g.iter().map(|x| x * x).sum::<f32>().sqrt();
                assert!(norm > 0.0, "{name} {variable}");
                let at = |h: f32| -> f64 {
                    let moved: Vec<f32> = base.iter().zip(&g).map(|(x, g)| x + h * g / norm).collect();
                    v.set(&Tensor::from_vec(moved, v.shape(), &CPU).unwrap()).unwrap();
                    if !variable.ends_with("lora_magnitude_vector") {
                        dora::hold(&tiny.decoder, &factors);
                    }
                    f64::from(loss(&tiny.decoder).to_scalar::<f32>().unwrap())
                };
                let slope = ((at(5e-3) - at(-5e-3)) / 1e-2) as f32;
                at(0.0);
                assert!(
                    (slope - norm).abs() < 0.03 * norm.max(0.05),
                    "{name} {variable}: slope {slope}, gradient {norm}"
                );
            }
        }
    }
}

#[test]
fn one_batch_is_learnt_by_heart_and_the_base_stays() {
    for (name, mut recipe) in recipes() {
        recipe.prompt_tuning.virtual_tokens = 32;
        (recipe.p_tuning.virtual_tokens, recipe.p_tuning.hidden_size) = (32, 128);
        recipe.prefix_tuning.virtual_tokens = 16;
        // Embeddings cannot say to random weights all that other methods can: one sample instead of
        // four, and the loss must fall to an eighth. Through a network they get there more slowly.
        let is_prompt = matches!(recipe.method, Method::PromptTuning | Method::PTuning);
        let (samples, goal) = if is_prompt { (1, 1.2) } else { (4, 0.4) };
        let steps = if recipe.method == Method::PTuning { 800 } else { 400 };
        let rate = match recipe.method {
            Method::PromptTuning => 1e-1,
            Method::PrefixTuning if !recipe.prefix_tuning.projection => 1e-1,
            _ => 1e-2,
        };
        let mut tiny = llama();
        let weights = |d: &Decoder| -> Vec<Vec<f32>> {
            d.projections().map(|p| p.weight.dense().unwrap().flatten_all().unwrap().to_vec1().unwrap()).collect()
        };
        let (before, base) = (weights(&tiny.decoder), logits(&tiny.decoder, &IDS));
        let adapter = fresh(&tiny, &recipe);
        adapter.attach_to(&mut tiny.decoder);
        let mut optimizer = Optimizer::new(&recipe.optimizer, adapter.parameters()).unwrap();
        let encoded = encode(&tiny, samples);
        let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
        let mut losses = Vec::new();
        for step in 0..steps {
            let count = batch.targets.rows.len() as f64;
            let loss = tiny.decoder.training_loss(&batch.ids, &batch.targets, count, step).unwrap();
            let store = loss.backward().unwrap();
            let gradients: Vec<Tensor> =
                adapter.variables().iter().map(|(_, v)| store.get(v).unwrap().clone()).collect();
            let factor = clip::factor(clip::global_norm(&gradients).unwrap(), recipe.optimizer.clip_norm);
            optimizer.step(&gradients, factor, rate * (1.0 - step as f64 / steps as f64)).unwrap();
            losses.push(loss.to_scalar::<f32>().unwrap());
        }
        let (first, last) = (losses[0], *losses.last().unwrap());
        println!("{name}: {first} → {last}");
        assert!(first > 8.0 * goal && last < goal, "{name}: {first} → {last}");
        adapter.detach_from(&mut tiny.decoder).unwrap();
        assert_eq!(before, weights(&tiny.decoder), "{name}: frozen weights are the same bits");
        assert_eq!(base, logits(&tiny.decoder, &IDS), "{name}");
    }
}

#[test]
fn adapters_survive_their_files() {
    for (name, recipe) in recipes() {
        let mut tiny = llama();
        let adapter = moved(&tiny, &recipe);
        let folder = tempfile::tempdir().unwrap();
        adapter.save(folder.path(), "tiny").unwrap();
        // To go on training: the variables themselves.
        let again = fresh(&tiny, &Recipe { seed: 99, ..recipe.clone() });
        again.restore(folder.path()).unwrap();
        assert_eq!(values(adapter.as_ref()), values(again.as_ref()), "{name}");
        // To be used: the same function.
        let read = adapt::load(folder.path(), &tiny.decoder).unwrap();
        adapter.attach_to(&mut tiny.decoder);
        let want = logits(&tiny.decoder, &IDS);
        adapter.detach_from(&mut tiny.decoder).unwrap();
        read.attach_to(&mut tiny.decoder);
        assert_eq!(want, logits(&tiny.decoder, &IDS), "{name}");
        // A model of another shape refuses it.
        let other = tiny_of_one_layer_and_half_the_width();
        assert!(adapt::load(folder.path(), &other.decoder).is_err(), "{name}");
    }
}

fn tiny_of_one_layer_and_half_the_width() -> Tiny {
    let mut config = support::config();
    (config["num_hidden_layers"], config["hidden_size"]) = (json!(1), json!(16));
    tiny(&config)
}

#[test]
fn an_adapter_of_other_settings_is_refused_in_words() {
    let tiny = llama();
    for (name, recipe) in recipes() {
        let folder = tempfile::tempdir().unwrap();
        fresh(&tiny, &recipe).save(folder.path(), "tiny").unwrap();
        let mut other = recipe.clone();
        other.lora.alpha += 1.0;
        other.bottleneck.size += 1;
        other.prompt_tuning.virtual_tokens += 1;
        other.p_tuning.virtual_tokens += 1;
        other.prefix_tuning.virtual_tokens += 1;
        let refusal = fresh(&tiny, &other).restore(folder.path()).unwrap_err().to_string();
        assert!(refusal.starts_with("cannot go on training the adapter in"), "{name}: {refusal}");
        let method = if recipe.method == Method::Lora { Method::Bottleneck } else { Method::Lora };
        let refusal = fresh(&tiny, &Recipe { method, ..recipe }).restore(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("it is of type"), "{name}: {refusal}");
    }
}

#[test]
fn dropout_and_learning_rates_do_not_matter_to_going_on() {
    let tiny = llama();
    let folder = tempfile::tempdir().unwrap();
    fresh(&tiny, &recipe(Method::Lora, |_| ())).save(folder.path(), "tiny").unwrap();
    let other = recipe(Method::Lora, |r| (r.lora.dropout, r.lora.plus_ratio) = (0.3, 16.0));
    fresh(&tiny, &other).restore(folder.path()).unwrap();
}

#[test]
fn a_finished_p_tuning_prompt_goes_on_as_prompt_tuning() {
    let tiny = llama();
    let folder = tempfile::tempdir().unwrap();
    let p_tuning = recipe(Method::PTuning, |_| ());
    moved(&tiny, &p_tuning).save(folder.path(), "tiny").unwrap();
    std::fs::remove_file(folder.path().join("encoder.safetensors")).unwrap();
    let refusal = fresh(&tiny, &p_tuning).restore(folder.path()).unwrap_err().to_string();
    assert!(refusal.contains("train it on as prompt_tuning"), "{refusal}");
    fresh(&tiny, &recipe(Method::PromptTuning, |_| ())).restore(folder.path()).unwrap();
}

#[test]
fn merged_weights_equal_the_adapter_where_there_are_any() {
    for (name, recipe) in recipes() {
        for mut tiny in families() {
            let adapter = moved(&tiny, &recipe);
            let merged = support::merged(adapter.as_ref(), &tiny.decoder);
            assert_eq!(merged.is_empty(), !recipe.method.can_merge(), "{name}");
            if merged.is_empty() {
                continue;
            }
            adapter.attach_to(&mut tiny.decoder);
            let adapted = logits(&tiny.decoder, &IDS);
            adapter.detach_from(&mut tiny.decoder).unwrap();
            tiny.decoder.replace_weights(|name| merged.get(name).cloned());
            assert!(largest_difference(&adapted, &logits(&tiny.decoder, &IDS)) < 2e-4, "{name}");
        }
    }
}

#[test]
fn lora_plus_moves_b_further() {
    let tiny = llama();
    let adapter = fresh(&tiny, &recipe(Method::Lora, |r| r.lora.plus_ratio = 16.0));
    for p in adapter.parameters() {
        assert_eq!(p.learning_rate_factor, if p.name.contains("lora_B") { 16.0 } else { 1.0 }, "{}", p.name);
    }
    // At its first step Adam moves every element by the learning rate.
    let mut optimizer = Optimizer::new(&Recipe::default().optimizer, adapter.parameters()).unwrap();
    let before = values(adapter.as_ref());
    let ones: Vec<Tensor> = adapter.variables().iter().map(|(_, v)| v.ones_like().unwrap()).collect();
    optimizer.step(&ones, 1.0, 1e-3).unwrap();
    for ((name, was), (_, is)) in before.iter().zip(values(adapter.as_ref())) {
        let step = if name.contains("lora_B") { 1.6e-2 } else { 1e-3 };
        assert!((was[0] - is[0] - step).abs() < 1e-5, "{name}: {} → {}", was[0], is[0]);
    }
}

#[test]
fn the_estimate_counts_what_is_trained() {
    let mut all = recipes();
    all.push(("P-tuning of the model's width", recipe(Method::PTuning, |_| ())));
    for (name, recipe) in all {
        let tiny = llama();
        let counted = fresh(&tiny, &recipe).parameter_count();
        assert_eq!(domain::estimate::trainable_parameters(&recipe, &tiny.base.card), counted, "{name}");
    }
}
