// Judges and people in a real browser: a judge is made by form, asked about a model's answers, held against what a person says of
// them until it counts, becomes a metric of a suite with a gate, stands in a report, and is another one once another model is
// behind its endpoint; people compare two models; and two runs of the suite that differ in their seed are one candidate. The judge's endpoint is somebody else's service: here a small one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { Server, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, createAccount, createSampleProject, ended, field, link, sampleProjectReady } from './steps.mjs';

/** More than the 30 answers that a judge needs to be believed. */
const samples = 36;

let server, browser, page, critic, data, project, id, launched, recipe, run, judge, judging, task, suite;
/** What the service gave each request, by the request's text. */
const given = new Map();

/** Text between the fences behind a heading of the usual question. */
const fenced = (question, heading) => {
    const rest = question.slice(question.indexOf(heading) + heading.length);
    const text = rest.slice(rest.indexOf('\n', rest.indexOf('<<<')) + 1);
    return text.slice(0, text.indexOf('\nDATA-'));
};

/** An OpenAI-compatible service that rates an answer by nothing but the request, and always alike. */
const service = () =>
    createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        const question = JSON.parse(body).messages[0].content;
        const asked = fenced(question, 'The request:');
        const score = [...asked].reduce((sum, c) => sum + c.codePointAt(0), 0) % 2 ? 5 : 1;
        given.set(asked, score);
        const content = JSON.stringify({ reason: 'as the request wants it', scores: { truth: score } });
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }], usage: { prompt_tokens: 90, completion_tokens: 9 } }));
    });

/** The server's settings, with this model behind the endpoint. */
const settings = (model) =>
    writeFileSync(path.join(data, 'lathe.toml'), `[[endpoints]]\nname = "critic"\nurl = "http://127.0.0.1:${critic.address().port}/v1"\nmodel = "${model}"\n`);

before(async () => {
    critic = service();
    await new Promise((resolve) => critic.listen(0, '127.0.0.1', resolve));
    data = mkdtempSync(path.join(tmpdir(), 'lathe-e2e-'));
    chmodSync(data, 0o755); // the embedded Postgres may run as another user
    settings('critic-1');
    server = await Server.start({ data });
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
    critic?.closeAllConnections();
    critic?.close();
});

const told = story('judges', () => ({ server, pages: page ? [page] : [] }));
const step = (title, work) => told(title, work, 15 * 60_000);

/** Nothing on the page sticks out sideways. */
const fits = async () => {
    const before = page.viewportSize();
    for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(page), 0, `${page.url()} at ${width} px`);
    }
    await page.setViewportSize(before);
};

/** Makes the task's items, opens it, and returns what is to be judged. */
const opened = async (of) => {
    await until('the items are made', 60_000, async () => (await api(page, 'GET', `projects/${id}/annotation-tasks/${of}`)).filled);
    await api(page, 'PUT', `projects/${id}/annotation-tasks/${of}/status`, { status: 'open' });
};

/** Judges up to `most` items of a task as the person on the page; `answer` is asked what it says of an item. How many it were. */
const say = async (of, question, most, answer) => {
    for (let done = 0; done < most; done++) {
        const { items = [] } = await api(page, 'POST', `projects/${id}/annotation-tasks/${of}/work?count=1`);
        if (items.length === 0) return done;
        const answers = { [question]: answer(items[0], done) };
        await api(page, 'POST', `projects/${id}/annotation-tasks/${of}/items/${items[0].item_id}/judgements`, { key: randomUUID(), answers });
    }
    return most;
};

/** What the service gave the request of this item. */
const asTheJudge = ({ content }) => {
    const asked = content.messages.filter((m) => m.role === 'user').at(-1).content;
    const known = [...given.keys()].find((text) => text === asked || text.endsWith(asked));
    assert.ok(known, `nobody asked about ${asked}`);
    return { kind: 'rating', value: given.get(known) };
};

/** Holds the judge against what people have said until now, and waits for what that comes to. */
const calibrate = async (expected) => {
    await page.goto(judging);
    await page.locator('#calibrate #task').selectOption(task);
    await page.locator('#calibrate #question').fill('truth');
    await button(page, 'Measure').click();
    await page.waitForURL(/\/judges\/[0-9a-f-]{36}$/);
    await page.locator('#versions summary .badge', { hasText: expected }).first().waitFor();
};

