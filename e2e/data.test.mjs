// From messy files to a dataset version that can be trusted, in a real browser: a packed file whose transfer breaks off, a
// file appended, cleaning with a preview, leaks found and removed, every sample explored, a file fetched, versions mixed.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Server, artifacts, hydrated, open, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, chooseLanguage, createAccount, field, link } from './steps.mjs';

let server, browser, page, project, dataset;

/** Another server that has a file: six samples that the reviews have too, and six of its own. */
const elsewhere = createServer((_, response) => {
    const own = Array.from({ length: 6 }, (_, i) => ({ text: `A question of the exam that nobody has asked before, number ${i * 104729}`, label: '正面' }));
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.end(jsonl([...rows().slice(200, 206), ...own]));
});
const address = () => `http://127.0.0.1:${elsewhere.address().port}/exam.jsonl`;

before(async () => {
    await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    server = await Server.start({ settings: { LATHE_IMPORT_HOSTS: `private:127.0.0.1:${elsewhere.address().port}` } });
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
    elsewhere.close();
});

const step = story('data', () => ({ server, pages: page ? [page] : [] }));

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

const topics = ['屏幕', '电池', 'delivery', '客服', 'price', '包装', 'battery', 'screen', '物流', 'colour'];
/** Reviews without a twin, then exact duplicates, near duplicates and stray characters. */
const rows = () => {
    const review = (i) => `${topics[i % 10]} 第 ${i} 条：${i % 2 ? '非常满意，值得推荐' : '太差了，不会再买'} (order ${i * 7919}, ${topics[(i * 3) % 10]} ${i * 31})`;
    const all = Array.from({ length: 400 }, (_, i) => ({ text: review(i), label: i % 2 ? '正面' : '负面', shop: `店${i % 5}` }));
    for (let i = 0; i < 30; i++) all.push({ ...all[i * 3] });
    for (let i = 0; i < 20; i++) all.push({ text: `ＡＢＣ${i}\u200b ${review(1000 + i)}`, label: '正面', shop: '店1' });
    return all;
};
const jsonl = (all) => all.map((row) => JSON.stringify(row)).join('\n');

step('a compressed file arrives although its transfer breaks off', async () => {
    await createAccount(page, await server.setupLink());
    await field(page, 'Name').fill('Reviews');
    await button(page, 'Create project').click();
    await page.waitForURL('**/p/*');
    project = new URL(page.url()).pathname;
    await page.goto(`${project}/datasets/new`);
    await hydrated(page);
    await screenshots(page, 'data-new');
    await hydrated(page);
    let broken = 0;
    await page.route('**/uploads/tus/*', (route) => (route.request().method() === 'PATCH' && broken++ === 0 ? route.abort('connectionreset') : route.continue()));
    await page.locator('input[type=file]').first().setInputFiles({ name: '评价.jsonl.gz', mimeType: 'application/gzip', buffer: gzipSync(jsonl(rows())) });
    await page.waitForURL(/upload=/, { timeout: 60_000 });
    assert.ok(broken >= 2, 'it was sent again');
    await page.unroute('**/uploads/tus/*');
    // The browser says that the connection broke; that was meant.
    page.complaints = page.complaints.filter((text) => !text.includes('ERR_CONNECTION_RESET'));
    await page.getByText('450').first().waitFor();
    await fits();
    await screenshots(page, 'data-import');
    await page.getByRole('button', { name: /Import/ }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}/, { timeout: 60_000 });
    await page.getByText('正面').first().waitFor();
    dataset = /^.*\/datasets\/[0-9a-f-]{36}/.exec(new URL(page.url()).pathname)[0];
});

step('its splits are checked: the duplicates leak', async () => {
    await page.goto(`${dataset}/v/1/splits`);
    await button(page, 'Check the splits').click();
    await page.waitForURL((url) => !url.searchParams.has('job'), { timeout: 60_000 });
    await page.getByText(/samples are in training in some form|None of the/).waitFor({ timeout: 60_000 });
    await fits();
    await screenshots(page, 'data-splits');
});

