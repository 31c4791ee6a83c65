// What a data scientist asks of the training engine, in a real browser: a run again to the same bits, a run that goes
// on from another, a sweep with its plots, preferences instead of answers, scores, a benchmark that it has seen.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, open, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, createAccount, createSampleProject, ended, fillRecipe, launch, link, sampleProjectReady } from './steps.mjs';

let server, browser, page, project, id, first;

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const limitMs = 10 * 60_000;
const told = story('engine', () => ({ server, pages: page ? [page] : [] }));
const step = (title, work) => told(title, work, 20 * 60_000);

const validation = async (run) => (await api(page, 'GET', `projects/${id}/runs/${run.split('/').pop()}/points?keys=validation_loss`)).map((p) => p.value);

step('a first run', async () => {
    await createAccount(page, await server.setupLink());
    project = await createSampleProject(page);
    id = project.split('/')[2];
    await sampleProjectReady(page, project);
    const [model] = await api(page, 'GET', `projects/${id}/models`);
    const [dataset] = (await api(page, 'GET', `projects/${id}/datasets`)).items;
    const [version] = await api(page, 'GET', `projects/${id}/datasets/${dataset.id}/versions`);
    const recipe = {
        schedule: { max_steps: 4 },
        optimizer: { learning_rate: 0.001 },
        batch: { micro_batch: 4, accumulation: 1, max_length: 96 },
        evaluation: { validation_samples: 8, previews: 0, test_samples: 12 },
    };
    const run = await api(page, 'POST', `projects/${id}/runs`, { model_id: model.id, version_id: version.id, recipe });
    first = `${project}/runs/${run.id}`;
    await page.goto(first);
    assert.equal(await ended(page, limitMs), 'Succeeded');
});

step('it is run again, and gives the same bits', async () => {
    await button(page, 'Run again and compare').click();
    await page.waitForURL((url) => /\/runs\/[0-9a-f-]{36}$/.test(url.pathname) && url.pathname !== first);
    await page.getByText('Repeats', { exact: true }).waitFor();
    assert.equal(await ended(page, limitMs), 'Succeeded');
    await page.getByText('The same bits as run 1').waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'repetition');
    await link(page, 'Run 1').first().click();
    await page.getByText('Repeated by').waitFor();
});

step('its adapter is trained further', async () => {
    await page.goto(first);
    await link(page, 'Train it further').click();
    await page.getByText('Goes on training the adapter of run 1').waitFor();
    await hydrated(page);
    await fillRecipe(page, { 'schedule.max_steps': 6 });
    const further = await launch(page);
    await page.getByText('Continues', { exact: true }).waitFor();
    assert.equal(await ended(page, limitMs), 'Succeeded');
    const [before, after] = [await validation(first), await validation(further)];
    assert.equal(before.at(-1), after[0], 'it begins where the other ended');
});

step('a sweep is planned from a run, previewed, run, and read', async () => {
    await page.goto(first);
    await link(page, 'Sweep from this run').click();
    await hydrated(page);
    await page.locator('#strategy').selectOption('grid');
    await page.locator('#field0').selectOption('optimizer.learning_rate');
    await page.locator('#values0').fill('0.0001, 0.002');
    await page.locator('#field1').selectOption('lora.rank');
    await page.locator('#values1').fill('4, 8');
    await button(page, 'Preview').click();
    await page.getByText('Time, one after another').waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'sweep-form', { langs: ['en'], themes: ['light'] });
    await button(page, 'Start sweep').click();
    await page.waitForURL(/\/sweeps\/[0-9a-f-]{36}/);
    const address = new URL(page.url()).pathname;
    const sweep = `projects/${id}/sweeps/${address.split('/').pop()}`;
    await until('the sweep ends', limitMs, async () => (await api(page, 'GET', sweep)).status === 'done', 500);
    await open(page, address);
    await page.getByText('4 of 4 runs have ended').waitFor();
    assert.equal(await page.locator('.badge-good', { hasText: 'best' }).count(), 1);
    await page.getByRole('heading', { name: 'Parallel coordinates' }).waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'sweep');
});

