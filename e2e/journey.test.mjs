// The whole loop in a real browser, in both languages: set-up link → sample model and data → run → evaluation →
// comparison → bad case → next dataset version → next run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { Server, hydrated, open, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, chooseLanguage, createAccount, createSampleProject, either, ended, fillRecipe, launch, link, person, sampleProjectReady, signIn, signOut } from './steps.mjs';

let server, browser, page;

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const runLimitMs = 15 * 60_000;
const told = story('journey', () => ({ server, pages: page ? [page] : [] }));
const step = (title, work) => told(title, work, 20 * 60_000);

/** Nothing on the page sticks out sideways, folds open or not. */
const fits = async (page) => {
    const before = page.viewportSize();
    for (const width of [1280, 768, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForTimeout(150); // charts redraw after a resize
        assert.equal(await overflow(page), 0, `${page.url()} at ${width} px`);
        await page.evaluate(() => document.querySelectorAll('details.fold').forEach((fold) => (fold.open = true)));
        assert.equal(await overflow(page), 0, `${page.url()} at ${width} px, folds open`);
    }
    await page.setViewportSize(before);
};

step('the set-up link makes the first account', async () => {
    await createAccount(page, await server.setupLink());
    await page.getByRole('heading', { level: 1, name: either('Projects', '项目') }).waitFor();
    await screenshots(page, 'projects-empty');
});

step('the set-up link works once', async () => {
    const stranger = await openPage(browser, server);
    await stranger.goto(await server.setupLink());
    await stranger.getByText('This link is not valid any more').waitFor();
    await stranger.context().close();
});

step('a wrong password is refused, the right one lets in, in Chinese too', async () => {
    await signOut(page);
    await page.getByLabel('E-mail address').fill(person.email);
    await page.getByLabel('Password').fill('not the password');
    await hydrated(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await chooseLanguage(page, 'zh');
    await screenshots(page, 'sign-in');
    await signIn(page);
    await link(page, person.name).waitFor();
    await chooseLanguage(page, 'en');
});

step('the account page fits every width', async () => {
    await page.goto('/account');
    await fits(page);
    await screenshots(page, 'account');
});

// The smallest run that still learns: a few steps on short samples, a few dozen test samples.
const small = {
    'schedule.max_steps': 16,
    'optimizer.learning_rate': 0.001,
    'batch.micro_batch': 4,
    'batch.accumulation': 1,
    'batch.max_length': 128,
    'evaluation.every_steps': 8,
    'evaluation.validation_samples': 8,
    'evaluation.previews': 1,
    'evaluation.test_samples': 60,
};
let project, firstRun, secondRun;

step('the sample project brings a real model and a real dataset', async () => {
    project = await createSampleProject(page);
    await sampleProjectReady(page, project);
    await open(page, project);
    await page.getByText('made dataset version').first().waitFor();
    await screenshots(page, 'overview-new');
    await page.goto(`${project}/models`);
    await link(page, 'SmolLM2-135M-Instruct').click();
    await page.getByText('134.5M').waitFor();
    await page.getByText('im_start').first().waitFor();
    await screenshots(page, 'model');
});

step('a file in another encoding with a broken line becomes a version, the bad line is reported', async () => {
    await page.goto(`${project}/datasets/new`);
    await hydrated(page);
    const good = Array.from({ length: 40 }, (_, i) => JSON.stringify({ 文本: `第 ${i} 次使用，${i % 2 ? '很满意' : '太差了'}`, 标签: i % 2 ? '正面' : '负面' }));
    const lines = [...good.slice(0, 20), '{"文本": 缺引号', ...good.slice(20)].join('\n');
    await page.locator('input[type=file]').first().setInputFiles({ name: '评论.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(`\ufeff${lines}`, 'utf16le') });
    await page.waitForURL(/upload=/);
    await page.getByRole('heading', { level: 1, name: /评论\.jsonl/ }).waitFor();
    await page.getByText('1 of the first 41 rows').waitFor();
    await screenshots(page, 'import');
    await page.getByLabel(/Skip them/).check();
    await page.getByRole('button', { name: /Import/ }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}/, { timeout: 60_000 });
    await page.getByText('正面').first().waitFor();
    await screenshots(page, 'version');
});

step('a run is launched from the form, which predicts its cost and checks its fields', async () => {
    await page.goto(`${project}/runs/new`);
    await hydrated(page);
    await page.locator('[name=version]').selectOption({ label: await page.locator('[name=version] option', { hasText: 'Movie reviews v1' }).first().textContent() });
    await fillRecipe(page, { ...small, 'lora.rank': 0 });
    await page.getByText(/between 1 and 512/).waitFor();
    await fillRecipe(page, { 'lora.rank': 8 });
    const field = (path) => page.locator(`[name="values[${path}]"]`);
    await field('method').selectOption('p_tuning');
    await field('p_tuning.virtual_tokens').waitFor();
    assert.deepEqual([await field('lora.rank').isVisible(), await field('bottleneck.size').isVisible()], [false, false]);
    assert.equal(await field('optimizer.learning_rate').getAttribute('placeholder'), '0.001');
    await page.getByText('method = "p_tuning"').waitFor({ state: 'attached' });
    await field('method').selectOption('lora');
    await fits(page);
    await screenshots(page, 'launch', { langs: ['en'] });
    await hydrated(page);
    await page.locator('[name=version]').selectOption({ label: await page.locator('[name=version] option', { hasText: 'Movie reviews v1' }).first().textContent() });
    await fillRecipe(page, small);
    firstRun = await launch(page);
});

step('the live page follows the run to its end; the loss falls', async () => {
    await page.getByText('16').first().waitFor();
    await until('a loss is shown', runLimitMs, async () => (await page.locator('.chart-legend, .chart').first().textContent())?.match(/training\s*\d/));
    assert.equal(await ended(page, runLimitMs), 'Succeeded');
    const points = await api(page, 'GET', `projects/${project.split('/')[2]}/runs/${firstRun.split('/').pop()}/points?keys=validation_loss`);
    assert.ok(points.at(-1).value < points[0].value, JSON.stringify(points));
    await page.goto(firstRun);
    await hydrated(page);
    await fits(page);
    await screenshots(page, 'run');
});

step('the preflight shows what the model is taught, token by token', async () => {
    await page.getByRole('link', { name: 'Show report' }).click();
    await page.waitForURL(/\/preflight$/);
    await page.getByText('Passed').first().waitFor();
    const learnt = await page.locator('.token-example .token-learnt').allTextContents();
    assert.ok(learnt.some((text) => /^(positive|negative)<\|im_end\|>/.test(text)), JSON.stringify(learnt));
    await fits(page);
    await screenshots(page, 'preflight');
});

step('on the test split the tuned model beats the base model', async () => {
    await page.goto(`${firstRun}/evaluation`);
    const row = page.locator('#headline tr', { hasText: 'Accuracy' });
    const [base, tuned] = (await row.locator('td').allTextContents()).slice(0, 2).map(parseFloat);
    assert.ok(tuned > base, `base ${base} %, tuned ${tuned} %`);
    await screenshots(page, 'evaluation');
});

step('the adapter is a zip in PEFT format', async () => {
    await page.goto(firstRun);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /zip/ }).click()]);
    const bytes = readFileSync(await download.path());
    assert.ok(bytes.includes('adapter_model.safetensors') && bytes.includes('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight'));
});