step('a preview shows what each step would do, and changes nothing', async () => {
    await page.goto(`${dataset}/v/1/clean`);
    for (const kind of ['width', 'characters', 'exact_duplicates']) {
        await page.locator('[name=add_kind]').selectOption(kind);
        await button(page, 'Add').click();
        await page.locator(`input[value="${kind}"]`).first().waitFor({ state: 'attached' });
    }
    await screenshots(page, 'data-clean-steps');
    await button(page, 'Preview').click();
    await page.getByText(/450 samples become 420: 30 are removed/).waitFor({ timeout: 60_000 });
    await fits();
    await screenshots(page, 'data-clean-preview');
    const versions = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets/${dataset.split('/')[4]}/versions`);
    assert.equal(versions.length, 1);
});

step('the steps make the next version, which says what they did', async () => {
    await button(page, 'Make the version').click();
    await page.waitForURL(/\/v\/2$/, { timeout: 60_000 });
    await page.getByText(/30 samples removed/).waitFor();
    await screenshots(page, 'data-version-2');
    await page.goto(`${dataset}/v/2/splits`);
    await button(page, 'Check the splits').click();
    await page.waitForURL((url) => !url.searchParams.has('job'), { timeout: 60_000 });
    await page.getByText(/None of the \d+ validation and test samples is in training|samples are in training in some form/).waitFor({ timeout: 60_000 });
});

step('what changed between versions is shown sample by sample', async () => {
    await page.goto(`${dataset}/v/2/diff?from=1`);
    await page.getByRole('heading', { level: 1, name: /What changed in/ }).waitFor();
    await page.getByText(/step 2 \(Control/).first().waitFor();
    await fits();
    await screenshots(page, 'data-diff');
    await page.goto(`${dataset}/v/2/card`);
    await page.getByText('评价.jsonl').first().waitFor();
    await fits();
    await screenshots(page, 'data-card');
    const version = new URL(await page.getByRole('link', { name: /\.md|Markdown/ }).first().getAttribute('href'), server.url);
    const card = await (await page.request.get(version.href)).text();
    assert.match(card, /^---\n[^]*size_categories:/);
});

step('every sample is a scroll away, by wheel, by key and by address', async () => {
    await page.goto(`${dataset}/v/2/explore`);
    const window = page.locator('.window');
    await window.waitFor({ timeout: 60_000 });
    const total = Number((await page.locator('.window table').getAttribute('aria-rowcount')) ?? 0);
    assert.ok(total > 300 && total < 420, `${total}: all but the test split`);
    const row = (n) => page.locator(`.window tr[aria-rowindex="${n}"]`);
    await row(1).locator('a').waitFor();
    await window.evaluate((w) => w.scrollTo(0, w.scrollHeight));
    await row(total).locator('a').waitFor();
    await until('the address follows', 10_000, async () => new URL(page.url()).searchParams.get('offset') === String(Math.floor((total - 12) / 50) * 50));
    await page.reload();
    await row(Math.floor((total - 12) / 50) * 50 + 1).locator('a').waitFor();
    await window.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await row(3).and(page.locator('[aria-current=true]')).waitFor();
    await screenshots(page, 'data-explore');
    await row(1).locator('a').waitFor();
    await window.focus();
    await page.keyboard.press('End');
    await row(total).and(page.locator('[aria-current=true]')).locator('a').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/samples\/\d+/);
    await fits();
    await screenshots(page, 'data-sample');
});

step('Chinese words are searched, facets narrow, the sealed test split counts its looks', async () => {
    await page.goto(`${dataset}/v/2/explore`);
    await page.locator('#search').fill('电池');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.waitForURL(/search=/);
    await page.locator('.window mark', { hasText: '电池' }).first().waitFor();
    await page.getByText(/Nobody has looked/).waitFor();
    await chooseLanguage(page, 'zh');
    await page.getByRole('heading', { level: 1, name: /浏览/ }).waitFor();
    await chooseLanguage(page, 'en');
    await button(page, 'Look at the test split (goes on record)').first().click();
    await page.getByText('You are looking at the test split.').waitFor();
    await page.goto(`${dataset}/v/2/explore`);
    await page.getByText(/Looked at 1 times by 1 people/).waitFor();
    await fits();
});

step('a file is appended: the test split stays as it was', async () => {
    const before = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets/${dataset.split('/')[4]}/versions`);
    await page.goto(`${project}/datasets/new`);
    await hydrated(page);
    const more = Array.from({ length: 60 }, (_, i) => ({ text: `新评价 ${i}，物流很快 ${i * 13}`, label: '正面', shop: '店9' }));
    await page.locator('input[type=file]').first().setInputFiles({ name: 'more.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(jsonl(more)) });
    await page.waitForURL(/upload=/);
    await hydrated(page);
    await page.locator('[name=dataset]').selectOption({ index: 1 });
    await page.locator('[name=growth][value=leave_out]').check();
    await page.getByRole('button', { name: /Import/ }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}/, { timeout: 60_000 });
    await page.getByText('v3').first().waitFor();
    const after = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets/${dataset.split('/')[4]}/versions`);
    assert.equal(after.length, before.length + 1);
    await open(page, `${dataset}/v/3`);
    await link(page, 'v2').first().waitFor();
    await screenshots(page, 'data-appended');
});

step('one edit makes a version of many samples', async () => {
    await page.goto(`${dataset}/v/3/edit?f=${encodeURIComponent('slice.shop:店9')}`);
    await page.locator('#find').fill('物流');
    await page.locator('#with').fill('配送');
    await button(page, 'Preview').click();
    await page.getByText(/of the \d+ selected samples will be changed/).waitFor();
    await fits();
    await screenshots(page, 'data-edit');
    await button(page, 'Make the next version').click();
    await page.waitForURL(/\/v\/4$/, { timeout: 60_000 });
    await page.goto(`${dataset}/v/4/explore`);
    await page.locator('#search').fill('配送');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.locator('.window mark', { hasText: '配送' }).first().waitFor();
});

step('ticked lines alone are edited', async () => {
    await page.goto(`${dataset}/v/4/explore`);
    const window = page.locator('.window');
    await window.waitFor();
    const box = (n) => page.locator(`.window tr[aria-rowindex="${n}"] input[type=checkbox]`);
    await box(1).click();
    await box(4).click({ modifiers: ['Shift'] });
    await page.getByText('4 ticked').waitFor();
    const positions = await Promise.all([1, 3].map((n) => box(n).getAttribute('value')));
    await window.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    assert.ok(await box(3).isChecked(), 'a tick stays while others are seen');
    await page.keyboard.press(' ');
    await page.getByText('3 ticked').waitFor();
    assert.ok(!(await box(1).isChecked()));
    await fits();
    await page.screenshot({ path: path.join(artifacts, 'data-ticked.png') });
    await button(page, 'Edit the ticked').click();
    await page.waitForURL(/\/edit\?/);
    await page.getByText('3 samples are selected:').waitFor();
    // Without JavaScript the boxes are a form's, and who ticks none edits none.
    await page.goto(`${dataset}/v/4/edit?ticked=1`);
    await page.getByText('0 samples are selected:').waitFor();
    await page.goto(`${dataset}/v/4/edit?ticked=1&p=${positions[0]}&p=${positions[1]}`);
    await page.getByText('2 samples are selected:').waitFor();
});

step('where it came from and went is a graph', async () => {
    const versions = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets/${dataset.split('/')[4]}/versions`);
    await page.goto(`${project}/lineage?of=version:${versions[0].id}`);
    await page.locator('main svg').first().waitFor();
    await page.getByRole('link', { name: /v3/ }).first().waitFor();
    await fits();
    await screenshots(page, 'data-lineage');
});

