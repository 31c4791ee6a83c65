//! Why a model is refused, in every language.

use domain::{lang::Lang, model::ModelProblem};

crate::texts! {
    unreadable(file, detail) = "The file {file} cannot be read (“{detail}”).", "无法读取文件 {file}（“{detail}”）。";
    not_a_model = "This is not a model. Give a folder with config.json, tokenizer.json and safetensors files, or one GGUF file.", "这不是模型。请提供包含 config.json、tokenizer.json 和 safetensors 文件的文件夹，或一个 GGUF 文件。";
    missing_file(file) = "The model has no {file}. Copy it from the model's repository.", "模型缺少 {file}。请从模型仓库复制该文件。";
    pickle = "The model holds weights as Python pickles only, which can run code when read. Use its safetensors files instead.", "模型权重仅以 Python pickle 形式提供，读取时可能执行代码。请改用 safetensors 文件。";
    damaged(file, detail) = "The file {file} is damaged (“{detail}”). Fetch it again and compare its checksum.", "文件 {file} 已损坏（“{detail}”）。请重新获取并核对校验和。";
    architecture(name) = "The architecture “{name}” is not supported. Use a text model of the Llama, Mistral, Qwen2, Qwen3, Gemma 3, GLM-4 (glm4) or GPT-2 family.", "不支持架构“{name}”。请使用 Llama、Mistral、Qwen2、Qwen3、Gemma 3、GLM-4（glm4）或 GPT-2 系列的文本模型。";
    not_quantized(file) = "{file} holds no quantized weights that could stay as they are. Use a GGUF file of the type Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K, or switch “keep the base quantized” off.", "{file} 中没有可保持原样的量化权重。请使用 Q4_0、Q4_1、Q5_0、Q5_1、Q8_0、Q4_K、Q5_K 或 Q6_K 类型的 GGUF 文件，或关闭“基座保持量化”。";
    feature(file, detail) = "The model in {file} uses a feature that is not supported (“{detail}”).", "{file} 中的模型使用了不支持的特性（“{detail}”）。";
    tensor_type(file, tensor, dtype, detail) = "The tensor {tensor} in {file} has the type {dtype}, which is not supported (“{detail}”).", "{file} 中的张量 {tensor} 的类型 {dtype} 不受支持（“{detail}”）。";
    missing_tensor(file, tensor) = "The file {file} lacks the tensor {tensor}. The download may be incomplete.", "文件 {file} 缺少张量 {tensor}。下载可能不完整。";
    tensor_shape(file, tensor, found, expected) = "The tensor {tensor} in {file} has the shape {found} where the configuration asks for {expected}. Configuration and weights are of different models.", "{file} 中的张量 {tensor} 形状为 {found}，而配置要求 {expected}。配置与权重属于不同的模型。";
    configuration(file, field, detail) = "The configuration in {file} cannot be used: “{field} {detail}”.", "无法使用 {file} 中的配置：“{field} {detail}”。";
    tokenizer(file, detail) = "The tokenizer in {file} cannot be used (“{detail}”).", "无法使用 {file} 中的分词器（“{detail}”）。";
    template(file, detail) = "The chat template in {file} cannot be used (“{detail}”).", "无法使用 {file} 中的对话模板（“{detail}”）。";
    too_much_memory(mib) = "The model's tokenizer or chat template needs more than {mib} MiB of memory. The files are damaged, or made to do harm.", "该模型的分词器或对话模板所需内存超过 {mib} MiB。文件已损坏，或含有恶意内容。";
    too_much(mib, seconds) = "The model's tokenizer or chat template needs more than {mib} MiB of memory or {seconds} s to be read. The files are damaged, or made to do harm.", "读取该模型的分词器或对话模板所需内存超过 {mib} MiB 或时间超过 {seconds} 秒。文件已损坏，或含有恶意内容。";
    device(file, detail) = "The weights of {file} do not fit onto the device (“{detail}”).", "{file} 的权重无法放入设备（“{detail}”）。";
}

/// What is wrong with a model.
#[must_use]
pub(super) fn model_problem(l: Lang, problem: &ModelProblem) -> String {
    use ModelProblem as P;
    match problem {
        P::Unreadable { file, detail } => unreadable(l, file, detail),
        P::NotAModel => not_a_model(l).to_owned(),
        P::MissingFile { file } => missing_file(l, file),
        P::Pickle => pickle(l).to_owned(),
        P::Damaged { file, detail } => damaged(l, file, detail),
        P::Architecture { architecture: name } => architecture(l, name),
        P::NotQuantized { file } => not_quantized(l, file),
        P::Feature { file, detail } => feature(l, file, detail),
        P::TensorType { file, tensor, dtype, detail } => tensor_type(l, file, tensor, dtype, detail),
        P::MissingTensor { file, tensor } => missing_tensor(l, file, tensor),
        P::TensorShape { file, tensor, expected, found } => {
            tensor_shape(l, file, tensor, shape(found), shape(expected))
        }
        P::Configuration { file, field, detail } => configuration(l, file, field, detail),
        P::Tokenizer { file, detail } => tokenizer(l, file, detail),
        P::Template { file, detail } => template(l, file, detail),
        P::TooMuch { mib, seconds: Some(seconds) } => too_much(l, mib, seconds),
        P::TooMuch { mib, seconds: None } => too_much_memory(l, mib),
        P::Device { file, detail } => device(l, file, detail),
    }
}

/// `2 × 3`.
fn shape(sides: &[usize]) -> String {
    sides.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}