step('bad cases are judged with the keyboard and corrected', async () => {
    await page.goto(`${project}/bad-cases`);
    await screenshots(page, 'bad-cases');
    await page.locator('tbody th a').first().click();
    await hydrated(page);
    await page.keyboard.press('2');
    await page.getByLabel('Right answer').selectOption({ index: 1 });
    await page.getByLabel('Note').fill('ambiguous review');
    await screenshots(page, 'bad-case', { langs: ['en'] });
    await hydrated(page);
    await page.keyboard.press('2');
    await page.getByLabel('Right answer').selectOption({ index: 1 });
    await page.keyboard.press('Control+Enter');
    const corrected = `projects/${project.split('/')[2]}/bad-cases?status=corrected`;
    await until('the correction is stored', 20_000, async () => (await api(page, 'GET', corrected)).items.length > 0);
    await open(page, `${project}/bad-cases?status=corrected`);
    await page.locator('tbody tr').first().waitFor();
});

step('corrections make the next dataset version, which names where they came from', async () => {
    await page.getByRole('button', { name: 'Make the next version' }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}\/v\/2/);
    await page.getByText(/corrected samples? from bad cases/).first().waitFor();
    await screenshots(page, 'version-2');
});

step('the next run starts from that version, and can be cancelled', async () => {
    await page.goto(`${project}/runs/new`);
    await hydrated(page);
    await page.locator('[name=version]').selectOption({ label: await page.locator('[name=version] option', { hasText: 'Movie reviews v2' }).first().textContent() });
    await fillRecipe(page, { ...small, 'schedule.max_steps': 8, 'optimizer.learning_rate': 0.0005 });
    secondRun = await launch(page);
    await page.getByText('Movie reviews v2').first().waitFor();
    assert.equal(await ended(page, runLimitMs), 'Succeeded');
    await page.goto(`${project}/runs/new?clone=${secondRun.split('/').pop()}`);
    await hydrated(page);
    await fillRecipe(page, { 'schedule.max_steps': 500 });
    await launch(page);
    await until('it is training', runLimitMs, async () => /step \d+ of 500/.test((await page.locator('main').textContent()) ?? ''), 500);
    await page.getByText('Cancel run', { exact: true }).first().click();
    await page.getByRole('button', { name: 'Stop it' }).click();
    assert.equal(await ended(page, 60_000), 'Cancelled');
});