step('rows are forgotten in every version', async () => {
    const look = async () => {
        await page.goto(`${project}/datasets/forget`);
        await page.locator('#text').fill('order 7919,');
        await button(page, 'Look for them').click();
    };
    await look();
    await page.getByText('1 samples hold these texts').waitFor();
    assert.ok(!page.url().includes('7919'), 'what is looked for stands in no address');
    await fits();
    await screenshots(page, 'data-forget');
    await page.locator('#confirm').fill('7');
    await button(page, 'Erase for good').click();
    await page.locator('#confirm-error').waitFor();
    assert.equal(await page.locator('#confirm').inputValue(), '7');
    assert.ok((await page.locator('#text').inputValue()).includes('7919'), 'nothing has to be typed again');
    await page.locator('#confirm').fill('1');
    await button(page, 'Erase for good').click();
    await page.getByText(/1 samples; 0 runs had seen them/).waitFor();
    await look();
    await page.getByText('Nothing holds these texts').waitFor();
    const versions = await api(page, 'GET', `projects/${project.split('/')[2]}/datasets/${dataset.split('/')[4]}/versions`);
    assert.equal(versions.length, 5);
});

let exam;

step('a file is fetched from an address, and from no other host', async () => {
    const fetchFrom = async (from) => {
        await page.goto(`${project}/datasets/new`);
        await field(page, 'Address of the file').fill(from);
        await button(page, 'Fetch').click();
    };
    await fetchFrom('https://elsewhere.example/exam.jsonl');
    await page.getByText(/Data may not be fetched from elsewhere.example/).last().waitFor();
    await fits();
    await screenshots(page, 'data-address-refused', { themes: ['light'] });
    await fetchFrom(address());
    await page.waitForURL((url) => url.searchParams.get('upload'), { timeout: 60_000 });
    await page.locator('[name=name]').fill('Exam');
    await fits();
    await screenshots(page, 'data-address', { themes: ['light'] });
    await page.locator('[name=name]').fill('Exam');
    await page.getByRole('button', { name: /Import/ }).click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}/, { timeout: 60_000 });
    exam = /\/datasets\/([0-9a-f-]{36})/.exec(new URL(page.url()).pathname)[1];
});

