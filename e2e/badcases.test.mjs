// The practice around bad cases, in a real browser: written down by hand and sent by a script, explained in the project's own
// words, assigned and merged, talked about, clustered, corrected into a version, counted, and kept as a regression set.
// Nothing trains here: what runs say of bad cases is in the journey.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { Server, hydrated, open, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, createAccount, either, field, invite, link, person } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };

let server, browser, page, guest, project, id, dataset;

before(async () => {
    server = await Server.start({ settings: { LATHE_WORKERS: 'none' } });
    browser = await openBrowser();
    page = await openPage(browser, server);
    guest = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('badcases', () => ({ server, pages: [page, guest].filter(Boolean) }));

/** Nothing on the page sticks out sideways, folds open or not. */
const fits = async () => {
    const before = page.viewportSize();
    for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.evaluate(() => document.querySelectorAll('details.fold').forEach((fold) => (fold.open = true)));
        assert.equal(await overflow(page), 0, `${page.url()} at ${width} px`);
    }
    await page.setViewportSize(before);
};

const wishes = ['Where is my parcel', 'I want my money back', '快递什么时候到', '我要申请退款'];
const rows = Array.from({ length: 60 }, (_, i) => ({ text: `${wishes[i % 4]}, order ${i * 7919}`, label: i % 2 ? 'refund' : 'delivery', shop: `shop ${i % 3}` }));

step('a small dataset is imported', async () => {
    await createAccount(page, await server.setupLink());
    await field(page, 'Name').fill('Requests');
    await button(page, 'Create project').click();
    await page.waitForURL('**/p/*');
    project = new URL(page.url()).pathname;
    id = project.split('/')[2];
    await page.goto(`${project}/datasets/new`);
    await hydrated(page);
    const buffer = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
    await page.locator('input[type=file]').first().setInputFiles({ name: 'requests.jsonl', mimeType: 'application/jsonl', buffer });
    await page.waitForURL(/upload=/, { timeout: 60_000 });
    await page.getByRole('button', { name: /Import/ }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}/, { timeout: 60_000 });
    await page.getByText('refund').first().waitFor();
    dataset = /datasets\/([0-9a-f-]{36})/.exec(page.url())[1];
});

step('a bad case is written down by hand', async () => {
    await page.goto(`${project}/bad-cases`);
    await page.getByText('No bad cases').waitFor();
    await link(page, 'Add a bad case').click();
    await page.getByRole('heading', { level: 1, name: either('Add a bad case') }).waitFor();
    await field(page, 'What the model was asked').fill('Where is my parcel, it has been two weeks');
    await field(page, 'What it answered').fill('delivery');
    await field(page, 'What it should have answered').fill('delivery');
    await button(page, 'Add it').click();
    await page.getByText('then it is no bad case').filter({ visible: true }).waitFor();
    assert.match(await field(page, 'What the model was asked').inputValue(), /two weeks/);
    await field(page, 'What it answered').fill('refund');
    await page.locator('#severity').selectOption('high');
    await screenshots(page, 'bad-case-new', { langs: ['en', 'zh'], themes: ['light'] });
    await field(page, 'What the model was asked').fill('Where is my parcel, it has been two weeks');
    await field(page, 'What it answered').fill('refund');
    await field(page, 'What it should have answered').fill('delivery');
    await page.locator('#severity').selectOption('high');
    await button(page, 'Add it').click();
    await page.waitForURL(/\/bad-cases\/[0-9a-f-]{36}$/);
    await page.getByText('By hand').first().waitFor();
});

step('a script sends what users complained about', async () => {
    const send = (prompt, output, expected) => api(page, 'POST', `projects/${id}/bad-cases`, { dataset_id: dataset, prompt, output, expected });
    await send('Where is my parcel, I ordered it a month ago', 'refund', 'delivery');
    await send('我要申请退款，东西坏了', 'delivery', 'refund');
    await send('我要申请退款，一直没人处理', 'delivery', 'refund');
    const same = await send('Where is my parcel, it has been two weeks!', 'refund', 'delivery');
    assert.deepEqual([same.source, same.status, same.run_id], ['feedback', 'open', null]);
    await page.goto(`${project}/bad-cases?source=feedback`);
    assert.equal(await page.locator('tbody tr').count(), 4);
    await page.goto(`${project}/bad-cases?sort=severity`);
    assert.match(await page.locator('tbody th').first().textContent(), /two weeks/);
});

