// Two people and the run table: a filter that goes wrong and is put right, completion, groups, a view that is kept and shared, marks
// and taking them back, plots. The runs are tracked ones: nothing trains here.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, chooseLanguage, createAccount, either, field, invite, link } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };

let server, browser, ada, gracePage, project, id, table;

before(async () => {
    server = await Server.start({ settings: { LATHE_WORKERS: 'none' } });
    browser = await openBrowser();
    ada = await openPage(browser, server);
    gracePage = await openPage(browser, server, { javaScriptEnabled: false });
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('table', () => ({ server, pages: [ada, gracePage].filter(Boolean) }));

const mlflow = (path, body) => api(ada, 'POST', `/mlflow/${id}/api/2.0/mlflow/runs/${path}`, body);
const rows = (page) => page.locator('table.run-table tbody tr');
const shown = (page, count) => until(`${count} rows`, 10_000, async () => (await rows(page).count()) === count);
const fold = async (page, selector) => {
    const details = page.locator(selector);
    if (!(await details.evaluate((e) => e.open))) await details.locator('summary').first().click();
    return details;
};

step('twelve runs are logged by a script', async () => {
    await createAccount(ada, await server.setupLink());
    await field(ada, 'Name').fill('Reviews');
    await button(ada, 'Create project').click();
    await ada.waitForURL('**/p/*');
    project = new URL(ada.url()).pathname;
    id = project.split('/')[2];
    table = `${project}/table`;
    await createAccount(gracePage, await invite(ada, project, 'scientist'), grace);
    await ada.goto(table);
    await ada.getByText('No runs yet').waitFor();
    for (let i = 0; i < 12; i++) {
        const { run } = await mlflow('create', { experiment_id: '0', run_name: `try ${i}`, start_time: 1_767_225_600_000 + i * 1000 });
        const run_id = run.info.run_id;
        const metrics = [{ key: 'accuracy', value: 0.5 + (i % 3) / 10 + i / 1000, timestamp: 1_767_225_700_000, step: 1 }];
        const params = [{ key: 'rank', value: String(4 << (i % 3)) }, { key: 'mode', value: i % 2 ? 'fast' : 'slow' }, { key: 'seed', value: String(i) }];
        await mlflow('log-batch', { run_id, metrics, params });
        if (i < 10) await mlflow('update', { run_id, status: 'FINISHED', end_time: 1_767_225_800_000 + i * 60_000 });
    }
    await ada.goto(`${project}/runs`);
    await link(ada.locator('main'), 'Run table').click();
    await shown(ada, 12);
    await link(ada.getByRole('navigation').first(), 'Run table').waitFor({ state: 'attached' });
});

step('a filter is put right where it goes wrong', async () => {
    await ada.locator('#filter').fill('status = succeeded and metrics.accuracy > high');
    await button(ada, 'Apply').click();
    await ada.getByText('at character 43').waitFor();
    assert.equal(await ada.locator('#filter').inputValue(), 'status = succeeded and metrics.accuracy > high');
    assert.equal(await rows(ada).count(), 0, 'an unreadable filter shows nothing in its place');
    await ada.locator('#filter').fill('status = succeeded and metrics.accuracy > 0.65');
    await button(ada, 'Apply').click();
    // 2, 5 and 8: every third, and only those that have ended.
    await shown(ada, 3);
});

step('the filter is completed while it is typed', async () => {
    await ada.goto(table);
    await hydrated(ada);
    const input = ada.locator('#filter');
    await input.pressSequentially('params.mo');
    await ada.locator('#suggestions').getByRole('option', { name: /params\.mode/ }).waitFor();
    await ada.keyboard.press('ArrowDown');
    await ada.keyboard.press('Enter');
    assert.equal(await input.inputValue(), 'params.mode ');
    await ada.locator('#suggestions').getByRole('option', { name: /is not null/ }).waitFor();
    await input.pressSequentially('= f');
    await ada.locator('#suggestions').getByRole('option', { name: /fast/ }).click();
    await until('the value is taken', 5000, async () => (await input.inputValue()) === 'params.mode = fast ');
    await ada.keyboard.press('Escape');
    await ada.keyboard.press('Enter');
    await shown(ada, 6);
});

step('columns, groups and plots are part of the view', async () => {
    await ada.goto(`${table}?sort=-metrics.accuracy`);
    const columns = await fold(ada, '#columns');
    await columns.locator('#add-column').fill('metrics.accuracy');
    await button(columns, 'Add').click();
    await ada.getByRole('columnheader', { name: 'metrics.accuracy' }).waitFor();
    assert.match(await rows(ada).first().textContent(), /try 11/, 'the best first');
    const grouping = await fold(ada, '#grouping');
    await grouping.locator('#group').selectOption('params.rank');
    await button(grouping, 'Group').click();
    await until('three groups', 10_000, async () => (await ada.locator('#groups tbody tr').count()) === 3);
    assert.match(await ada.locator('#groups tbody tr').first().textContent(), /±/, 'with the spread over seeds');
    for (const [kind, mark] of [['parallel', 'polyline'], ['scatter', 'circle.scatter-dot'], ['importance', 'meter']]) {
        const plot = await fold(ada, '#plot-form');
        await plot.locator('#plot').selectOption(kind);
        await plot.locator('#plot-y').selectOption('metrics.accuracy');
        await plot.locator('#plot-x').selectOption('params.rank');
        await plot.locator('#plot-color').selectOption('params.mode');
        await button(plot, 'Show').click();
        await ada.locator(`#drawn ${mark}`).first().waitFor({ state: 'attached' });
    }
    await fold(ada, '#plot-form');
    await ada.locator('#plot').selectOption('scatter');
    await button(ada.locator('#plot-form'), 'Show').click();
    const dot = ada.locator('#drawn svg[role=img] a').first();
    assert.match(await dot.getAttribute('href'), /\/tracked\//, 'a dot leads to its run');
    assert.match(await dot.locator('title').textContent(), /try \d+/);
});

step('a view is kept and opened by another member, without JavaScript', async () => {
    const pin = rows(ada).filter({ hasText: 'try 3' }).getByRole('link', { name: /^Pin/ });
    await pin.click();
    await rows(ada).first().getByText('pinned').waitFor();
    assert.match(await rows(ada).first().textContent(), /try 3/);
    let keep = await fold(ada, '#keep');
    await keep.locator('#view-name').fill('By rank');
    await button(keep, 'Save').click();
    await ada.waitForURL(/\?view=[0-9a-f-]{36}$/);
    await hydrated(ada);
    keep = await fold(ada, '#keep');
    const shared = (await keep.locator('#view-link').textContent()).trim();
    assert.equal(shared, ada.url());
    await gracePage.goto(shared);
    await gracePage.locator('#groups').waitFor();
    assert.match(await rows(gracePage).first().textContent(), /try 3/, 'the same pins');
    assert.equal(await gracePage.locator('#drawn circle.scatter-dot').count() >= 12, true, 'the same plot');
    // A name that is taken is overwritten on purpose alone.
    await ada.goto(`${table}?filter=${encodeURIComponent('params.mode = fast')}`);
    keep = await fold(ada, '#keep');
    await keep.locator('#view-name').fill('By rank');
    await button(keep, 'Save').click();
    await ada.getByText('There is a view of this name').filter({ visible: true }).first().waitFor();
    keep = await fold(ada, '#keep');
    await keep.getByLabel('Overwrite the view of this name').check();
    await button(keep, 'Save').click();
    await ada.waitForURL(/\?view=/);
    await shown(ada, 6);
});

step('runs are tagged, archived and taken back', async () => {
    await ada.goto(`${table}?filter=${encodeURIComponent('params.mode = slow')}`);
    for (const name of ['Tick try 0', 'Tick try 2']) await ada.getByLabel(name, { exact: true }).check();
    await ada.locator('#words').fill('baseline');
    await button(ada, 'Add tag').click();
    await ada.getByText('Tag “baseline” added. Runs: 2').waitFor();
    await ada.goto(`${table}?filter=${encodeURIComponent('tag:baseline')}`);
    await shown(ada, 2);
    await ada.getByLabel('Tick try 0', { exact: true }).check();
    await button(ada, 'Archive').click();
    await ada.getByText('Archived. Runs: 1').waitFor();
    await shown(ada, 1);
    await button(ada, 'Undo').click();
    await ada.getByText('Restored. Runs: 1').waitFor();
    await shown(ada, 2);
    await button(ada, 'Archive').click();
    await ada.getByText('Tick at least one run.').filter({ visible: true }).first().waitFor();
    await gracePage.goto(table);
    await gracePage.getByLabel('Tick try 7', { exact: true }).check();
    await gracePage.locator('#words').fill('看起来不对');
    await button(gracePage, 'Set note').click();
    await gracePage.getByText('看起来不对').first().waitFor();
    await ada.goto(project);
    await ada.getByText('archived runs:').first().waitFor();
});

step('it fits a phone, and reads in Chinese and in the dark', async () => {
    const plots = '&plot=scatter&x=params.rank&y=metrics.accuracy&color=params.mode&group=params.rank&columns=status,metrics.accuracy,params.rank,tags';
    await ada.goto(`${table}?sort=-metrics.accuracy${plots}`);
    await ada.setViewportSize({ width: 390, height: 900 });
    assert.equal(await overflow(ada), 0);
    await ada.setViewportSize({ width: 1280, height: 900 });
    await screenshots(ada, 'table', { widths: [1280, 390] });
    await chooseLanguage(ada, 'zh');
    await ada.goto(`${table}?filter=${encodeURIComponent('metrics.accuracy >')}`);
    await ada.getByText('第 19 个字符处').filter({ visible: true }).first().waitFor();
    await ada.getByRole('heading', { name: either('运行总表') }).waitFor();
    assert.equal(await overflow(ada), 0);
});
