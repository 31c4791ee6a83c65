// A labelling day, compressed: two annotators, a reviewer and a lead at work at once on one task, through a lost connection
// and a server that is stopped and started. At its end nothing is lost or there twice, and the labels are a version.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, openBrowser, openPage, overflow, story, until } from './harness.mjs';
import { byKeys, byTouch, label, labels, openTask, paints, quantile, right, watchPaints } from './labelling.mjs';
import { api, button, createAccount, field, invite, link } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };
const alan = { name: 'Alan Turing', email: 'alan@example.org', password: 'a third sentence for a password' };
const rosa = { name: 'Rosa Parks', email: 'rosa@example.org', password: 'a fourth sentence for a password' };
const items = 40;

let server, browser, ada, gracePage, alanPage, rosaPage, project, id, task;
const said = { grace: new Map(), alan: new Map() };

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    ada = await openPage(browser, server);
    gracePage = await openPage(browser, server);
    alanPage = await openPage(browser, server, { width: 390 });
    rosaPage = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const pages = () => [ada, gracePage, alanPage, rosaPage].filter(Boolean);
const step = story('labelling-day', () => ({ server, pages: pages() }));

const work = () => `${project}/annotation/${task}/work`;
const judged = async (page) => (await api(page, 'GET', `projects/${id}/annotation-tasks/${task}/mine`)).judged;
const counts = async () => (await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}`)).counts;

/** Alan reads some rows otherwise. */
const differently = (number) => (number % 8 === 3 ? labels.find((l) => l !== right(number)) : right(number));
const graceWorks = (limit) => label(gracePage, { act: byKeys, limit, said: said.grace });
const alanWorks = (limit) => label(alanPage, { act: byTouch, answer: differently, limit, said: said.alan });

/** Does what leads to another page, and waits for that. */
const through = async (page, act) => {
    const loaded = page.waitForEvent('load');
    await act();
    await loaded;
    await hydrated(page);
};

/** Shows the screen anew, and waits until it has items in advance. */
const inAdvance = async (page) => {
    const taken = page.waitForResponse(/take_items/);
    await page.goto(work());
    await (await taken).finished();
    await page.evaluate(() => new Promise(requestAnimationFrame));
};

/** The browser complains of connections that we took away. */
const forgetComplaints = () => pages().forEach((page) => (page.complaints = page.complaints.filter((c) => !/net::ERR_|Failed to load resource/.test(c))));

step('a lead opens a task, and people join', async () => {
    await createAccount(ada, await server.setupLink());
    await field(ada, 'Name').fill('Reviews');
    await button(ada, 'Create project').click();
    await ada.waitForURL('**/p/*');
    project = new URL(ada.url()).pathname;
    id = project.split('/')[2];
    await createAccount(gracePage, await invite(ada, project, 'annotator'), grace);
    await createAccount(alanPage, await invite(ada, project, 'annotator'), alan);
    await createAccount(rosaPage, await invite(ada, project, 'scientist'), rosa);
    task = await openTask(ada, id, items, { overlap: 2, review: 'share', review_share: 0.4 });
    for (const page of [gracePage, alanPage]) {
        await page.goto(work());
        await hydrated(page);
        assert.equal(await overflow(page), 0);
    }
});

step('the next item does not wait for the server', async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    let asked = 0;
    await gracePage.route('**/api/submit_judgement*', async (route) => {
        asked += 1;
        await held;
        await route.continue();
    });
    const first = await gracePage.locator('[data-item]').getAttribute('data-item');
    await inAdvance(gracePage);
    await graceWorks(1);
    const second = await gracePage.locator('[data-item]').getAttribute('data-item');
    assert.notEqual(second, first);
    assert.equal(await judged(gracePage), 0, 'the server has not heard of it');
    await until('it is on its way', 5000, () => asked === 1);
    release();
    await until('it has arrived', 10_000, async () => (await judged(gracePage)) === 1);
    await gracePage.unroute('**/api/submit_judgement*');
});

step('what the server never takes is set aside, and holds up nothing', async () => {
    await inAdvance(gracePage);
    const never = new RegExp(`(^|&)item=${await gracePage.locator('[data-item]').getAttribute('data-item')}(&|$)`);
    await gracePage.route('**/api/submit_judgement*', (route) => (never.test(route.request().postData() ?? '') ? route.fulfill({ status: 404, body: 'gone' }) : route.continue()));
    await graceWorks(2);
    await until('the other has arrived', 10_000, async () => (await judged(gracePage)) === said.grace.size - 1);
    const aside = gracePage.locator('#work-aside li[data-letter]');
    await until('it is set aside', 20_000, async () => {
        // The screen tries again by itself; this only spares the pauses.
        await gracePage.evaluate(() => dispatchEvent(new Event('online')));
        return (await aside.count()) === 1;
    });
    await gracePage.unroute('**/api/submit_judgement*');
    await button(aside, 'Send again').click();
    await until('it has arrived', 10_000, async () => (await judged(gracePage)) === said.grace.size);
    assert.equal(await aside.count(), 0);
});

step('two label at once, one of them through a lost connection', async () => {
    const offline = async () => {
        await graceWorks(6);
        await until('nothing waits', 10_000, async () => (await judged(gracePage)) === said.grace.size);
        await inAdvance(gracePage);
        await watchPaints(gracePage);
        await gracePage.context().setOffline(true);
        await graceWorks(2);
        await gracePage.getByText(/Offline – 2 waiting/).waitFor();
        await gracePage.context().setOffline(false);
        await graceWorks(4);
    };
    await Promise.all([offline(), alanWorks(14)]);
    await until('all has arrived', 30_000, async () => (await counts()).given === said.grace.size + said.alan.size);
    forgetComplaints();
    await ada.goto(`${project}/annotation/${task}`);
    for (const { name } of [grace, alan]) await ada.getByRole('row', { name: new RegExp(name) }).first().waitFor();
});

step('a reviewer sends one back and mends another meanwhile, and the server is stopped and started', async () => {
    const review = async () => {
        await until('something waits for the reviewer', 20_000, async () => (await counts()).review >= 2);
        await rosaPage.goto(`${project}/annotation/${task}/review`);
        await hydrated(rosaPage);
        await rosaPage.keyboard.press('r');
        await rosaPage.locator('textarea:focus').fill('请再看一遍');
        await through(rosaPage, () => rosaPage.locator('details[open] button[type=submit]').click());
        await rosaPage.keyboard.press('f');
        await rosaPage.keyboard.press('2');
        await through(rosaPage, () => rosaPage.keyboard.press('Enter'));
        assert.ok((await counts()).accepted >= 1);
    };
    await Promise.all([review(), graceWorks(4), alanWorks(4)]);
    const working = Promise.all([graceWorks(8), alanWorks(8)]);
    await server.stop();
    server = await Server.start({ data: server.data, port: server.port });
    // Their screens try again by themselves; this only spares the wait.
    for (const page of [gracePage, alanPage]) await page.evaluate(() => dispatchEvent(new Event('online')));
    await working;
    forgetComplaints();
    console.log(`next item after the key, painted: ${await figures()}`);
});

/** How long it took until the next item was painted. */
const figures = async () => {
    const all = await paints(gracePage);
    assert.ok(all.length > 0, 'items were there in advance');
    return `median ${quantile(all, 0.5).toFixed(1)} ms, 95 % within ${quantile(all, 0.95).toFixed(1)} ms, of ${all.length}`;
};

step('all is labelled, reviewed and decided', async () => {
    await Promise.all([graceWorks(), alanWorks()]);
    for (let round = 0; round < 3 && (await counts()).open > 0; round++) {
        // What was sent back comes to whoever looks again.
        for (const page of [gracePage, alanPage]) {
            await page.goto(work());
            await hydrated(page);
        }
        await Promise.all([graceWorks(), alanWorks()]);
        for (const page of [gracePage, alanPage]) await until('what was sent has arrived', 20_000, () => page.evaluate(() => !Object.keys(localStorage).some((key) => key.endsWith('-letters'))));
    }
    await rosaPage.goto(`${project}/annotation/${task}/review`);
    await hydrated(rosaPage);
    for (let { review } = await counts(); review > 0; { review } = await counts()) await through(rosaPage, () => rosaPage.keyboard.press('a'));
    const { adjudication } = await counts();
    assert.ok(adjudication > 0, 'they differ somewhere');
    await rosaPage.goto(`${project}/annotation/${task}/adjudicate`);
    await hydrated(rosaPage);
    for (let left = adjudication; left > 0; left--) await through(rosaPage, () => rosaPage.keyboard.press('1'));
    const { open, review, adjudication: undecided } = await counts();
    assert.deepEqual([open, review, undecided], [0, 0, 0]);
});

step('nothing is lost, and nothing is there twice', async () => {
    const { items: all } = await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}/items?limit=100`);
    assert.equal(all.length, items);
    for (const item of all) {
        const current = item.judgements.filter((j) => j.origin === 'annotator' && !j.superseded);
        const by = Object.fromEntries(current.map((j) => [j.by.name, j.judgement.answers.tone.value]));
        assert.deepEqual(by, { [grace.name]: said.grace.get(String(item.id)), [alan.name]: said.alan.get(String(item.id)) });
        assert.equal(current.length, 2);
    }
});

step('how far they agree is shown, and the labels become a version', async () => {
    const agreement = await api(ada, 'GET', `projects/${id}/annotation-tasks/${task}/agreement`);
    assert.equal(agreement.items, items);
    const [tone] = agreement.questions;
    assert.ok(tone.value > 0 && tone.value < 1, `alpha ${tone.value}`);
    await ada.goto(`${project}/annotation/${task}`);
    await link(ada, 'Agreement').click();
    await ada.getByText(tone.value.toFixed(3)).first().waitFor();
    await ada.goto(`${project}/annotation/${task}/labels`);
    await button(ada, 'Make the next version').click();
    await ada.waitForURL(/\/v\/2/, { timeout: 60_000 });
});
