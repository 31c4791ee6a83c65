//! Answers of a model whose quantized matrices are multiplied in whole numbers, against exact ones.

use crate::support::gguf;
use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use domain::recipe::{Lora, TargetModule};
use domain::sample::{Message, Speaker};
use std::ops::ControlFlow;
use std::path::Path;
use trainer::adapt::{Adapter, LoraAdapter};
use trainer::infer::Chat;
use trainer::infer::batch::Prompted;
use trainer::infer::generate::{GenerateOptions, generate};
use trainer::model::decoder::Decoder;
use trainer::model::weights::{BaseModel, open};
use trainer::ops::Weight;

fn load(file: &Path, is_exact: bool) -> (BaseModel, Decoder) {
    let mut base = open(file, &Device::Cpu).unwrap();
    if !is_exact {
        base.weights.use_integers();
    }
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    assert!(decoder.projections().all(|p| matches!(p.weight, Weight::Integer(_)) != is_exact));
    (base, decoder)
}

/// ‖a − b‖ / ‖b‖
fn relative_error(a: &Tensor, b: &Tensor) -> f32 {
    let length = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
    length(&(a - b).unwrap()) / length(b)
}

#[test]
fn logits_and_losses_are_near_the_exact_ones_with_and_without_an_adapter() {
    let folder = tempfile::tempdir().unwrap();
    for (dtype, is_tied) in [
        (GgmlDType::Q4_0, true),
        (GgmlDType::Q4_1, false),
        (GgmlDType::Q5_1, true),
        (GgmlDType::Q8_0, false),
        (GgmlDType::Q4K, true),
        (GgmlDType::Q6K, false),
    ] {
        let file = gguf::write_wide(folder.path(), dtype, is_tied).unwrap();
        for is_adapted in [false, true] {
            let of = |is_exact| {
                let (_, mut decoder) = load(&file, is_exact);
                let lora = Lora { rank: 4, target_modules: TargetModule::ALL.to_vec(), ..Lora::default() };
                let adapter = LoraAdapter::new(&decoder, &lora, 5).unwrap();
                for (_, v) in adapter.variables() {
                    let values: Vec<f32> = (0..v.elem_count()).map(|i| (i * 17 % 13) as f32 / 60.0 - 0.1).collect();
                    v.set(&Tensor::from_vec(values, v.shape(), &Device::Cpu).unwrap()).unwrap();
                }
                if is_adapted {
                    adapter.attach_to(&mut decoder);
                }
                let ids: Vec<u32> = (0..80).map(|i| 3 + i * 29 % 200).collect();
                let hidden =
                    decoder.forward(&Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap(), None);
                let hidden = hidden.unwrap();
                let losses = Tensor::new(decoder.token_losses(&hidden, &ids).unwrap(), &Device::Cpu).unwrap();
                (decoder.logits(&hidden).unwrap(), losses)
            };
            let ((logits, losses), (exact, exact_losses)) = (of(false), of(true));
            let errors = [relative_error(&logits, &exact), relative_error(&losses, &exact_losses)];
            println!("{dtype:?}, adapted {is_adapted}: {errors:?}");
            assert!(errors[0] > 0.0, "inputs were rounded");
            assert!(errors.iter().all(|error| *error < 0.1), "{dtype:?}, adapted {is_adapted}: {errors:?}");
        }
    }
}

#[test]
fn answers_together_are_the_answers_alone() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in [GgmlDType::Q4_0, GgmlDType::Q8_0] {
        let (base, decoder) = load(&gguf::write_wide(folder.path(), dtype, true).unwrap(), false);
        let chat = Chat { decoder: &decoder, tokenizer: &base.tokenizer, template: &base.template };
        let texts = ["apple", "a much longer question than the others: what is it?", "stone and wood", "x", "?"];
        let messages: Vec<_> = texts.iter().map(|text| vec![Message::new(Speaker::User, *text)]).collect();
        let prompts: Vec<_> = messages.iter().map(|m| chat.prompt(m, 30).unwrap()).collect();
        let together = Prompted::read(chat, &prompts.iter().collect::<Vec<_>>(), 30).unwrap().answer(30).unwrap();
        let options = GenerateOptions { max_new_tokens: 30, ..GenerateOptions::default() };
        for (messages, together) in messages.iter().zip(together) {
            let mut streamed = String::new();
            let alone = generate(chat, messages, &options, |text| {
                streamed.push_str(text);
                ControlFlow::Continue(())
            });
            let alone = alone.unwrap();
            assert_eq!(alone.text, base.tokenizer.decode(&together), "{dtype:?}");
            assert!(alone.tokens > 3 && alone.text.starts_with(&streamed), "{streamed:?} of {:?}", alone.text);
        }
    }
}
