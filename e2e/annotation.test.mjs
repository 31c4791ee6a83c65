// People label data at the same time, each in a browser of their own: by keyboard, through a lost connection, without
// JavaScript; a reviewer sends back and accepts, and decides where they differ. Nothing trains here.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, createAccount, either, field, invite, link } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };
const alan = { name: 'Alan Turing', email: 'alan@example.org', password: 'a third sentence for a password' };
const items = 6;

let server, browser, ada, gracePage, alanPage, project, id, task;

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    ada = await openPage(browser, server);
    gracePage = await openPage(browser, server);
    alanPage = await openPage(browser, server, { javaScriptEnabled: false });
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('annotation', () => ({ server, pages: [ada, gracePage, alanPage].filter(Boolean) }));

/** Every text begins alike, so that the same keys mark the same words: 北京 are the characters 4 and 5. */
const rows = Array.from({ length: 40 }, (_, i) => ({ text: `👍小明在北京的第 ${i} 家店买了东西，${i * 7919} 号订单 ${(i * 31) ** 3}`, label: i % 2 ? '正面' : '负面' }));

const design = {
    show: 'prompt',
    questions: [
        { name: 'tone', title: 'Tone', kind: 'choice', options: [{ value: '正面' }, { value: '负面' }] },
        { name: 'why', title: 'Why so bad?', kind: 'choices', options: [{ value: 'rude', hotkey: 'u' }, { value: 'slow', hotkey: 'w' }], when: { question: 'tone', any_of: ['负面'] } },
        { name: 'places', title: 'Places', kind: 'spans', labels: [{ value: 'place', title: '地点', hotkey: 'd' }, { value: 'person', title: '人物', hotkey: 'r' }], relations: [{ value: 'in' }] },
        { name: 'note', title: 'Note', kind: 'text', required: false },
    ],
};

const state = (page) => page.locator('#work-state');
const item = (page) => page.locator('[data-item]').getAttribute('data-item');
const judgements = (page) => api(page, 'GET', `projects/${id}/annotation-tasks/${task}/my-judgements?limit=50`);
const current = async (page) => (await judgements(page)).filter((j) => !j.superseded);

/** Waits until the screen shows another item, and returns its id. */
const another = (page, before) => until('the next item', 20_000, async () => {
    const shown = page.locator('[data-item]');
    const now = (await shown.count()) ? await shown.getAttribute('data-item') : null;
    return now !== before && now;
}, 20);

