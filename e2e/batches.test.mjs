// A task in three batches: one is given to a group, the next opens when nothing is left, a deadline passes and is moved; at the
// end its items are given to more people. Everybody is in a browser of their own. Nothing trains here.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { label, openTask } from './labelling.mjs';
import { api, button, createAccount, either, field, invite, link } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };
const alan = { name: 'Alan Turing', email: 'alan@example.org', password: 'a third sentence for a password' };
const rosa = { name: 'Rosa Parks', email: 'rosa@example.org', password: 'a fourth sentence for a password' };
// A screen has up to three items in advance: of a smaller batch one person would have it all.
const size = 12;
const items = 3 * size;

let server, browser, ada, gracePage, alanPage, rosaPage, project, id, task;
/** Of each page, what was answered there; the batch of each item. */
const said = new Map();
const batchOf = new Map();

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    ada = await openPage(browser, server);
    gracePage = await openPage(browser, server);
    alanPage = await openPage(browser, server);
    rosaPage = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('batches', () => ({ server, pages: [ada, gracePage, alanPage, rosaPage].filter(Boolean) }));

const ofTask = (rest = '') => `projects/${id}/annotation-tasks/${task}${rest}`;
const counts = async () => (await api(ada, 'GET', ofTask())).counts;
const batch = async (number) => (await api(ada, 'GET', ofTask('/batches'))).find((b) => b.number === number);
const isDone = async (number) => (await batch(number)).counts.given === size;
const row = (number) => ada.getByRole('row', { name: new RegExp(`Batch ${number}`) });
const toBatches = () => ada.goto(`${project}/annotation/${task}/batches`);

/** Nothing on the lead's page sticks out sideways. */
const fits = async () => {
    const before = ada.viewportSize();
    for (const width of [1280, 390]) {
        await ada.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(ada), 0, `${ada.url()} at ${width} px`);
    }
    await ada.setViewportSize(before);
};

/** Shows the annotator's screen anew, without anything in hand. */
const begin = async (page) => {
    await api(page, 'POST', ofTask('/give-back'));
    await page.goto(`${project}/annotation/${task}/work`);
    await hydrated(page);
};

/** The batch of the item that a page shows. */
const shows = (page) =>
    until('an item', 20_000, async () => {
        const item = page.locator('[data-item]');
        return (await item.count()) > 0 && batchOf.get(await item.getAttribute('data-item'));
    });

/** Labels an item, and waits until it has arrived; false where nothing is left. */
const judge = async (page) => {
    const { given } = await counts();
    if ((await label(page, { limit: 1, said: said.get(page) })) === 0) return false;
    await until('it has arrived', 20_000, async () => (await counts()).given === given + 1);
    return true;
};

/** They label in turns until a batch is done. */
const finish = async (number, pages) => {
    for (let turn = 0; !(await isDone(number)); turn++) {
        assert.ok(turn < 3 * items, `batch ${number} does not come to an end`);
        const page = pages[turn % pages.length];
        // What others had in hand may have come back since.
        if (!(await judge(page))) await begin(page);
    }
};

/** Sets the deadline of a batch by its form; an empty one takes it away. */
const setDeadline = async (number, day) => {
    await toBatches();
    const fold = ada.locator(`#batch-${number}`);
    await fold.locator('summary').click();
    await ada.locator(`#deadline-${number}`).fill(day);
    await button(fold, 'Save').click();
    await until('it is set', 10_000, async () => ((await batch(number)).deadline ?? '').slice(0, 10) === day);
    await toBatches();
};