step('causes get the words of the project', async () => {
    await page.goto(`${project}/bad-cases/causes`);
    // The lists to merge into hold the other names, too.
    const named = (name) => page.locator('.cause-tree li').filter({ has: page.locator('bdi', { hasText: either(name) }) });
    const add = async (below, name) => {
        await page.locator('#below').selectOption({ label: below });
        await page.locator('#name').fill(name);
        await button(page, 'Add a cause').click();
        await named(name).waitFor();
    };
    await add('Data', 'few late parcels');
    await add('few late parcels', 'two weeks and more');
    await add('Label', 'Irony');
    await add('Label', 'Sarcasm');
    await page.locator('#name').fill('irony');
    await page.locator('#below').selectOption({ label: 'Label' });
    await button(page, 'Add a cause').click();
    await page.getByText('There is a cause of this name').filter({ visible: true }).waitFor();
    const row = named('Sarcasm');
    await row.locator('summary').click();
    await row.locator('[name=into]').selectOption({ label: 'Label: Irony' });
    await row.getByRole('button', { name: either('Merge') }).click();
    await row.waitFor({ state: 'detached' });
    await fits();
    await screenshots(page, 'bad-case-causes');
});

step('ticked cases are assigned and explained at once', async () => {
    await page.goto(`${project}/bad-cases`);
    await button(page, 'Set').click();
    await page.getByText('Tick at least one bad case first.').filter({ visible: true }).waitFor();
    for (const box of await page.locator('tbody tr', { hasText: 'parcel' }).getByRole('checkbox').all()) await box.check();
    await page.locator('#bulk-owner').selectOption({ label: person.name });
    const cause = page.locator('#bulk-cause option', { hasText: 'two weeks and more' });
    await page.locator('#bulk-cause').selectOption(await cause.getAttribute('value'));
    await button(page, 'Set').click();
    await page.locator('tbody tr', { hasText: 'two weeks and more' }).first().waitFor();
    assert.equal(await page.locator('tbody tr', { hasText: person.name }).count(), 3);
    await fits();
    await screenshots(page, 'bad-cases-by-hand');
    const { confirmed } = await api(page, 'GET', `projects/${id}/bad-case-counts`);
    assert.equal(confirmed, 3, 'a cause confirms');
});

step('the same case twice is merged, and the merge taken back', async () => {
    const twice = page.locator('tbody tr', { hasText: 'it has been two weeks' });
    for (const box of await twice.getByRole('checkbox').all()) await box.check();
    await button(page, 'Merge into the first').click();
    await page.locator('tbody .badge', { hasText: 'Duplicate' }).waitFor();
    await page.locator('tbody tr', { hasText: 'Duplicate' }).locator('th a').click();
    await page.getByText('It is merged into another bad case').waitFor();
    await button(page, 'Take the merge back').click();
    await page.getByText('Confirmed').first().waitFor();
    await page.goto(`${project}/bad-cases?status=confirmed`);
    assert.equal(await page.locator('tbody tr').count(), 3);
});