step('runs are compared', async () => {
    await page.goto(`${project}/runs`);
    await hydrated(page);
    const time = page.locator('.runs time').first();
    const [machine, full, words] = [await time.getAttribute('datetime'), await time.getAttribute('title'), await time.textContent()];
    assert.equal(full, `${machine.slice(0, 19).replace('T', ' ')} UTC`);
    assert.equal(words, new Date(Date.parse(machine) + 8 * 3600_000).toISOString().slice(0, 16).replace('T', ' '), 'in the zone of the reader');
    await screenshots(page, 'runs');
    for (const run of [firstRun, secondRun]) await page.locator(`input[name=runs][value="${run.split('/').pop()}"]`).check();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('schedule.max_steps').waitFor();
    await page.getByText('Accuracy').first().waitFor();
    await screenshots(page, 'compare');
    await page.getByText('What they were made of').waitFor();
    await link(page, 'Show all').click();
    await page.getByText('recovery.not_a_number_retries').waitFor();
    await page.goto(`${project}/overlay?metric=loss&runs=${[firstRun, secondRun].map((run) => run.split('/').pop()).join(',')}`);
    await hydrated(page);
    const kept = page.locator('#kept');
    const whole = await kept.textContent();
    await page.locator('.overlay .chart-live').waitFor();
    await page.locator('.overlay .chart-overlay').focus();
    await page.keyboard.press('=');
    await until('a part is read', 10_000, async () => (await kept.textContent()) !== whole);
    assert.match(page.url(), /&from=[^&]+&to=/, 'the address follows');
    await fits(page);
    await screenshots(page, 'overlay');
    await page.goto(`${firstRun}/fit`);
    await page.getByText('How it is judged').waitFor();
    await fits(page);
    await page.goto(project);
    await page.getByText('Best so far').waitFor();
    await screenshots(page, 'overview');
});

step('trends count the bad cases of both runs', async () => {
    await page.goto(`${project}/bad-cases/trends?by=status`);
    await page.locator('.bars rect').first().waitFor();
    const heads = await page.locator('thead th').allTextContents();
    assert.deepEqual(heads.slice(1, 3), ['#1', '#2'], JSON.stringify(heads));
    await fits(page);
    await screenshots(page, 'bad-case-trends');
});

step('the model writes training samples anew, and people decide', async () => {
    const versions = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets`);
    const reviews = versions.items.find((d) => d.name === 'Movie reviews');
    const augment = `${project}/datasets/${reviews.id}/v/2/augment`;
    await page.goto(augment);
    await page.locator('[name=samples]').fill('2');
    await page.getByRole('button', { name: 'Write' }).click();
    await page.waitForURL(/job=/);
    await until('both texts are there', 300_000, async () => {
        const { counts } = await api(page, 'GET', `projects/${project.split('/')[2]}/versions/${reviews.latest_version_id}/proposals`);
        return counts.waiting + counts.stopped === 2;
    });
    const { counts } = await api(page, 'GET', `projects/${project.split('/')[2]}/versions/${reviews.latest_version_id}/proposals`);
    await page.goto(counts.waiting ? augment : `${augment}?stopped=1`);
    await page.locator('input[type=checkbox][name="ids[]"]').first().check();
    await fits(page);
    await screenshots(page, 'augment');
    await page.locator('input[type=checkbox][name="ids[]"]').first().check();
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByRole('button', { name: 'Make a version with 1 accepted texts' }).click();
    await page.waitForURL(/\/v\/3$/, { timeout: 60_000 });
    await page.getByText(/1 texts that a model wrote/).waitFor();
});

step('pages read and work without JavaScript, and fit a phone', async () => {
    const plain = await openPage(browser, server, { javaScriptEnabled: false, width: 390, lang: 'zh' });
    await plain.goto('/sign-in');
    await plain.getByLabel('电子邮箱').fill(person.email);
    await plain.getByLabel('密码').fill('not the password');
    await plain.getByRole('button', { name: '登录' }).click();
    await plain.getByRole('alert').waitFor();
    assert.deepEqual([await plain.getByLabel('电子邮箱').inputValue(), await plain.getByLabel('密码').inputValue()], [person.email, '']);
    await signIn(plain);
    await plain.goto(`${project}/runs/new`);
    await fillRecipe(plain, { 'lora.rank': 'acht', 'lora.dropout': 0.25 });
    await plain.getByRole('button', { name: '启动运行' }).click();
    await plain.getByRole('alert').waitFor();
    const kept = (field) => plain.locator(`[name="values[${field}]"]`).inputValue();
    assert.deepEqual([await kept('lora.rank'), await kept('lora.dropout')], ['acht', '0.25']);
    for (const [address, text] of [[project, '最近活动'], [`${project}/runs/new`, '启动运行'], [`${project}/datasets`, 'Movie reviews'], [firstRun, '成功'], [`${firstRun}/preflight`, '模型学习的内容'], [`${firstRun}/evaluation`, '准确率'], [`${project}/bad-cases`, '待处理']]) {
        await plain.goto(address);
        await plain.getByText(text).first().waitFor();
        assert.equal(await overflow(plain), 0, address);
    }
    assert.ok((await plain.goto(firstRun)) && (await plain.locator('.chart-static svg').count()) > 0);
    await plain.context().close();
});

step('a killed server comes back with everything', async () => {
    await server.kill();
    server = await Server.start({ data: server.data, port: server.port });
    await page.goto(firstRun);
    await page.getByText('Succeeded').first().waitFor();
});