step('a lead makes a group of two people', async () => {
    await createAccount(ada, await server.setupLink());
    await field(ada, 'Name').fill('Reviews');
    await button(ada, 'Create project').click();
    await ada.waitForURL('**/p/*');
    project = new URL(ada.url()).pathname;
    id = project.split('/')[2];
    for (const [page, who] of [[gracePage, grace], [alanPage, alan], [rosaPage, rosa]]) {
        await createAccount(page, await invite(ada, project, 'annotator'), who);
        said.set(page, new Map());
    }
    await ada.goto(`${project}/annotation`);
    await link(ada, 'Groups').click();
    await ada.getByText('No group yet').waitFor();
    await field(ada, 'Name').fill('Night shift');
    for (const { name } of [grace, alan]) await field(ada, name).check();
    await button(ada, 'Make the group').click();
    await ada.getByRole('heading', { name: 'Night shift' }).waitFor();
    const [group] = await api(ada, 'GET', `projects/${id}/groups`);
    assert.deepEqual(group.people.map((p) => p.name).sort(), [alan.name, grace.name]);
    await ada.locator('#name-new').fill('night SHIFT');
    await button(ada, 'Make the group').click();
    await ada.getByText('The project has a group of this name.').filter({ visible: true }).first().waitFor();
    await ada.goto(`${project}/annotation/groups`);
    await fits();
    await screenshots(ada, 'groups');
});

step('a task is cut into three batches, and the first is given to the group', async () => {
    task = await openTask(ada, id, items, { batch_size: size, batch_opening: 'in_order', review: 'nothing' });
    const { items: all } = await api(ada, 'GET', ofTask('/items?limit=100'));
    assert.equal(all.length, items);
    for (const item of all) batchOf.set(String(item.id), 1 + Math.floor(item.rank / size));
    await ada.goto(`${project}/annotation/${task}`);
    await link(ada, 'Batches').click();
    await row(3).waitFor();
    const statuses = await ada.locator('tbody .badge').allTextContents();
    assert.deepEqual(statuses, ['open', 'waiting', 'waiting']);
    await ada.locator('#batch-1 > summary').click();
    await ada.locator('#name-1').fill('Pilot');
    await ada.locator('#group-1').selectOption({ label: 'Night shift' });
    await button(ada.locator('#batch-1'), 'Save').click();
    await ada.getByRole('row', { name: /Batch 1 · Pilot/ }).getByText('Night shift').waitFor();
    await ada.goto(`${project}/annotation/groups`);
    await ada.getByText('1 tasks and batches are given to it').waitFor();
});

step('everybody is given items of their own batch alone', async () => {
    for (const page of [gracePage, alanPage, rosaPage]) await begin(page);
    assert.deepEqual([await shows(gracePage), await shows(alanPage)], [1, 1]);
    // The first batch is not hers: for her nothing is left, and the second one opens.
    assert.equal(await shows(rosaPage), 2);
    assert.deepEqual([(await batch(2)).status, (await batch(3)).status], ['open', 'waiting']);
    for (const page of [gracePage, rosaPage]) assert.ok(await judge(page));
    const batches = (page) => [...said.get(page).keys()].map((item) => batchOf.get(item));
    assert.deepEqual([batches(gracePage), batches(rosaPage)], [[1], [2]]);
    await toBatches();
    for (const number of [1, 2]) await row(number).getByText(either(`1 of ${size}`)).waitFor();
    await row(3).getByText(either(`0 of ${size}`)).waitFor();
    assert.equal(await overflow(rosaPage), 0);
});

step('a skip that the server refuses is set aside, and can be sent again', async () => {
    const refused = JSON.stringify({ Conflict: 'The server is being tidied' });
    await rosaPage.route('**/api/skip_item*', (route) => route.fulfill({ status: 409, contentType: 'application/json', body: refused }));
    await shows(rosaPage);
    await rosaPage.keyboard.press('s');
    const aside = rosaPage.locator('#work-aside li[data-letter]');
    await aside.getByText('Skip: The server is being tidied').waitFor();
    const skipped = async () => (await api(rosaPage, 'GET', ofTask('/mine'))).skipped;
    assert.equal(await skipped(), 0);
    await rosaPage.unroute('**/api/skip_item*');
    await button(aside, 'Send again').click();
    await until('it has arrived', 10_000, async () => (await skipped()) === 1);
    assert.equal(await aside.count(), 0);
});

step('the group finishes its batch and goes on with the next one', async () => {
    while (!(await isDone(1))) {
        for (const page of [gracePage, alanPage]) if (!(await isDone(1)) && (await shows(page)) === 1) await judge(page);
    }
    await until('they have gone on', 20_000, async () => (await shows(gracePage)) === 2 && (await shows(alanPage)) === 2);
    const first = [gracePage, alanPage].flatMap((page) => [...said.get(page).keys()]).filter((item) => batchOf.get(item) === 1);
    assert.equal(new Set(first).size, size);
    await toBatches();
    await row(1).getByText(either(`${size} of ${size}`)).waitFor();
    await fits();
    await screenshots(ada, 'batches');
});

