// What a person does in Lathe, one function per action, found by role and label as a screen reader would.
// Works in both languages: names are given in both.
import assert from 'node:assert/strict';
import { open, until } from './harness.mjs';

/** Matches exactly the English or the Chinese text. */
export const either = (...names) => new RegExp(`^\\s*(${names.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})\\s*$`);

export const person = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'a sentence is a good password' };

export const field = (page, ...names) => page.getByLabel(either(...names));
export const button = (scope, ...names) => scope.getByRole('button', { name: either(...names) });
export const link = (scope, ...names) => scope.getByRole('link', { name: either(...names) });

/** Opens the set-up or an invitation link and makes an account. */
export const createAccount = async (page, address, { name, email, password } = person) => {
    await page.goto(address);
    await field(page, 'Your name', '您的姓名').fill(name);
    await field(page, 'E-mail address', '电子邮箱').fill(email);
    await field(page, 'Password', '密码').fill(password);
    await button(page, 'Create account', '创建账户').click();
    await page.waitForURL((url) => !url.pathname.startsWith('/invite/'));
};

export const signIn = async (page, { email, password } = person) => {
    await page.goto('/sign-in');
    await field(page, 'E-mail address', '电子邮箱').fill(email);
    await field(page, 'Password', '密码').fill(password);
    await button(page, 'Sign in', '登录').click();
    await page.waitForURL((url) => url.pathname !== '/sign-in');
};

export const signOut = async (page) => {
    await page.goto('/account');
    await button(page, 'Sign out', '退出登录').click();
    await page.waitForURL('**/sign-in*');
};

/** Chooses the language in the top bar's menu. */
export const chooseLanguage = async (page, lang) => {
    await page.locator('header details > summary').click();
    await button(page, lang === 'zh' ? '简体中文' : 'English').click();
    await page.locator(`html[lang=${lang === 'zh' ? 'zh-CN' : 'en'}]`).waitFor({ state: 'attached' });
};

/** Chooses `light` or `dark` in the top bar's menu. */
export const chooseTheme = async (page, theme) => {
    await page.locator('header details > summary').click();
    await button(page, ...(theme === 'dark' ? ['Dark', '深色'] : ['Light', '浅色'])).click();
    await page.locator(`html[data-theme=${theme}]`).waitFor({ state: 'attached' });
};

/** Makes an invitation link on a project's settings page. */
export const invite = async (page, project, role) => {
    await page.goto(`${project}/settings`);
    await page.locator('#invite-role').selectOption(role);
    await button(page, 'Create invitation link', '生成邀请链接').click();
    return (await page.locator('#new-link').textContent()).trim();
};

/** Makes the sample project and waits until its model and data are there; returns the project's path. */
export const createSampleProject = async (page) => {
    await page.goto('/');
    const more = page.getByText(either('New project', '新建项目'));
    if (await more.isVisible()) await more.click();
    await button(page, 'Create a sample project', '创建示例项目').click();
    await page.waitForURL('**/p/*');
    return new URL(page.url()).pathname;
};

/** Waits until the sample project of this path has its model and data. */
export const sampleProjectReady = (page, project) =>
    until('model and dataset are there', 10 * 60_000, async () => {
        const [job] = (await api(page, 'GET', `projects/${project.split('/')[2]}/jobs`)).items;
        assert.ok(!['failed', 'cancelled'].includes(job.status), JSON.stringify(job));
        return job.status === 'succeeded';
    }, 500);

/** An answer of the REST API, as the person signed in on `page`. */
export const api = async (page, method, path, body = undefined) => {
    const headers = { origin: new URL(page.url()).origin };
    const response = await page.request.fetch(path.startsWith('/') ? path : `/api/v1/${path}`, { method, headers, data: body });
    const text = await response.text();
    if (!response.ok()) throw new Error(`${method} ${path}: ${response.status()} ${text}`);
    return text && /json/.test(response.headers()['content-type'] ?? '') ? JSON.parse(text) : text;
};

/** Fills the launch form's fields by their names (`schedule.max_steps`, …), opening folds on the way. */
export const fillRecipe = async (page, values) => {
    for (const [field, value] of Object.entries(values)) {
        const control = page.locator(`[name="values[${field}]"]`);
        await control.evaluate((e) => {
            const fold = e.closest('details');
            if (fold) fold.open = true;
        });
        await control.fill(String(value));
    }
};

/** Launches what the form holds and returns the run's path. */
export const launch = async (page) => {
    await button(page, 'Launch run', '启动运行').click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
    return new URL(page.url()).pathname;
};

/** Waits until the run of this page has ended and shows its page again; returns its status. */
export const ended = async (page, limitMs) => {
    const address = new URL(page.url()).pathname;
    const [, , project, , run] = address.split('/');
    const status = await until('the run ends', limitMs, async () => {
        const { state } = await api(page, 'GET', `projects/${project}/runs/${run}`);
        return ['succeeded', 'failed', 'cancelled'].includes(state.status) && state.status;
    }, 500);
    await open(page, address);
    const word = status[0].toUpperCase() + status.slice(1);
    await page.getByText(word).first().waitFor();
    return word;
};
