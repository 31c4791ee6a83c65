// An evaluation suite in a real browser: made by form, refused where a gate cannot be read, run on the sample project's model, its
// table, answers, slices, a target, the next version, and the comparison of base models, in both languages.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, openBrowser, openPage, overflow, screenshots, story, until } from './harness.mjs';
import { api, button, createAccount, createSampleProject, field, link, sampleProjectReady } from './steps.mjs';

let server, browser, page, project, id, suite, slices;

before(async () => {
    server = await Server.start({ settings: { LATHE_WORKERS: 'none' } });
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const told = story('suites', () => ({ server, pages: page ? [page] : [] }));
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

step('a suite is made by form', async () => {
    await createAccount(page, await server.setupLink());
    project = await createSampleProject(page);
    id = project.split('/')[2];
    await sampleProjectReady(page, project);
    await page.goto(`${project}/suites`);
    await page.getByText('No suite yet').waitFor();
    await link(page, 'New suite').click();
    await field(page, 'Name').fill('Release gate');
    await field(page, 'Name of the evaluation').fill('intents');
    await page.locator('#task').selectOption('classification');
    await field(page, 'Gates').fill('accuracy is good');
    await field(page, 'Samples at most').fill('8');
    await button(page, 'Create suite').click();
    await page.getByText('is no gate').filter({ visible: true }).waitFor();
    assert.equal(await field(page, 'Name of the evaluation').inputValue(), 'intents');
    await field(page, 'Gates').fill('accuracy >= 0.99\naccuracy within 0.05 of baseline');
    await fits();
    await button(page, 'Create suite').click();
    await page.waitForURL(/\/suites\/[0-9a-f-]{36}$/);
    suite = new URL(page.url()).pathname;
    await page.getByText('No candidate has taken this suite yet.').waitFor();
});

step('it is run on the base model', async () => {
    await button(page, 'Run the suite').click();
    await page.waitForURL(/job=/);
    await until('the candidate has answered', 5 * 60_000, async () => {
        const { rows } = await api(page, 'GET', `projects/${id}${suite.slice(project.length)}/table`);
        return rows.length === 1;
    }, 500);
    await page.goto(suite);
    await page.getByText('8 samples').first().waitFor();
    await page.locator('.suite-gates .badge').first().waitFor();
    await page.locator('#baselines select').selectOption({ index: 0 });
    await field(page, 'Called').fill('base');
    await button(page, 'Pin').click();
    await page.locator('#baselines .badge', { hasText: 'main' }).waitFor();
    await page.locator('#target-metric').fill('latency_ms');
    await page.locator('#way').selectOption('at_most');
    await page.locator('#limit').fill('600000');
    await button(page, 'Set the target').click();
    await page.locator('#targets .badge', { hasText: 'met' }).waitFor();
    await fits();
    await screenshots(page, 'suite');
});

step('each number opens its answers, and each answer its sample', async () => {
    await link(page, 'answers').first().click();
    await page.getByRole('heading', { level: 1, name: /intents/ }).waitFor();
    assert.equal(await page.locator('.prediction').count(), 8);
    await page.locator('.prediction summary').first().click();
    await link(page, 'Open the sample').first().waitFor();
    await screenshots(page, 'suite-answers', { themes: ['light'] });
    await link(page, 'slices').first().click();
    await page.getByText('Where it does worst').waitFor({ timeout: 60_000 });
    await page.getByText('none is surely worse').waitFor();
    slices = new URL(page.url()).pathname;
    await fits();
    await screenshots(page, 'suite-slices', { langs: ['en', 'zh'], themes: ['light'] });
});

step('a change makes the next version, and needs no new answers', async () => {
    await page.goto(`${suite}/design`);
    await page.getByText('Change intents').click();
    await page.locator('#gates-intents').fill('accuracy >= 0');
    await page.locator('#named_slices-intents').fill('short ones = length:0 & length:16');
    await button(page, 'Save as the next version').first().click();
    await page.getByText('version 2').first().waitFor();
    await fits();
    // The result is cut again, by a job, and its page comes when that is done.
    await page.goto(slices);
    await page.getByText('Where it does worst').waitFor({ timeout: 60_000 });
    await page.goto(suite);
    await page.locator('.suite-gates .badge-good', { hasText: 'met' }).waitFor();
    await link(page, 'Compare base models').click();
    await page.locator('td .best').waitFor();
    await screenshots(page, 'suite-bake-off', { themes: ['dark'] });
    await page.goto(project);
    await page.locator('#targets').waitFor();
});