step('a comment that names somebody waits for them', async () => {
    const address = await invite(page, project, 'annotator');
    await createAccount(guest, address, grace);
    await page.goto(`${project}/bad-cases`);
    await page.locator('tbody th a').first().click();
    await field(page, 'Comment').fill('@Grace Hopper, do we count two weeks as late?\nI would.');
    await button(page, 'Comment on it').click();
    await page.locator('#talk').getByText('do we count two weeks as late?').waitFor();
    await guest.goto(`${project}/bad-cases`);
    await guest.locator('#mentions .badge', { hasText: 'new' }).waitFor();
    await guest.locator('#mentions a').first().click();
    await guest.waitForURL(/#talk$/);
    await field(guest, 'Comment').fill('@ada: yes.');
    await button(guest, 'Comment on it').click();
    await guest.locator('#talk').getByText('@ada: yes.').waitFor();
    await guest.goto(`${project}/bad-cases`);
    assert.equal(await guest.locator('#mentions .badge', { hasText: 'new' }).count(), 0, 'what was seen is not new');
    await guest.goto(`${project}/bad-cases/causes`);
    assert.equal(await guest.locator('main form').count(), 0, 'an annotator does not change the causes');
    const mine = await api(page, 'GET', `projects/${id}/bad-case-mentions`);
    assert.deepEqual(mine.map((m) => [m.comment.body, m.seen]), [['@ada: yes.', false]]);
});

step('evidence says what training has of the like', async () => {
    const { items } = await api(page, 'GET', `projects/${id}/bad-cases?search=month`);
    const evidence = `projects/${id}/bad-cases/${items[0].id}/evidence`;
    await until('the version is indexed', 60_000, async () => (await api(page, 'GET', evidence)).is_indexed);
    const found = await api(page, 'GET', evidence);
    assert.ok(found.nearest.length > 0 && found.nearest.every((n) => n.answer), JSON.stringify(found));
    assert.equal(found.label[0], 'delivery');
    await page.goto(`${project}/bad-cases/${items[0].id}`);
    await page.locator('#evidence').getByText('Nearest training rows by words').waitFor();
    await fits();
    await screenshots(page, 'bad-case-evidence');
});

step('cases that belong together are found and named', async () => {
    const done = async () => (await api(page, 'GET', `projects/${id}/jobs`)).items.filter((job) => job.kind === 'cluster_bad_cases' && job.status === 'succeeded').length;
    const group = async (name) => {
        const before = await done();
        await button(page, name).click();
        await until('the cases are grouped', 60_000, async () => (await done()) > before);
        await open(page, `${project}/bad-cases/clusters`);
    };
    await page.goto(`${project}/bad-cases/clusters`);
    await group('Group them');
    await page.getByText('2 cases').first().waitFor();
    await page.locator('summary', { hasText: 'Name it' }).first().click();
    await page.locator('details[open] [name=name]').fill('Late parcels');
    await page.locator('details[open]').getByRole('button', { name: either('Name it') }).click();
    await page.getByRole('heading', { level: 2, name: either('Late parcels') }).waitFor();
    await screenshots(page, 'bad-case-clusters');
    await group('Group them anew');
    await page.getByRole('heading', { level: 2, name: either('Late parcels') }).waitFor();
    await link(page.locator('section.card', { hasText: 'Late parcels' }), 'Show them').click();
    await page.waitForURL(/cluster=/);
    assert.equal(await page.locator('tbody tr').count(), 3);
});

step('a correction by hand joins the next version of its dataset', async () => {
    await page.locator('tbody th a').first().click();
    await hydrated(page);
    await page.getByLabel('Right answer').selectOption('delivery');
    await page.locator('#severity').selectOption('critical');
    await button(page, 'Save').click();
    await page.getByText('Corrected').first().waitFor();
    await page.goto(`${project}/bad-cases?status=corrected`);
    await button(page, 'Make the next version').click();
    await page.waitForURL(/\/v\/2$/);
    const version = (await api(page, 'GET', `projects/${id}/datasets/${dataset}/versions`))[0];
    assert.equal(version.samples, rows.length + 1);
});

step('trends count by what was chosen, as a file too', async () => {
    await page.goto(`${project}/bad-cases`);
    await link(page, 'Trends').click();
    await page.locator('.bars rect').first().waitFor();
    await page.locator('#by').selectOption('own');
    await page.locator('#over').selectOption('month');
    await button(page, 'Apply').click();
    await page.locator('tbody tr', { hasText: 'two weeks and more' }).getByText('3').first().waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), link(page, 'CSV').click()]);
    assert.match(readFileSync(await download.path(), 'utf8'), /^column,value,cases\n\d{4}-\d\d,/);
    await fits();
    await screenshots(page, 'bad-case-trends-by-hand', { themes: ['light'] });
});

step('confirmed cases are the regression set', async () => {
    await page.goto(`${project}/bad-cases/regressions`);
    assert.equal(await page.locator('tbody tr').count(), 3);
    await page.getByText('3 not tested').waitFor();
    await fits();
    await screenshots(page, 'bad-case-regressions');
    const [download] = await Promise.all([page.waitForEvent('download'), link(page, 'Download (JSONL)').click()]);
    const lines = readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.map((line) => line.messages.at(-1).content), ['delivery', 'delivery', 'delivery']);
});

step('the pages read without JavaScript, in Chinese, on a phone', async () => {
    const plain = await openPage(browser, server, { javaScriptEnabled: false, width: 390, lang: 'zh' });
    await plain.context().addCookies(await page.context().cookies());
    await plain.context().clearCookies({ name: 'lang' });
    for (const [place, words] of [['', '待处理'], ['/new', '期望的回答'], ['/causes', '添加原因'], ['/clusters', '重新聚类'], ['/trends', '统计维度'], ['/regressions', '尚未测试']]) {
        await plain.goto(`${project}/bad-cases${place}`);
        await plain.getByText(words).first().waitFor();
        assert.equal(await overflow(plain), 0, place);
    }
    await plain.context().close();
});
