//! Texts of the project list, frame and settings.

crate::texts! {
    projects = "Projects", "项目";
    projects_lead = "A project holds a team's models, datasets and runs.", "项目汇集团队的模型、数据集和训练运行。";
    new_project = "New project", "新建项目";
    create = "Create project", "创建项目";
    name = "Name", "名称";
    name_example = "Support intents", "客服意图识别";
    description = "Description", "描述";
    description_help = "What the model shall learn, and for whom. Optional.", "模型要学会什么、为谁服务。可不填。";
    description_problem = "At most 2000 characters.", "最多 2000 个字符。";
    empty_title = "Create your first project", "创建您的第一个项目";
    empty_hint = "Then register a base model, upload data and launch a run. Or begin with a sample project that has all of it.",
        "然后注册基座模型、上传数据并启动训练运行；也可以从示例项目开始，其中一应俱全。";

    navigation = "Project", "项目导航";
    menu = "Menu", "菜单";
    group_data = "Data", "数据";
    group_training = "Training", "训练";
    group_evaluation = "Evaluation", "评估";
    group_project = "Project", "项目";
    overview = "Overview", "概览";
    models = "Models", "模型";
    datasets = "Datasets", "数据集";
    annotation = "Annotation", "标注";
    runs = "Runs", "训练运行";
    run_table = "Run table", "运行总表";
    sweeps = "Sweeps", "超参搜索";
    tracked_runs = "Tracked runs", "外部追踪";
    compare = "Compare", "对比";
    suites = "Evaluation suites", "评测套件";
    judges = "Judges", "评审";
    bad_cases = "Bad cases", "Bad Case";
    reports = "Reports", "报告";
    settings = "Settings", "设置";

    settings_lead_owner = "Name, members and invitations of this project.", "此项目的名称、成员与邀请。";
    settings_lead = "Members of this project. Its owners can change them.", "此项目的成员。所有者可进行修改。";
    save = "Save", "保存";
    saved = "Saved.", "已保存。";

    members = "Members", "成员";
    member = "Member", "成员";
    role = "Role", "角色";
    since = "Since", "加入时间";
    you = "you", "您";
    actions = "Actions", "操作";
    change_role = "Change", "更改";
    role_of(name) = "Role of {name}", "{name} 的角色";
    remove = "Remove", "移除";
    remove_question(name) = "{name} will not see this project any more.", "{name} 将无法再查看此项目。";
    leave = "Leave", "退出";
    leave_question = "You will not see this project any more. Only an owner can invite you again.", "您将无法再查看此项目，只有所有者可以重新邀请您。";
    roles_title = "What each role may do", "各角色的权限";
    owner_may = "everything, members and settings included", "全部操作，包括成员与设置";
    scientist_may = "register models, upload data, launch runs, work on bad cases", "注册模型、上传数据、启动训练运行、处理 Bad Case";
    annotator_may = "judge items of annotation tasks, work on bad cases: cause, correction, status", "标注任务中的条目；处理 Bad Case：原因、更正、状态";
    manager_may = "read everything, approve reports", "查看全部内容、审批报告";

    invitations = "Invitations", "邀请";
    invitations_lead = "An invitation is a link that you pass on. It is good for seven days and for one person.",
        "邀请是一个由您转发的链接，七天内有效，仅供一人使用。";
    email = "E-mail address", "电子邮箱";
    email_help = "Only this address can accept then. Leave it empty to let the person choose.", "填写后仅该邮箱可接受邀请；留空则由对方自选。";
    invite = "Create invitation link", "生成邀请链接";
    new_link_title = "The invitation link", "邀请链接";
    new_link_hint = "Copy it now and send it. It is not shown again.", "请立即复制并发送，之后不再显示。";
    no_invitations = "No open invitations.", "暂无未接受的邀请。";
    invited = "Invited", "受邀者";
    anybody = "whoever holds the link", "持有链接者";
    expires = "Expires", "到期时间";
    withdraw = "Withdraw", "撤回";

    archive_title = "Archive this project", "归档此项目";
    archive_hint = "Nobody sees an archived project, its data stays in the database.", "归档后所有人都看不到该项目，数据仍保留在数据库中。";
    archive = "Archive", "归档";
    archive_question(name) = "“{name}” disappears for all members.", "“{name}”将对所有成员不可见。";
}