step('preferences are learnt from pairs', async () => {
    const fruits = ['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig', 'grape', 'honeydew', 'kiwi', 'lemon', 'mango', 'nectarine'];
    const pairs = fruits.flatMap((fruit, i) => ['Where does NAME grow?', 'How does NAME taste?', 'Tell me about NAME.', 'Do you like NAME?'].map((question, q) => JSON.stringify({
        // Words of its own, or the preflight would rightly say that training has seen test samples.
        prompt: `${question.replace('NAME', fruit)} ${[3, 5, 7].map((k) => ((i * 4 + q + 1) * k * 2654435761 % 2 ** 40).toString(36)).join(' ')}`,
        chosen: `Gladly. The ${fruit} is number ${i} on my list, and I hope this helps.`,
        rejected: `No idea about ${fruit}. Ask somebody else.`,
    })));
    const upload = await api(page, 'POST', `projects/${id}/uploads?file_name=pairs.jsonl`, pairs.join('\n'));
    const job = await api(page, 'POST', `projects/${id}/imports`, { upload_id: upload.id, name: 'Manners' });
    await until('the pairs are imported', limitMs, async () => (await api(page, 'GET', `projects/${id}/jobs/${job.id}`)).status === 'succeeded');
    await page.goto(`${project}/runs/new`);
    await hydrated(page);
    const field = (path) => page.locator(`[name="values[${path}]"]`);
    assert.equal(await field('dpo.beta').isVisible(), false);
    await field('objective').selectOption('dpo');
    await field('dpo.beta').waitFor();
    const version = page.locator('[name=version]');
    const choose = async (name) => version.selectOption({ label: await version.locator('option', { hasText: name }).first().textContent() });
    await choose('Movie reviews');
    await page.getByText(/preference pairs/).first().waitFor();
    await choose('Manners');
    await fillRecipe(page, { 'schedule.max_steps': 12, 'batch.micro_batch': 2, 'batch.accumulation': 2, 'batch.max_length': 96, 'optimizer.learning_rate': 0.0005, 'evaluation.previews': 0, 'evaluation.test_samples': 4, 'evaluation.max_new_tokens': 8 });
    const run = await launch(page);
    assert.equal(await ended(page, limitMs), 'Succeeded');
    const points = await api(page, 'GET', `projects/${id}/runs/${run.split('/').pop()}/points?keys=validation_loss`);
    assert.ok(points.at(-1).value < Math.LN2 && points[0].value > 0.69, `the loss of an untrained pair is ln 2: ${JSON.stringify(points)}`);
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'preferences', { themes: ['light'] });
});

/** Imports questions of their own words, so that none gives another away; returns dataset and version. */
const lessons = async (name, from, to) => {
    const line = (i) => JSON.stringify({ prompt: `Lesson ${i}: what is ${[3, 5, 7, 11].map((k) => ((i + 1) * k * 2654435761 % 2 ** 40).toString(36)).join(' ')}?`, completion: `It is number ${i * 7919}.` });
    const text = Array.from({ length: to - from }, (_, i) => line(from + i)).join('\n');
    const upload = await api(page, 'POST', `projects/${id}/uploads?file_name=lessons.jsonl`, text);
    const job = await api(page, 'POST', `projects/${id}/imports`, { upload_id: upload.id, name });
    const done = await until(`${name} is imported`, 60_000, async () => {
        const found = await api(page, 'GET', `projects/${id}/jobs/${job.id}`);
        return found.status === 'succeeded' && found;
    });
    return done.result;
};
let lesson;

step('a model says what it finds likely, and samples are explored by it', async () => {
    lesson = await lessons('Lessons', 0, 24);
    const version = `${project}/datasets/${lesson.dataset_id}/v/1`;
    await page.goto(`${version}/clean`);
    await screenshots(page, 'score-form', { themes: ['light'] });
    await page.locator('#scores [name=embed]').uncheck();
    await button(page, 'Score with a model').click();
    await page.locator('#scores td.num', { hasText: '24' }).waitFor({ timeout: limitMs });
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'scores', { themes: ['light'] });
    await page.goto(`${version}/explore`);
    await page.getByRole('heading', { name: 'Perplexity' }).waitFor();
    await page.locator('#from').fill('1');
    await page.locator('#sort').selectOption('perplexity');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.waitForURL(/perplexity|from=/);
    const first = page.locator('.window tr[aria-rowindex="1"] a');
    await first.waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'explore-scores', { themes: ['light'] });
    await first.click();
    await page.getByRole('heading', { name: 'Scores' }).waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'sample-scores', { langs: ['en'], themes: ['light'] });
});

step('training on a benchmark needs an owner who signs for it', async () => {
    await lessons('Exam', 0, 24);
    await page.goto(`${project}/runs/new?version=${lesson.version_id}`);
    await hydrated(page);
    await page.locator('#benchmarks > summary').click();
    await page.getByText('The project has no benchmarks of its own.').waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'launch-benchmarks', { themes: ['light'] });
    await hydrated(page);
    await page.locator('#benchmarks').evaluate((fold) => (fold.open = true));
    await page.getByLabel('Exam v1').check();
    await fillRecipe(page, { 'schedule.max_steps': 2, 'batch.micro_batch': 2, 'batch.accumulation': 1, 'batch.max_length': 96, 'evaluation.previews': 0, 'evaluation.test_samples': 2, 'evaluation.max_new_tokens': 8 });
    const refused = await launch(page);
    assert.equal(await ended(page, limitMs), 'Failed');
    await page.getByRole('heading', { name: 'Mend the data, or sign for it' }).waitFor();
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'run-leaks');
    await page.locator('#reason').fill('To see how much it matters.');
    await button(page, 'Launch in spite of the leaks').click();
    await page.waitForURL((url) => /\/runs\/[0-9a-f-]{36}$/.test(url.pathname) && url.pathname !== refused);
    await page.getByText('Launched in spite of leaks').waitFor();
    assert.equal(await ended(page, limitMs), 'Succeeded');
    assert.equal(await overflow(page), 0);
    await screenshots(page, 'run-signed', { themes: ['light'] });
});