step('a lead makes a task, and two annotators join', async () => {
    await createAccount(ada, await server.setupLink());
    await field(ada, 'Name').fill('Reviews');
    await button(ada, 'Create project').click();
    await ada.waitForURL('**/p/*');
    project = new URL(ada.url()).pathname;
    id = project.split('/')[2];
    await createAccount(gracePage, await invite(ada, project, 'annotator'), grace);
    await createAccount(alanPage, await invite(ada, project, 'annotator'), alan);
    const upload = await api(ada, 'POST', `projects/${id}/uploads?file_name=reviews.jsonl`, rows.map((row) => JSON.stringify(row)).join('\n'));
    const job = await api(ada, 'POST', `projects/${id}/imports`, { upload_id: upload.id, name: 'Reviews' });
    await until('the reviews are imported', 60_000, async () => (await api(ada, 'GET', `projects/${id}/jobs/${job.id}`)).status === 'succeeded');
    const [dataset] = (await api(ada, 'GET', `projects/${id}/datasets`)).items;
    const made = await api(ada, 'POST', `projects/${id}/annotation-tasks`, {
        name: 'Tone and places',
        source: { kind: 'version', version_id: dataset.latest_version_id, splits: ['train'], limit: items },
        design,
        distribution: { overlap: 2, review: 'all' },
        guideline: '# Tone\nWhat the writer **feels**.\n\n- 正面: praise\n- 负面: blame\n',
    });
    task = made.task_id;
    await until('the items are made', 60_000, async () => (await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}`)).filled);
    await gracePage.goto(`${project}/annotation/${task}/work`);
    await gracePage.getByText('The task is not open yet').waitFor();
    await api(ada, 'PUT', `projects/${id}/annotation-tasks/${task}/status`, { status: 'open' });
    await link(gracePage.getByRole('navigation').first(), 'Annotation').waitFor();
});

step('an item is labelled by keyboard, spans in Chinese and emoji included', async () => {
    await gracePage.goto(`${project}/annotation/${task}/work`);
    await hydrated(gracePage);
    assert.equal(await overflow(gracePage), 0);
    const first = await item(gracePage);
    const keys = gracePage.keyboard;
    await keys.press('Enter');
    await gracePage.getByText('“Tone” needs an answer.').waitFor();
    await keys.press('2');
    await gracePage.getByRole('group', { name: 'Why so bad?' }).waitFor();
    await keys.press('u');
    assert.ok(await gracePage.getByLabel('rude').isChecked());
    await keys.press('1');
    await gracePage.getByRole('group', { name: 'Why so bad?' }).waitFor({ state: 'hidden' });
    await gracePage.locator('.span-text').focus();
    for (let i = 0; i < 4; i++) await keys.press('ArrowRight');
    for (let i = 0; i < 2; i++) await keys.press('Shift+ArrowRight');
    await keys.press('d');
    await gracePage.locator('.span-list').getByText('北京').waitFor();
    // 小明在北京 around it: the two overlap.
    await keys.press('Home');
    await keys.press('ArrowRight');
    for (let i = 0; i < 5; i++) await keys.press('Shift+ArrowRight');
    await keys.press('r');
    await gracePage.locator('.span-list').getByText('小明在北京').waitFor();
    assert.equal(await gracePage.locator('.span-text .span-layer-1').count() > 0, true, 'overlapping marks lie in layers');
    await screenshots(gracePage, 'annotation-work');
    await hydrated(gracePage);
    // The page was loaded anew on the way: what had been entered is there.
    await gracePage.locator('.span-list').getByText('小明在北京').waitFor();
    assert.equal(await item(gracePage), first);
    await keys.press('?');
    await gracePage.getByRole('dialog').waitFor();
    await keys.press('Escape');
    await keys.press('g');
    await gracePage.getByText('What the writer').waitFor();
    await keys.press('Enter');
    await another(gracePage, first);
    await gracePage.getByText(either('Saved')).waitFor();
    const [sent] = await current(gracePage);
    assert.equal(String(sent.item_id), first);
    assert.deepEqual(sent.judgement.answers.tone, { kind: 'choice', value: '正面' });
    assert.deepEqual(sent.judgement.answers.places.spans, [{ start: 4, end: 6, label: 'place' }, { start: 1, end: 6, label: 'person' }]);
    assert.equal(sent.judgement.answers.why, undefined, 'what is not asked is not said');
    assert.ok(sent.duration_ms > 0);
});

step('text is marked by mouse as well', async () => {
    const text = gracePage.locator('.span-text');
    await text.evaluate((e) => {
        const node = e.firstChild;
        const range = document.createRange();
        // In UTF-16, as browsers count: the emoji is two units.
        range.setStart(node, 2);
        range.setEnd(node, 4);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
    });
    await until('the selection is noticed', 5000, () => text.getAttribute('data-picked'));
    await gracePage.getByRole('button', { name: /人物/ }).click();
    await gracePage.locator('.span-list').getByText('小明', { exact: true }).waitFor();
    await gracePage.locator('.span-list').getByRole('button').click();
    await gracePage.locator('.span-list li').waitFor({ state: 'detached' });
});

step('a lost connection loses nothing and doubles nothing', async () => {
    const keys = gracePage.keyboard;
    await until('items are there in advance', 10_000, async () => (await current(gracePage)).length === 1);
    const before = await item(gracePage);
    await gracePage.context().setOffline(true);
    await keys.press('1');
    await keys.press('Enter');
    const second = await another(gracePage, before);
    await gracePage.getByText(/Offline – 1 waiting/).waitFor();
    await keys.press('1');
    await keys.press('Enter');
    await gracePage.getByText(/Offline – 2 waiting/).waitFor();
    await gracePage.context().setOffline(false);
    await until('both have arrived', 40_000, async () => (await current(gracePage)).length === 3);
    const all = await judgements(gracePage);
    assert.deepEqual([all.length, new Set(all.map((j) => j.item_id)).size], [3, 3], 'each counts once');
    assert.ok(all.some((j) => String(j.item_id) === second));
    // The browser complains of the lost connection; we asked for it.
    gracePage.complaints = gracePage.complaints.filter((c) => !/ERR_INTERNET_DISCONNECTED|Failed to load resource/.test(c));
});

step('the last judgement is changed, an item is skipped', async () => {
    const keys = gracePage.keyboard;
    const here = await another(gracePage, null);
    await keys.press('z');
    const last = await another(gracePage, here);
    await gracePage.getByText('Changing what was sent last').waitFor();
    assert.ok(await gracePage.getByLabel('正面').isChecked());
    await keys.press('2');
    await keys.press('w');
    await keys.press('Enter');
    await until('the change has arrived', 20_000, async () => (await current(gracePage)).some((j) => String(j.item_id) === last && j.judgement.answers.tone.value === '负面'));
    assert.equal((await current(gracePage)).length, 3, 'it takes the place of the one before');
    const skipped = await another(gracePage, last);
    await keys.press('s');
    await another(gracePage, skipped);
    await until('it is given back', 10_000, async () => (await api(gracePage, 'GET', `projects/${id}/annotation-tasks/${task}/mine`)).skipped === 1);
    await gracePage.getByLabel('Send at once').check();
    for (let done = 3; done < items - 1; done++) {
        const now = await another(gracePage, null);
        await gracePage.getByLabel('正面').click();
        await until('it is sent by the choice', 20_000, async () => (await current(gracePage)).some((j) => String(j.item_id) === now));
    }
    await gracePage.getByText('Nothing left for you').waitFor();
    await gracePage.reload();
    await button(gracePage, 'Take the 1 skipped items again').click();
    await gracePage.locator('[data-item]').waitFor();
    await hydrated(gracePage);
    const again = await item(gracePage);
    await keys.press('1');
    await until('the skipped one is judged', 20_000, async () => (await current(gracePage)).some((j) => String(j.item_id) === again));
    await gracePage.getByText('Nothing left for you').waitFor();
});

step('another annotator works without JavaScript', async () => {
    await alanPage.goto(`${project}/annotation/${task}/work`);
    await button(alanPage, 'Send').click();
    await alanPage.getByLabel('Item').getByText('“Tone” needs an answer.').waitFor();
    for (let done = 0; done < items; done++) {
        await alanPage.getByLabel('正面').check();
        if (done === 0) await alanPage.getByLabel('Spans').fill('4-6 place\n1-6 person');
        await button(alanPage, 'Send').click();
        await until('the next page', 10_000, async () => (await current(alanPage)).length === done + 1);
        await alanPage.goto(`${project}/annotation/${task}/work`);
    }
    await alanPage.getByText('Nothing left for you').waitFor();
    await alanPage.goto(`${project}/annotation/${task}/review`);
    await alanPage.getByText('Your role in this project does not allow this.').waitFor();
});

step('a reviewer sends back and accepts', async () => {
    await ada.goto(`${project}/annotation/${task}/review`);
    await hydrated(ada);
    assert.equal(await overflow(ada), 0);
    await ada.getByText(grace.name).first().waitFor();
    await screenshots(ada, 'annotation-review');
    await hydrated(ada);
    const counts = async () => (await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}`)).counts;
    const { review, adjudication } = await counts();
    assert.deepEqual([review, adjudication], [items - 1, 1]);
    await ada.keyboard.press('r');
    await ada.locator('textarea:focus').fill('Look at the second half');
    await ada.locator('details[open] button[type=submit]').click();
    await until('one goes back', 10_000, async () => (await counts()).review === review - 1);
    await ada.goto(`${project}/annotation/${task}/review`);
    await hydrated(ada);
    await ada.keyboard.press('a');
    await until('one is accepted', 10_000, async () => (await counts()).accepted === 1);
    await ada.goto(`${project}/annotation/${task}/review`);
    await hydrated(ada);
    await ada.keyboard.press('f');
    await ada.keyboard.press('2');
    await ada.keyboard.press('u');
    await ada.keyboard.press('Enter');
    await until('one is fixed', 10_000, async () => (await counts()).accepted === 2);
});