step('the last batch opens once nothing is left of the others', async () => {
    await finish(2, [gracePage, alanPage, rosaPage]);
    await begin(rosaPage);
    assert.equal(await shows(rosaPage), 3);
    assert.equal((await batch(3)).status, 'open');
    await toBatches();
    assert.deepEqual(await ada.locator('tbody .badge').allTextContents(), ['open', 'open', 'open']);
});

step('the deadline of a batch passes, and is moved', async () => {
    await setDeadline(3, '2020-01-01');
    await row(3).getByText('2020-01-01').waitFor();
    await row(3).getByText('overdue').waitFor();
    for (const page of [gracePage, alanPage, rosaPage]) {
        await begin(page);
        await page.getByText('Nothing left for you').waitFor();
    }
    await setDeadline(3, '2099-12-31');
    await row(3).getByText('2099-12-31').waitFor();
    assert.equal(await row(3).getByText('overdue').count(), 0);
    await begin(rosaPage);
    assert.equal(await shows(rosaPage), 3);
    await rosaPage.getByText(/due in/).waitFor();
});

step('the deadline of the task passes as well, and is taken away', async () => {
    const set = async (day) => {
        await ada.goto(`${project}/annotation/${task}`);
        await ada.getByText('Change the deadline').click();
        await ada.locator('#deadline').fill(day);
        await button(ada.locator('form', { has: ada.locator('#deadline') }), 'Save').click();
        await until('it is set', 10_000, async () => ((await api(ada, 'GET', ofTask())).deadline ?? '').slice(0, 10) === day);
        await ada.goto(`${project}/annotation/${task}`);
    };
    await set('2020-01-01');
    await ada.getByText('overdue').first().waitFor();
    await begin(rosaPage);
    await rosaPage.getByText('The deadline has passed').filter({ visible: true }).first().waitFor();
    await set('');
    assert.equal(await ada.getByText('overdue').count(), 0);
    await begin(rosaPage);
    assert.equal(await shows(rosaPage), 3);
});

step('all batches are done', async () => {
    await finish(3, [rosaPage, gracePage, alanPage]);
    await toBatches();
    for (const number of [1, 2, 3]) await row(number).getByText(either(`${size} of ${size}`)).waitFor();
    await ada.goto(`${project}/annotation/${task}`);
    await ada.getByText(either(`${items} of ${items}`)).waitFor();
    const people = [grace, alan, rosa].map((who) => ada.getByRole('row', { name: new RegExp(who.name) }));
    for (const person of people) await person.first().waitFor();
    await fits();
    await screenshots(ada, 'batches-board');
});

step('the items are given to more people', async () => {
    await ada.locator('details:has(#overlap) > summary').click();
    await ada.getByText('Now 1 for an item.').waitFor();
    await fits();
    const form = ada.locator('form', { has: ada.locator('#overlap') });
    assert.equal(await ada.locator('#overlap').inputValue(), '2');
    await form.locator('.confirm > summary').click();
    await form.getByText('This cannot be taken back.').waitFor();
    await form.locator('.confirm button[type=submit]').click();
    await until('they want more', 20_000, async () => (await counts()).wanted === 2 * items);
    await ada.goto(`${project}/annotation/${task}`);
    await ada.getByText(either(`${items} of ${2 * items}`)).waitFor();
    const { open, judged } = await counts();
    assert.deepEqual([open, judged], [items, 0]);
    // Rosa comes to what others have judged, and nothing of it is hers. The first batch is the group's still.
    await begin(rosaPage);
    assert.notEqual(await shows(rosaPage), 1);
    assert.ok(!said.get(rosaPage).has(await rosaPage.locator('[data-item]').getAttribute('data-item')));
    await begin(gracePage);
    await shows(gracePage);
    assert.ok(!said.get(gracePage).has(await gracePage.locator('[data-item]').getAttribute('data-item')));
});