step('a run answers the test split', async () => {
    await createAccount(page, await server.setupLink());
    project = await createSampleProject(page);
    id = project.split('/')[2];
    await sampleProjectReady(page, project);
    const [model] = await api(page, 'GET', `projects/${id}/models`);
    const [dataset] = (await api(page, 'GET', `projects/${id}/datasets`)).items;
    const [version] = await api(page, 'GET', `projects/${id}/datasets/${dataset.id}/versions`);
    recipe = {
        schedule: { max_steps: 2 },
        batch: { micro_batch: 4, accumulation: 1, max_length: 96 },
        evaluation: { validation_samples: 4, previews: 0, test_samples: samples },
    };
    launched = { model_id: model.id, version_id: version.id };
    run = (await api(page, 'POST', `projects/${id}/runs`, { ...launched, recipe })).id;
    await page.goto(`${project}/runs/${run}`);
    assert.equal(await ended(page, 10 * 60_000), 'Succeeded');
});

step('a judge is made by form', async () => {
    await page.goto(`${project}/judges`);
    await page.getByText('No judge yet').waitFor();
    await screenshots(page, 'judges-empty', { langs: ['en'], themes: ['dark'] });
    await link(page, 'New judge').first().click();
    await page.locator('#writer').selectOption('endpoint:critic');
    await page.locator('#name').fill('Strict critic');
    await page.locator('#criteria').fill('truth');
    await button(page, 'Make it').click();
    await page.getByText('is neither a criterion').filter({ visible: true }).first().waitFor();
    assert.equal(await page.locator('#name').inputValue(), 'Strict critic', 'a refused form keeps what was typed');
    await page.locator('#criteria').fill('truth 1-5: Is the answer right?\n1 = wrong\n5 = right');
    await page.locator('#repeats').fill('2');
    await fits();
    await button(page, 'Make it').click();
    await page.waitForURL(/\/judges\/[0-9a-f-]{36}$/);
    judge = new URL(page.url()).pathname;
    await page.getByText('Not held against labels of people yet.').waitFor();
    await page.getByText('critic-1').first().waitFor();
});

step('it is asked about the answers, and counts for nothing yet', async () => {
    const evaluation = await page.locator('#ask #first').inputValue();
    await button(page, 'Ask').click();
    await page.waitForURL(/\/judgings\/[0-9a-f-]{36}$/);
    judging = new URL(page.url()).pathname;
    await until('the judge has answered everything', 2 * 60_000, async () => {
        const found = await api(page, 'GET', `projects/${id}${judging.slice(project.length)}`);
        assert.equal(found.wanted, 2 * samples);
        return found.answered === found.wanted;
    }, 300);
    await page.goto(judging);
    await page.getByText('This judge does not count').waitFor();
    await page.locator('#figures').waitFor();
    await fits();
    const made = await api(page, 'POST', `projects/${id}/annotation-tasks`, {
        name: 'Are they right?',
        source: { kind: 'evaluations', eval_ids: [evaluation] },
        design: { show: 'conversation', questions: [{ name: 'truth', title: 'Is the answer right?', kind: 'rating', min: 1, max: 5 }] },
    });
    task = made.task_id;
    await opened(task);
});

step('a person judges the same answers; few of them prove nothing', async () => {
    assert.equal(await say(task, 'truth', 10, asTheJudge), 10);
    await calibrate('too few labels');
    assert.equal(await say(task, 'truth', samples, asTheJudge), samples - 10);
    assert.equal(new Set(given.values()).size, 2, 'the service has given both numbers');
    await calibrate('counts');
    await fits();
    await screenshots(page, 'judge');
    await page.goto(judging);
    await screenshots(page, 'judging');
});