step('what came back says why', async () => {
    await alanPage.goto(`${project}/annotation/${task}/work`);
    await gracePage.goto(`${project}/annotation/${task}/work`);
    await hydrated(gracePage);
    const page = (await alanPage.getByText('Look at the second half').count()) ? alanPage : gracePage;
    await page.getByText('Sent back by a reviewer').waitFor();
    if (page === gracePage) await page.getByLabel('Send at once').uncheck();
    await page.getByLabel('正面').check();
    await button(page, 'Send').click();
    await until('it is judged again', 20_000, async () => (await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}`)).counts.open === 0);
});

step('a person decides where two differ', async () => {
    await ada.goto(`${project}/annotation/${task}/adjudicate`);
    await hydrated(ada);
    await ada.locator('tr.differs').first().waitFor();
    assert.equal(await overflow(ada), 0);
    await screenshots(ada, 'annotation-adjudicate');
    await hydrated(ada);
    await ada.keyboard.press('1');
    await until('it is decided', 10_000, async () => (await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}`)).counts.accepted === 3);
    await api(ada, 'PUT', `projects/${id}/annotation-tasks/${task}/status`, { status: 'closed' });
    await gracePage.goto(`${project}/annotation/${task}/work`);
    await gracePage.getByText('The task is closed').waitFor();
    await screenshots(gracePage, 'annotation-closed', { themes: ['light'] });
});

