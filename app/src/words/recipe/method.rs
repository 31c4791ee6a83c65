//! Words for what is trained: the methods and the settings that each of them has to itself.

use super::Words;

/// [`domain::recipe::Method`].
pub(super) const METHODS: [(&str, Words); 6] = [
    ("lora", lora),
    ("full", full),
    ("prompt_tuning", prompt_tuning),
    ("p_tuning", p_tuning),
    ("prefix_tuning", prefix_tuning),
    ("bottleneck", bottleneck),
];

/// [`domain::recipe::VirtualTokenInit`].
pub(super) const FIRST: [(&str, Words); 3] = [("vocabulary", vocabulary), ("text", text), ("random", random)];

/// [`domain::recipe::Placement`].
pub(super) const PLACEMENTS: [(&str, Words); 2] = [("houlsby", houlsby), ("pfeiffer", pfeiffer)];

/// [`domain::recipe::Activation`].
pub(super) const ACTIVATIONS: [(&str, Words); 3] = [("relu", relu), ("gelu", gelu), ("silu", silu)];

crate::texts! {
    group = "The method's settings", "方法设置";

    method = "Method", "方法";
    method_help = "What is trained. LoRA suits most runs; virtual tokens train the least, full fine-tuning everything.",
        "训练什么。LoRA 适合大多数运行；虚拟词元训练的参数最少，全参数微调训练全部权重。";
    lora = "LoRA", "LoRA";
    full = "Full fine-tuning", "全参数微调";
    prompt_tuning = "Prompt tuning", "提示微调（Prompt Tuning）";
    p_tuning = "P-tuning", "P-tuning";
    prefix_tuning = "Prefix tuning", "前缀微调（Prefix Tuning）";
    bottleneck = "Bottleneck adapters", "瓶颈适配器（Adapter）";

    rslora = "rsLoRA", "rsLoRA";
    rslora_help = "LoRA: scale by alpha / √rank instead, so that a high rank still learns.", "LoRA：改用 alpha / √秩 缩放，使高秩仍能学习。";
    dora = "DoRA", "DoRA";
    dora_help = "LoRA: train length and direction of each weight row apart; better at low ranks, about a fifth slower.",
        "LoRA：分别训练权重各行的长度与方向；低秩时效果更好，约慢五分之一。";
    plus_ratio = "LoRA+ ratio", "LoRA+ 比率";
    plus_ratio_help = "LoRA: B learns so many times as fast as A, 1–256; 1 is plain LoRA, 16 is usual.",
        "LoRA：B 的学习率是 A 的多少倍，1–256；1 即普通 LoRA，通常取 16。";

    quantized_base = "Keep the base quantized (QLoRA)", "基座保持量化（QLoRA）";
    quantized_base_help = "LoRA on a quantized GGUF file: the base takes as much memory as its file, a little slower.",
        "在量化 GGUF 文件上的 LoRA：基座只占与文件相同的内存，速度略慢。";

    frozen_blocks = "Frozen blocks", "冻结的层数";
    frozen_blocks_help = "Full fine-tuning: so many blocks from the input on stay as they are, 0–1024; 0 trains all. Fewer trained weights need less memory.",
        "全参数微调：从输入起保持不变的层数，0–1024；0 表示全部训练。训练的权重越少，所需内存越少。";
    train_embeddings = "Train the embeddings", "训练词嵌入";
    train_embeddings_help = "Full fine-tuning: train the embeddings and the output layer too.", "全参数微调：同时训练词嵌入和输出层。";

    prompt_tokens_help = "Prompt tuning: trained embeddings before every text, 1–1024; they take room from the context.",
        "提示微调：每条文本之前的可训练嵌入数，1–1024；占用上下文长度。";
    p_tokens_help = "P-tuning: embeddings before every text, made by a trained network, 1–1024; they take room from the context.",
        "P-tuning：每条文本之前由可训练网络生成的嵌入数，1–1024；占用上下文长度。";
    prefix_tokens_help = "Prefix tuning: trained keys and values before every text, 1–1024; they take room from the context.",
        "前缀微调：每条文本之前的可训练键值数，1–1024；占用上下文长度。";
    virtual_tokens = "Virtual tokens", "虚拟词元数";
    init = "Begin as", "初始为";
    prompt_init_help = "Prompt tuning: what the virtual tokens are before training.", "提示微调：训练之前虚拟词元的内容。";
    prefix_init_help = "Prefix tuning: what the virtual tokens are before training; not used with the projection.",
        "前缀微调：训练之前虚拟词元的内容；使用投影时不起作用。";
    vocabulary = "Tokens of the vocabulary", "词表中的词元";
    text = "A text", "一段文本";
    random = "Noise", "随机噪声";
    init_text = "First text", "初始文本";
    prompt_text_help = "Prompt tuning, beginning as a text: at most 10000 characters, repeated or cut to the number of virtual tokens.",
        "提示微调且初始为文本时使用：最多 10000 个字符，按虚拟词元数重复或截断。";
    prefix_text_help = "Prefix tuning, beginning as a text: at most 10000 characters, repeated or cut to the number of virtual tokens.",
        "前缀微调且初始为文本时使用：最多 10000 个字符，按虚拟词元数重复或截断。";

    encoder = "Prompt encoder width", "提示编码器宽度";
    encoder_help = "P-tuning: hidden layers of the network that makes the virtual tokens, up to 16384; 0: as wide as the model.",
        "P-tuning：生成虚拟词元的网络的隐藏层宽度，最大 16384；0 表示与模型同宽。";
    projection = "Prefix projection", "前缀投影";
    projection_help = "Prefix tuning: make keys and values by a trained network; steadier at high rates, many more parameters while training.",
        "前缀微调：由可训练网络生成键值；学习率高时更稳定，但训练时参数多得多。";
    projection_width = "Projection width", "投影宽度";
    projection_width_help = "Prefix tuning: hidden layer of the projection, up to 16384; 0: as wide as the model.",
        "前缀微调：投影网络的隐藏层宽度，最大 16384；0 表示与模型同宽。";

    size = "Bottleneck size", "瓶颈维度";
    size_help = "Bottleneck adapters: inner dimension, 1–4096. Larger learns more and costs more.", "瓶颈适配器：内部维度，1–4096。越大学得越多，开销也越大。";
    placement = "Placement", "位置";
    placement_help = "Bottleneck adapters: behind which parts of a block.", "瓶颈适配器：放在每个模块的哪些部分之后。";
    houlsby = "Attention and feed-forward (Houlsby)", "注意力与前馈（Houlsby）";
    pfeiffer = "Feed-forward alone (Pfeiffer)", "仅前馈（Pfeiffer）";
    activation = "Activation", "激活函数";
    activation_help = "Bottleneck adapters: the nonlinearity in between.", "瓶颈适配器：中间的非线性函数。";
    relu = "ReLU", "ReLU";
    gelu = "GELU", "GELU";
    silu = "SiLU", "SiLU";
}