step('it is a metric of a suite, and its gate is judged', async () => {
    await page.goto(`${project}/suites/new`);
    await field(page, 'Name').fill('Judged');
    await field(page, 'Name of the evaluation').fill('intents');
    await page.locator('#task').selectOption('classification');
    await page.locator('#judges').fill('truth = nobody v1');
    await field(page, 'Gates').fill('judge.truth >= 0.01');
    await field(page, 'Samples at most').fill('24');
    await button(page, 'Create suite').click();
    await page.getByText('is no judge of this project').filter({ visible: true }).first().waitFor();
    await page.locator('#judges').fill('truth = Strict critic v1');
    await button(page, 'Create suite').click();
    await page.waitForURL(/\/suites\/[0-9a-f-]{36}$/);
    suite = new URL(page.url()).pathname;
    await page.locator('#run #candidate').selectOption(`run:${run}`);
    await button(page, 'Run the suite').click();
    await page.waitForURL(/job=/);
    await until('the judge has judged', 5 * 60_000, async () => {
        const { rows } = await api(page, 'GET', `projects/${id}${suite.slice(project.length)}/table`);
        return rows[0]?.cells[0]?.judged['judge.truth'];
    }, 500);
    await page.goto(suite);
    await page.locator('.suite-judge', { hasText: 'κ with people' }).locator('.badge-good', { hasText: 'The judge counts' }).waitFor();
    await page.locator('.suite-gates .badge-good', { hasText: 'judge.truth >= 0.01: met' }).waitFor();
    await fits();
    await screenshots(page, 'suite-judged');
    await link(page, 'answers').first().click();
    await page.locator('.suite-judge').waitFor();
    await fits();
    await link(page, 'slices').first().click();
    // Each metric is cut by a job, and its page comes when that is done.
    await page.getByRole('link', { name: 'Judge: truth' }).click({ timeout: 60_000 });
    await page.waitForURL(/metric=judge\.truth/);
    await page.getByText('Where it does worst').waitFor({ timeout: 60_000 });
    await page.goto(suite);
    await link(page, 'what it said').click();
    await page.getByText('The answers are those of a suite').waitFor();
});

step('a report says what the judge says, and whether it counts', async () => {
    await page.goto(`${project}/runs/${run}`);
    await link(page, 'New report').click();
    await field(page, 'Title').fill('What the judge says');
    await button(page, 'Create report').click();
    await page.waitForURL(/\/reports\/[0-9a-f-]{36}$/);
    await page.getByText('What judges say of its answers in suites').first().waitFor();
    await page.getByText('The judge counts, κ with people').first().waitFor();
    await fits();
});

step('people compare two models, which are ranked', async () => {
    await page.goto(`${project}/judges`);
    await link(page, 'New comparison').first().click();
    await page.locator('#name').fill('Which one?');
    for (const box of await page.locator('input[name="evals[]"]').all()) await box.check();
    await page.locator('#samples').fill('12');
    await fits();
    await button(page, 'Make it').click();
    await page.waitForURL(/\/human-evaluations\/[0-9a-f-]{36}/);
    const here = new URL(page.url()).pathname;
    const compared = await api(page, 'GET', `projects/${id}${here.slice(project.length)}`);
    await opened(compared.task_id);
    const sides = ['first', 'second', 'first', 'tie'];
    assert.equal(await say(compared.task_id, 'better', samples, (_, done) => ({ kind: 'preference', value: sides[done % sides.length] })), 12);
    await api(page, 'PUT', `projects/${id}/annotation-tasks/${compared.task_id}/status`, { status: 'closed' });
    await page.goto(here);
    assert.equal(await page.locator('#ranking tbody tr').count(), 2);
    await page.getByText('Bradley-Terry').first().waitFor();
    await fits();
    await screenshots(page, 'ranking');
    await page.goto(`${project}/judges`);
    await screenshots(page, 'judges', { themes: ['light'] });
});

step('runs that differ only in their seed are one candidate', async () => {
    const second = (await api(page, 'POST', `projects/${id}/runs`, { ...launched, recipe: { ...recipe, seed: 43 } })).id;
    await page.goto(`${project}/runs/${second}`);
    assert.equal(await ended(page, 10 * 60_000), 'Succeeded');
    const asked = { candidate: { kind: 'run', run_id: second } };
    const job = await api(page, 'POST', `projects/${id}${suite.slice(project.length)}/runs`, asked);
    await until('the second run has taken the suite', 5 * 60_000, async () => {
        const { status } = await api(page, 'GET', `projects/${id}/jobs/${job.id}`);
        assert.notEqual(status, 'failed');
        return status === 'succeeded';
    }, 500);
    await page.goto(suite);
    await link(page, 'Over seeds').click();
    await page.getByText('2 seeds').first().waitFor();
    await page.getByText(' ± ').first().waitFor({ timeout: 60_000 });
    await fits();
    await screenshots(page, 'suite-seeds');
});

step('another model behind the endpoint is another judge', async () => {
    await page.goto('about:blank');
    const { port } = server;
    await server.stop();
    settings('critic-2');
    server = await Server.start({ data, port });
    await page.goto(judge);
    await page.locator('#versions summary .badge', { hasText: 'judge has changed' }).first().waitFor();
    await page.getByText("People judged what critic-1 said; the judge's endpoint answers now with critic-2.").waitFor();
    await fits();
    await screenshots(page, 'judge-changed', { themes: ['dark'] });
    await page.goto(suite);
    await page.locator('.suite-gates .badge-good', { hasText: 'met' }).first().waitFor();
});
