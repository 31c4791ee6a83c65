//! Training on a base that stays quantized gives what training on its dequantized values gives.

use crate::support::{self, gguf};
use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use domain::recipe::{Lora, TargetModule};
use std::path::Path;
use trainer::adapt::{Adapter, LoraAdapter};
use trainer::data::batch::Batch;
use trainer::data::masking::Encoder;
use trainer::model::decoder::Decoder;
use trainer::model::error::ModelError;
use trainer::model::weights::{BaseModel, open};
use trainer::ops::Weight;

fn load(file: &Path, is_kept: bool) -> (BaseModel, Decoder) {
    let mut base = open(file, &Device::Cpu).unwrap();
    if is_kept {
        base.weights.keep_quantized().unwrap();
    }
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    let is_quantized = |m: &Weight| matches!(m, Weight::Quantized(_));
    assert!(decoder.projections().all(|p| is_quantized(&p.weight) == is_kept));
    (base, decoder)
}

/// The loss, its gradients, and the logits of a model with an adapter on it.
fn results(file: &Path, is_kept: bool, dora: bool) -> Vec<Vec<f32>> {
    let (base, mut decoder) = load(file, is_kept);
    let lora = Lora { rank: 4, dropout: 0.1, target_modules: TargetModule::ALL.to_vec(), dora, ..Lora::default() };
    let adapter = LoraAdapter::new(&decoder, &lora, 5).unwrap();
    for (i, (_, v)) in adapter.variables().iter().enumerate() {
        let values: Vec<f32> = (0..v.elem_count()).map(|j| ((i * 31 + j * 17) % 13) as f32 / 60.0 - 0.1).collect();
        v.set(&Tensor::from_vec(values, v.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    adapter.attach_to(&mut decoder);
    let encoder = Encoder {
        template: &base.template,
        tokenizer: &base.tokenizer,
        end_tokens: &base.config.eos_token_ids,
        max_length: 64,
        mask_prompt: true,
    };
    let encoded: Vec<_> = support::samples(3).iter().map(|s| encoder.encode(s).unwrap().unwrap()).collect();
    let batch = Batch::new(&encoded.iter().collect::<Vec<_>>(), &Device::Cpu).unwrap();
    let (loss, store) = decoder.loss_and_gradients(&batch.ids, &batch.targets, 9.0, 3).unwrap();
    let logits = decoder.logits(&decoder.forward(&batch.ids, None).unwrap()).unwrap();
    let gradients = adapter.variables().into_iter().map(|(name, v)| store.get(&v).expect(&name).clone());
    let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1().unwrap();
    [vec![loss]].into_iter().chain(gradients.chain([logits]).map(flat)).collect()
}

#[test]
fn a_quantized_base_gives_the_bits_of_its_dequantized_one() {
    let folder = tempfile::tempdir().unwrap();
    for (dtype, is_tied) in [
        (GgmlDType::Q4_0, true),
        (GgmlDType::Q4_1, false),
        (GgmlDType::Q5_0, true),
        (GgmlDType::Q8_0, false),
        (GgmlDType::Q4K, true),
        (GgmlDType::Q6K, false),
    ] {
        let file = gguf::write_wide(folder.path(), dtype, is_tied).unwrap();
        for dora in [false, true] {
            let (kept, dequantized) = (results(&file, true, dora), results(&file, false, dora));
            assert!(
                kept.iter().skip(1).all(|values| values.iter().any(|x| *x != 0.0)),
                "{dtype:?}: all have gradients"
            );
            assert_eq!(kept, dequantized, "{dtype:?}, DoRA {dora}");
        }
    }
}

#[test]
fn a_model_without_quantized_weights_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = gguf::write_wide(folder.path(), GgmlDType::F32, true).unwrap();
    for path in [folder.path().join("model"), file] {
        let refused = open(&path, &Device::Cpu).unwrap().weights.keep_quantized();
        assert!(matches!(refused, Err(ModelError::NotQuantized { .. })));
    }
}