step('versions of two datasets are mixed', async () => {
    await page.goto(`${project}/datasets/merge`);
    await screenshots(page, 'data-merge');
    await fits();
    const choose = async (n, name) => {
        const source = page.locator(`#source_${n}`);
        await source.selectOption(await source.locator('option', { hasText: name }).first().getAttribute('value'));
    };
    await choose(1, '评价');
    await choose(2, 'Exam');
    await page.locator('#weight_1').fill('2');
    await page.locator('[name=sizing][value=down]').check();
    await page.locator('#name').fill('Mixture');
    await button(page, 'Mix versions').click();
    await page.waitForURL(/\/datasets\/[0-9a-f-]{36}\/v\/1$/, { timeout: 60_000 });
    await page.getByText('Mixed from').waitFor();
    await fits();
    await screenshots(page, 'data-mixture', { themes: ['light'] });
});

step('training has seen a benchmark', async () => {
    await page.goto(`${dataset}/v/1/splits`);
    const id = project.split('/')[2];
    const [{ id: version }] = await api(page, 'GET', `projects/${id}/datasets/${exam}/versions`);
    await page.locator('#benchmark').selectOption(version);
    await button(page, 'Make it a benchmark and check').click();
    await page.getByText(/of its 12 samples are in training in some form/).waitFor({ timeout: 60_000 });
    await fits();
    await screenshots(page, 'data-benchmarks');
    await button(page, 'Exam v1 is no longer a benchmark').click();
    await page.getByText('The project has none yet.').waitFor();
});
