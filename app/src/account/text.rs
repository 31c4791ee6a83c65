//! Texts of signing in, invitations and the account page.

use domain::{access::TokenScope, lang::Lang};

crate::texts! {
    sign_in_title = "Sign in", "登录";
    email = "E-mail address", "电子邮箱";
    password = "Password", "密码";
    sign_in = "Sign in", "登录";
    sign_out = "Sign out", "退出登录";
    wrong = "E-mail address or password is wrong.", "电子邮箱或密码不正确。";
    no_account = "No account yet? Ask the owner of a project for an invitation link. The first person uses the set-up link that the server printed when it started.",
        "还没有账户？请向项目所有者索取邀请链接。首位用户请使用服务器启动时打印的设置链接。";

    setup_title = "Set up Lathe", "设置 Lathe";
    setup_lead = "You are the first one here. This account becomes the administrator of this installation.",
        "您是第一位用户。此账户将成为本系统的管理员。";
    invitation_title = "Invitation", "邀请";
    invited_to(project, role) = "You are invited to the project “{project}” as {role}.", "您受邀以“{role}”身份加入项目“{project}”。";
    invalid_title = "This link is not valid any more", "此链接已失效";
    invalid_hint = "It was used or withdrawn, or it has expired. Ask for a new one.", "链接已被使用、撤回或已过期，请索取新的邀请链接。";
    create_account = "Create account", "创建账户";
    join = "Join", "加入";
    join_as(name) = "You are signed in as {name}.", "您已登录为 {name}。";
    already = "You already have an account? Give its password here; the name is not needed.", "已有账户？在此输入其密码即可，无需填写姓名。";
    has_account = "This address has an account already. Give its password to join.", "该邮箱已有账户，请输入密码以加入。";
    other_address(email) = "This invitation is for {email}. Sign out first.", "此邀请仅限 {email}，请先退出登录。";
    setup_signed_in = "Sign out before you use the set-up link.", "请先退出登录，再使用设置链接。";
    name = "Your name", "您的姓名";
    name_help = "Others in your projects see it.", "项目中的其他成员会看到此姓名。";
    password_help = "At least 12 characters. A sentence is good.", "至少 12 个字符，可以使用一句话。";

    account_title = "Account", "账户";
    account_of(email) = "Signed in as {email}", "已登录：{email}";
    administrator = "Administrator", "管理员";
    save = "Save", "保存";
    saved = "Saved.", "已保存。";
    password_title = "Change password", "修改密码";
    current_password = "Current password", "当前密码";
    new_password = "New password", "新密码";
    change_password = "Change password", "修改密码";
    password_changed = "The password is changed. All other browsers are signed out.", "密码已修改，其他浏览器已全部退出登录。";
    others_end = "All other browsers will be signed out.", "其他浏览器将全部退出登录。";
    wrong_current = "This is not your current password.", "当前密码不正确。";

    sessions_title = "Signed-in browsers", "已登录的浏览器";
    browser = "Browser", "浏览器";
    this_browser = "This browser", "当前浏览器";
    unknown_browser = "Unknown browser", "未知浏览器";
    since = "Since", "登录时间";
    last_used = "Last used", "最近使用";
    never = "never", "从未使用";

    tokens_title = "API tokens", "API 令牌";
    tokens_lead = "For scripts that use the REST API. Keep a token like a password.", "供脚本调用 REST API 使用。请像保管密码一样保管令牌。";
    api_docs = "REST API reference", "REST API 文档";
    no_tokens = "No tokens yet.", "暂无令牌。";
    token_name = "What it is for", "用途";
    token_name_example = "Nightly import", "夜间导入";
    scope = "May", "权限";
    scope_read = "read only", "只读";
    scope_write = "read and change", "读写";
    token_project = "Project", "项目";
    every_project = "All my projects", "我的全部项目";
    life = "Valid for", "有效期";
    days(n) = "{n} days", "{n} 天";
    expires = "Expires", "到期时间";
    create_token = "Create token", "创建令牌";
    new_token_title = "Your new token", "您的新令牌";
    new_token_hint = "Copy it now. It is not shown again.", "请立即复制，之后不再显示。";
    revoke = "Revoke", "吊销";
    revoke_token_question(name) = "Scripts that use the token “{name}” stop working at once.", "使用令牌“{name}”的脚本将立即失效。";
    revoke_session_question = "This browser will be signed out.", "该浏览器将退出登录。";
    actions = "Actions", "操作";
    token_days_problem = "Choose 1 to 366 days.", "请选择 1 至 366 天。";
    token_project_problem = "You are not a member of this project.", "您不是该项目的成员。";
    email_taken = "There is an account with this address, and this is not its password.", "该邮箱已有账户，且密码不正确。";
}

/// What a token may do.
pub(super) fn scope_name(lang: Lang, scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => scope_read(lang),
        TokenScope::Write => scope_write(lang),
    }
}