step('what people said becomes the next version, and files', async () => {
    const place = `${project}/annotation/${task}`;
    await ada.goto(place);
    await ada.getByText('Grace Hopper').first().waitFor();
    assert.equal(await overflow(ada), 0);
    await screenshots(ada, 'annotation-board');
    await link(ada, 'Agreement').click();
    await ada.getByRole('heading', { name: 'Tone', exact: true }).waitFor();
    await ada.getByText('Krippendorff’s α').or(ada.getByText("Krippendorff's α")).first().waitFor();
    assert.equal(await overflow(ada), 0);
    await screenshots(ada, 'annotation-agreement');
    await ada.goto(`${place}/items`);
    await screenshots(ada, 'annotation-items', { themes: ['light'] });
    await ada.getByRole('rowheader').first().getByRole('link').click();
    await ada.getByRole('heading', { name: 'What people said' }).waitFor();
    assert.equal(await overflow(ada), 0);
    await screenshots(ada, 'annotation-item', { themes: ['light'] });
    await ada.goto(`${place}/labels`);
    await screenshots(ada, 'annotation-labels', { themes: ['light'] });
    await button(ada, 'Compute').click();
    await ada.waitForURL((url) => url.pathname === place);
    await ada.goto(`${place}/labels`);
    await button(ada, 'Make the next version').click();
    await ada.waitForURL(/\/v\/2/, { timeout: 60_000 });
    const lines = (await ada.evaluate((address) => fetch(address).then((answer) => answer.text()), `/api/v1${place.replace('/p/', '/projects/').replace('/annotation/', '/annotation-tasks/')}/export?kind=consensus`)).trim().split('\n');
    assert.equal(lines.length, items);
    for (const line of lines) assert.ok(['正面', '负面'].includes(JSON.parse(line).answers.tone.value), line);
});

step('a task is planned in a form that shows what annotators will see', async () => {
    await ada.goto(`${project}/annotation`);
    await ada.getByText('Tone and places').waitFor();
    await screenshots(ada, 'annotation-tasks', { themes: ['light'] });
    await link(ada, 'New task').click();
    await field(ada, 'Name').fill('Which names');
    await ada.locator('#template').selectOption('entities');
    await button(ada, 'Use').click();
    await ada.locator('#preview').getByText('Person').first().waitFor();
    await ada.locator('#add_kind').selectOption('rating');
    await button(ada, 'Add').click();
    await ada.locator('#q1').waitFor();
    assert.equal(await field(ada, 'Name').inputValue(), 'Which names', 'what was typed stays');
    await ada.locator('[name="q1.min"]').fill('9');
    await button(ada, 'Create the task').click();
    await ada.getByText('The lowest must be below the highest').filter({ visible: true }).first().waitFor();
    assert.equal(await ada.locator('[name="q0.options"]').inputValue(), 'PER | Person\nLOC | Place\nORG | Organisation');
    await ada.locator('[name="q1.min"]').fill('1');
    assert.equal(await overflow(ada), 0);
    await screenshots(ada, 'annotation-new', { themes: ['light'] });
    await ada.goto(`${project}/annotation/new`);
    await field(ada, 'Name').fill('Which names');
    await button(ada, 'Create the task').click();
    await ada.waitForURL(/\/annotation\/[0-9a-f-]+/);
    await button(ada, 'Open').click({ timeout: 60_000 });
    await ada.getByText('in progress').or(ada.locator('.badge-busy')).first().waitFor();
    await ada.goto(`${project}/annotation/${task}/guideline`);
    await ada.locator('textarea[name=text]').fill('# Tone\nWhat the writer **feels**.\n\n- 正面: praise\n- 负面: blame, also a return\n');
    await button(ada, 'Save as the next revision').click();
    await ada.getByText('Revision 2').waitFor();
    await screenshots(ada, 'annotation-guideline', { themes: ['light'] });
});
