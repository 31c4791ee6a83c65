//! Files quantized here load in llama.cpp and answer as they do here. Needs a Python with llama-cpp-python, which
//! LATHE_LLAMA_PYTHON names, and a GGUF model of the Llama family, which LATHE_SAMPLE_MODEL names; says so and passes where one
//! of them is missing (`scripts/bench-venv.sh llama` and `scripts/sample-model.sh` make them).

use candle_core::{D, Device, Tensor};
use domain::sample::{Message, Speaker};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use trainer::convert::convert_to_gguf;
use trainer::infer::Chat;
use trainer::model::decoder::Decoder;
use trainer::model::gguf_write::GgufType;
use trainer::model::weights::open;

const TOKENS: usize = 40;
const PROMPTS: [&str; 5] = [
    "What is the capital of France?",
    "Write a short poem about the sea.",
    "Explain why the sky is blue.",
    "List three fruits.",
    "Translate to German: good morning.",
];

/// For each list of tokens its greedy continuation and the logits behind the list.
const SCRIPT: &str = r#"
import json, sys
import llama_cpp
model = llama_cpp.Llama(sys.argv[1], n_ctx=512, n_threads=2, verbose=False, logits_all=False)
answers, logits = [], []
for ids in json.load(open(sys.argv[2])):
    model.reset()
    model.eval(ids)
    answer = []
    for step in range(int(sys.argv[4])):
        row = llama_cpp.llama_get_logits(model.ctx)[:model.n_vocab()]
        if step == 0:
            logits.append(list(row))
        answer.append(max(range(len(row)), key=row.__getitem__))
        model.eval(answer[-1:])
    answers.append(answer)
json.dump({"answers": answers, "logits": logits}, open(sys.argv[3], "w"))
"#;

#[derive(serde::Deserialize)]
struct Theirs {
    answers: Vec<Vec<u32>>,
    logits: Vec<Vec<f32>>,
}

fn ask(python: &str, file: &Path, prompts: &[Vec<u32>], folder: &Path) -> Theirs {
    let (input, output) = (folder.join("ids.json"), folder.join("answers.json"));
    std::fs::write(&input, json!(prompts).to_string()).unwrap();
    let mut command = Command::new(python);
    let run = command.args(["-c", SCRIPT]).arg(file).args([&input, &output]).arg(TOKENS.to_string()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap()
}

/// The likeliest token behind the prompt and behind each token of an answer but the last, and the logits behind the prompt.
fn likeliest(decoder: &Decoder, prompt: &[u32], answer: &[u32]) -> (Vec<u32>, Vec<f32>) {
    let text = [prompt, &answer[..answer.len() - 1]].concat();
    let hidden = decoder.forward(&Tensor::new(text.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap(), None);
    let logits = decoder.logits(&hidden.unwrap().narrow(0, prompt.len() - 1, answer.len()).unwrap()).unwrap();
    (logits.argmax(D::Minus1).unwrap().to_vec1().unwrap(), logits.get(0).unwrap().to_vec1().unwrap())
}

/// ‖a − b‖ / ‖b‖
fn relative_error(a: &[f32], b: &[f32]) -> f32 {
    let square = |x: f32| x * x;
    let (difference, length): (f32, f32) =
        (a.iter().zip(b).map(|(a, b)| square(a - b)).sum(), b.iter().map(|b| square(*b)).sum());
    (difference / length).sqrt()
}

fn alike(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

#[test]
fn quantized_files_answer_alike_in_llama_cpp_in_whole_numbers_and_exactly() {
    let (Ok(python), Ok(model)) = (std::env::var("LATHE_LLAMA_PYTHON"), std::env::var("LATHE_SAMPLE_MODEL")) else {
        eprintln!("skipped: LATHE_LLAMA_PYTHON or LATHE_SAMPLE_MODEL is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for dtype in [GgufType::Q8_0, GgufType::Q4_0] {
        let file = folder.path().join(format!("{dtype:?}.gguf"));
        convert_to_gguf(Path::new(&model), &file, dtype).unwrap();
        let load = |is_exact: bool| {
            let mut base = open(&file, &Device::Cpu).unwrap();
            if !is_exact {
                base.weights.use_integers();
            }
            (Decoder::new(base.config.clone(), &mut base.weights).unwrap(), base)
        };
        let ((integer, base), (exact, _)) = (load(false), load(true));
        let chat = Chat { decoder: &integer, tokenizer: &base.tokenizer, template: &base.template };
        let prompt = |text: &&str| chat.prompt(&[Message::new(Speaker::User, *text)], TOKENS).unwrap().ids;
        let prompts: Vec<Vec<u32>> = PROMPTS.iter().map(prompt).collect();
        let theirs = ask(&python, &file, &prompts, folder.path());
        let (mut with_them, mut with_exact) = (0, 0);
        for ((prompt, answer), their_logits) in prompts.iter().zip(&theirs.answers).zip(&theirs.logits) {
            let (ours, logits) = likeliest(&integer, prompt, answer);
            let (exact, exact_logits) = likeliest(&exact, prompt, answer);
            let [to_them, to_exact, theirs_to_exact] =
                [(&logits, their_logits), (&logits, &exact_logits), (their_logits, &exact_logits)]
                    .map(|(a, b)| relative_error(a, b));
            let same = [alike(&ours, answer), alike(&ours, &exact)];
            println!(
                "{dtype:?}: {same:?} of {TOKENS} alike; errors {to_them} {to_exact}, of llama.cpp {theirs_to_exact}"
            );
            assert!(to_them < 0.12 && theirs_to_exact < 0.12, "{dtype:?}: the same model");
            assert!(to_exact < 2.0 * theirs_to_exact.max(0.02), "{dtype:?}: no less exact than llama.cpp by much");
            with_them += same[0];
            with_exact += same[1];
        }
        // Where two tokens are almost as likely, a rounding decides.
        let most = PROMPTS.len() * TOKENS * 85 / 100;
        assert!(with_them >= most && with_exact >= most, "{dtype:?}: {with_them} and {with_exact} tokens alike");
    }
}
