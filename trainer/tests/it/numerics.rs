//! What must hold of the numbers: a fresh adapter changes nothing, the base never changes,
//! gradients are slopes, padding and caching do not matter, and a batch can be learnt by heart.

use crate::support::{self, together_and_apart};
use candle_core::{DType, Device, Tensor};
use domain::recipe::Lora;
use trainer::adapt::{Adapter, LoraAdapter};
use trainer::data::batch::Batch;
use trainer::data::masking::{Encoded, Encoder};
use trainer::model::cache::KvCache;
use trainer::model::decoder::Decoder;
use trainer::model::family::Family;
use trainer::model::weights::{self, BaseModel};
use trainer::ops::linear_cross_entropy::Objective;
use trainer::optim::{Optimizer, Parameter};

const CPU: Device = Device::Cpu;

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

/// The tiny model of each family.
fn families() -> Vec<Tiny> {
    support::families().iter().map(|(_, config)| tiny(config)).collect()
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

/// An adapter with B moved away from zero, so that it does something.
fn moved_adapter(tiny: &Tiny) -> LoraAdapter {
    let lora = Lora { rank: 3, alpha: 6.0, ..Lora::default() };
    let adapter = LoraAdapter::new(&tiny.decoder, &lora, 5).unwrap();
    for (i, (name, v)) in adapter.variables().iter().enumerate() {
        if name.contains("lora_B") {
            let n = v.elem_count();
            let data: Vec<f32> = (0..n).map(|j| ((i * 31 + j * 17) % 13) as f32 / 40.0 - 0.15).collect();
            v.set(&Tensor::from_vec(data, v.shape(), &CPU).unwrap()).unwrap();
        }
    }
    adapter
}

fn logits(decoder: &Decoder, ids: &[u32]) -> Vec<f32> {
    let ids = Tensor::new(ids, &CPU).unwrap().unsqueeze(0).unwrap();
    let hidden = decoder.forward(&ids, None).unwrap();
    decoder.logits(&hidden).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn masking_gives_loss_to_the_answer_and_its_end_only() {
    let tiny = tiny(&support::config());
    let encoded = &encode(&tiny, 1)[0];
    let learnt: Vec<u32> =
        encoded.ids.iter().zip(&encoded.carries_loss).filter(|(_, c)| **c).map(|(id, _)| *id).collect();
    let mut want = tiny.base.tokenizer.encode("vowel").unwrap();
    want.push(0);
    assert_eq!(learnt, want);
}

#[test]
fn a_fresh_adapter_gives_the_base_exactly() {
    for mut tiny in families() {
        let before = logits(&tiny.decoder, &[2, 70, 71, 3, 90]);
        LoraAdapter::new(&tiny.decoder, &Lora::default(), 1).unwrap().attach_to(&mut tiny.decoder);
        assert_eq!(before, logits(&tiny.decoder, &[2, 70, 71, 3, 90]));
    }
}

#[test]
fn merged_weights_equal_the_adapter() {
    for mut tiny in families() {
        let adapter = moved_adapter(&tiny);
        let merged = support::merged(&adapter, &tiny.decoder);
        let base = logits(&tiny.decoder, &[2, 70, 71, 3, 90]);
        adapter.attach_to(&mut tiny.decoder);
        let adapted = logits(&tiny.decoder, &[2, 70, 71, 3, 90]);
        tiny.decoder.detach();
        assert_eq!(base, logits(&tiny.decoder, &[2, 70, 71, 3, 90]), "a detached adapter leaves the base");
        tiny.decoder.replace_weights(|name| merged.get(name).cloned());
        assert!(largest_difference(&adapted, &base) > 1e-2);
        assert!(largest_difference(&adapted, &logits(&tiny.decoder, &[2, 70, 71, 3, 90])) < 1e-4);
    }
}

#[test]
fn recomputing_blocks_gives_the_same_bits() {
    for mut tiny in families() {
        let adapter = moved_adapter(&tiny);
        adapter.attach_to(&mut tiny.decoder);
        tiny.decoder.neftune_alpha = 5.0;
        let encoded = encode(&tiny, 3);
        let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
        let objective = Objective::plain(&batch.targets.tokens, 7.0);
        let of = |recomputes: bool| {
            let (loss, losses, store) =
                tiny.decoder.objective_and_gradients(&batch.ids, &batch.targets, &objective, 3, recomputes).unwrap();
            let flat = |v: &candle_core::Var| store.get(v).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            (loss, losses, adapter.variables().iter().map(|(_, v)| flat(v)).collect::<Vec<_>>())
        };
        assert_eq!(of(false), of(true));
    }
}

/// Loss and gradients of a batch are those of its samples alone, added up.
#[test]
fn a_batch_equals_its_samples_alone() {
    for mut tiny in families() {
        let adapter = moved_adapter(&tiny);
        adapter.attach_to(&mut tiny.decoder);
        let mut encoded = encode(&tiny, 3);
        encoded[1].ids.truncate(9);
        encoded[1].carries_loss = (0..9).map(|i| i > 3).collect();
        let of = |samples: &[&Encoded]| -> (f32, Vec<f32>) {
            let batch = Batch::new(samples, &CPU).unwrap();
            let loss = tiny.decoder.training_loss(&batch.ids, &batch.targets, 1.0, 0).unwrap();
            let store = loss.backward().unwrap();
            let flat = |v: &candle_core::Var| store.get(v).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            (loss.to_scalar().unwrap(), adapter.variables().iter().flat_map(|(_, v)| flat(v)).collect())
        };
        let (loss, gradients) = of(&encoded.iter().collect::<Vec<_>>());
        let alone: Vec<_> = encoded.iter().map(|e| of(&[e])).collect();
        let sum: Vec<f32> = (0..gradients.len()).map(|i| alone.iter().map(|(_, g)| g[i]).sum()).collect();
        assert!((loss - alone.iter().map(|(l, _)| l).sum::<f32>()).abs() < 1e-3);
        let largest = sum.iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(largest_difference(&gradients, &sum) < 1e-4 * largest, "{}", largest_difference(&gradients, &sum));
    }
}

#[test]
fn padding_does_not_leak() {
    for mut tiny in families() {
        moved_adapter(&tiny).attach_to(&mut tiny.decoder);
        let (together, apart) = together_and_apart(&tiny.decoder, &encode(&tiny, 4));
        assert!((together - apart).abs() < 1e-3, "{together} {apart}");
    }
}

#[test]
fn a_cache_changes_nothing() {
    for tiny in families() {
        let (a, b) = ([2u32, 70, 71, 3, 90, 91, 92, 93], [2u32, 80, 3, 60, 61, 62]);
        let whole = [logits(&tiny.decoder, &a), logits(&tiny.decoder, &b)];
        // Prompts of 5 and 3 tokens, the shorter one padded; then three more tokens each.
        let mut cache = KvCache::new(&tiny.base.config, 2, 16, DType::F32, &CPU).unwrap();
        let prompt = Tensor::new(vec![a[..5].to_vec(), [&b[..3], &[9, 9]].concat()], &CPU).unwrap();
        tiny.decoder.forward(&prompt, Some(&mut cache)).unwrap();
        cache.truncate(&[5, 3]);
        for step in 0..3 {
            let ids = Tensor::new(&[[a[5 + step]], [b[3 + step]]], &CPU).unwrap();
            let hidden = tiny.decoder.forward(&ids, Some(&mut cache)).unwrap();
            let rows: Vec<Vec<f32>> = tiny.decoder.logits(&hidden).unwrap().to_vec2().unwrap();
            for (i, at) in [5 + step, 3 + step].into_iter().enumerate() {
                assert!(largest_difference(&rows[i], &whole[i][at * 260..(at + 1) * 260]) < 1e-4);
            }
        }
    }
}

#[test]
fn gradients_are_slopes() {
    for mut tiny in families() {
        let adapter = moved_adapter(&tiny);
        adapter.attach_to(&mut tiny.decoder);
        let encoded = encode(&tiny, 3);
        let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
        let loss = |decoder: &Decoder| decoder.training_loss(&batch.ids, &batch.targets, 1.0, 0).unwrap();
        let gradients = loss(&tiny.decoder).backward().unwrap();
        for (name, v) in adapter.variables() {
            let g: Vec<f32> = gradients.get(&v).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let base: Vec<f32> = v.flatten_all().unwrap().to_vec1().unwrap();
            // Along the gradient itself the slope is its norm.
            let norm = g.iter().map(|x| x * x).sum::<f32>().sqrt();
            let at = |h: f32| -> f64 {
                let moved: Vec<f32> = base.iter().zip(&g).map(|(x, g)| x + h * g / norm).collect();
                v.set(&Tensor::from_vec(moved, v.shape(), &CPU).unwrap()).unwrap();
                f64::from(loss(&tiny.decoder).to_scalar::<f32>().unwrap())
            };
            let slope = ((at(1e-2) - at(-1e-2)) / 2e-2) as f32;
            at(0.0);
            assert!((slope - norm).abs() < 0.03 * norm.max(0.05), "{name}: slope {slope}, gradient {norm}");
        }
    }
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn batch(tiny: &Tiny, count: usize) -> Batch {
    Batch::new(&encode(tiny, count).iter().collect::<Vec<_>>(), &CPU).unwrap()
}

#[test]
fn the_tape_gives_the_gradients_of_candles_graph() {
    for mut tiny in families() {
        let batch = batch(&tiny, 3);
        let adapter = moved_adapter(&tiny);
        for is_full in [false, true] {
            adapter.attach_to(&mut tiny.decoder);
            let mut variables = adapter.variables();
            if is_full {
                tiny.decoder.detach();
                variables = tiny.decoder.train_weights(|_| true).unwrap();
            }
            let loss = tiny.decoder.training_loss(&batch.ids, &batch.targets, 7.0, 1).unwrap();
            let want = loss.backward().unwrap();
            let (value, got) = tiny.decoder.loss_and_gradients(&batch.ids, &batch.targets, 7.0, 1).unwrap();
            assert_eq!(value, loss.to_scalar::<f32>().unwrap());
            for (name, v) in &variables {
                let (got, want) = (flat(got.get(v).expect(name)), flat(want.get(v).expect(name)));
                let size = want.iter().fold(0f32, |m, x| m.max(x.abs()));
                assert!(largest_difference(&got, &want) <= 1e-5 * size, "{name}");
            }
        }
    }
}

#[test]
fn full_fine_tuning_trains_every_weight_along_its_slope() {
    for mut tiny in families() {
        let batch = batch(&tiny, 3);
        let variables = tiny.decoder.train_weights(|_| true).unwrap();
        let mut names: Vec<_> = variables.iter().map(|(name, _)| name.clone()).collect();
        let mut wanted: Vec<_> = tiny.base.config.tensor_shapes().into_iter().map(|(name, _)| name).collect();
        names.sort();
        wanted.sort();
        assert_eq!(names, wanted);
        let loss = |decoder: &Decoder| decoder.loss_and_gradients(&batch.ids, &batch.targets, 1.0, 0).unwrap();
        let gradients = loss(&tiny.decoder).1;
        for (name, v) in &variables {
            let (g, base) = (flat(gradients.get(v).expect(name)), flat(v));
            let norm = g.iter().map(|x| x * x).sum::<f32>().sqrt();
            let at = |h: f32| -> f64 {
                let moved: Vec<f32> = base.iter().zip(&g).map(|(x, g)| x + h * g / norm).collect();
                v.set(&Tensor::from_vec(moved, v.shape(), &CPU).unwrap()).unwrap();
                f64::from(loss(&tiny.decoder).0)
            };
            let slope = ((at(3e-3) - at(-3e-3)) / 6e-3) as f32;
            at(0.0);
            assert!((slope - norm).abs() < 0.03 * norm.max(0.1), "{name}: slope {slope}, gradient {norm}");
        }
    }
}

#[test]
fn full_fine_tuning_learns_one_batch_by_heart() {
    for mut tiny in families() {
        let batch = batch(&tiny, 4);
        let variables = tiny.decoder.train_weights(|_| true).unwrap();
        let plain = |(name, variable)| Parameter { name, variable, learning_rate_factor: 1.0 };
        let mut optimizer = Optimizer::new(&Default::default(), variables.into_iter().map(plain).collect()).unwrap();
        let mut losses = Vec::new();
        for step in 0..60 {
            let count = batch.targets.rows.len() as f64;
            let (loss, store) = tiny.decoder.loss_and_gradients(&batch.ids, &batch.targets, count, step).unwrap();
            let gradients: Vec<Tensor> =
                optimizer.parameters().iter().map(|p| store.get(&p.variable).expect(&p.name).clone()).collect();
            optimizer.step(&gradients, 1.0, 3e-3).unwrap();
            losses.push(loss);
        }
        assert!(losses[0] > 3.0 && losses[59] < 0.05, "{} → {}", losses[0], losses[59]);
        let frozen = tiny.decoder.weight_gradients(&batch.ids, &batch.targets, 1.0).unwrap();
        assert_eq!(frozen.len(), tiny.base.config.tensor_shapes().len());
        assert!(tiny.decoder.training_loss(&batch.ids, &batch.targets, 1.0, 0).unwrap().backward().is_ok());
    }
}

#[test]
fn one_batch_is_learnt_by_heart_and_the_base_stays() {
    for mut tiny in families() {
        let before = frozen_weights(&tiny.decoder);
        let losses = learn_by_heart(&mut tiny);
        let family = tiny.base.config.family;
        assert!(losses[0] > 3.0 && losses[149] < 0.05, "{family:?}: {} → {}", losses[0], losses[149]);
        assert_eq!(before, frozen_weights(&tiny.decoder), "frozen weights are the same bits");
    }
}

fn frozen_weights(decoder: &Decoder) -> Vec<Vec<f32>> {
    decoder.projections().map(|p| flat(&p.weight.dense().unwrap())).collect()
}

/// The losses of 150 steps on one batch.
fn learn_by_heart(tiny: &mut Tiny) -> Vec<f32> {
    let adapter = LoraAdapter::new(&tiny.decoder, &Lora::default(), 3).unwrap();
    adapter.attach_to(&mut tiny.decoder);
    let mut optimizer = Optimizer::new(&Default::default(), adapter.parameters()).unwrap();
    let encoded = encode(tiny, 4);
    let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &CPU).unwrap();
    let step = |step: u64| {
        let loss =
            tiny.decoder.training_loss(&batch.ids, &batch.targets, batch.targets.rows.len() as f64, step).unwrap();
        let store = loss.backward().unwrap();
        let gradients: Vec<Tensor> = adapter.variables().iter().map(|(_, v)| store.get(v).unwrap().clone()).collect();
        optimizer.step(&gradients, 1.0, 2e-2).unwrap();
        loss.to_scalar::<f32>().unwrap()
    };
    (0..150).map(step).collect()
}

#[test]
fn an_adapter_survives_its_files() {
    for tiny in families() {
        let adapter = moved_adapter(&tiny);
        let folder = tempfile::tempdir().unwrap();
        adapter.save(folder.path(), "tiny").unwrap();
        let read = LoraAdapter::load(folder.path(), &tiny.decoder).unwrap();
        assert_eq!(read.settings, adapter.settings);
        for ((n, a), (m, b)) in adapter.variables().iter().zip(read.variables()) {
            assert_eq!(
                (n, a.flatten_all().unwrap().to_vec1::<f32>().unwrap()),
                (&m, b.flatten_all().unwrap().to_vec1().unwrap())
            );
        }
        let first = match tiny.base.config.family {
            Family::Gpt2 => "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight",
            _ => "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        };
        assert_eq!(adapter.variables()[0].0, first);
    }
}
