// A report in a real browser: made from a run, written, submitted, returned with a reason, continued, approved by another
// person, taken out as PDF and HTML; and the digest of the week.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { Server, openBrowser, openPage, overflow, screenshots, story } from './harness.mjs';
import { api, button, createAccount, createSampleProject, ended, field, invite, link, sampleProjectReady } from './steps.mjs';

const boss = { name: 'Max Manager', email: 'max@example.org', password: 'yet another sentence for a password' };

let server, browser, page, guest, project, id, report;

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    page = await openPage(browser, server);
    guest = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('reports', () => ({ server, pages: [page, guest].filter(Boolean) }));

const fits = async (of) => {
    const before = of.viewportSize();
    for (const width of [1280, 390]) {
        await of.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(of), 0, `${of.url()} at ${width} px`);
    }
    await of.setViewportSize(before);
};

step('a run is made, and a report of it', async () => {
    await createAccount(page, await server.setupLink());
    project = await createSampleProject(page);
    id = project.split('/')[2];
    await sampleProjectReady(page, project);
    const [model] = await api(page, 'GET', `projects/${id}/models`);
    const [dataset] = (await api(page, 'GET', `projects/${id}/datasets`)).items;
    const [version] = await api(page, 'GET', `projects/${id}/datasets/${dataset.id}/versions`);
    const recipe = {
        schedule: { max_steps: 2 },
        batch: { micro_batch: 4, accumulation: 1, max_length: 96 },
        evaluation: { validation_samples: 4, previews: 0, test_samples: 12 },
    };
    const run = await api(page, 'POST', `projects/${id}/runs`, { model_id: model.id, version_id: version.id, recipe });
    await page.goto(`${project}/runs/${run.id}`);
    assert.equal(await ended(page, 10 * 60_000), 'Succeeded');
    await page.goto(`${project}/reports`);
    await page.getByText('No reports yet').waitFor();
    await page.goto(`${project}/runs/${run.id}`);
    await link(page, 'New report').click();
    await field(page, 'Title').fill('Is it worth it?');
    await screenshots(page, 'report-new', { themes: ['light'] });
    await field(page, 'Title').fill('Is it worth it?');
    await button(page, 'Create report').click();
    await page.waitForURL(/\/reports\/[0-9a-f-]{36}$/);
    report = new URL(page.url()).pathname;
    await page.getByRole('heading', { name: 'Recommendation' }).first().waitFor();
}, 15 * 60_000);

step('it is written: what was typed stays whichever button is pressed', async () => {
    await page.locator('#text-4').fill('The **base model** guesses.');
    await page.locator('#text-11').fill('Wait for more test samples.');
    await page.getByRole('button', { name: 'Move up: Method' }).click();
    await page.getByText('Saved.').waitFor();
    const names = await page.locator('.report-block-head h2').allTextContents();
    assert.ok(names.indexOf('Method') < names.indexOf('Data'), names.join());
    assert.match(await page.locator('#text-4').inputValue(), /guesses/);
    await page.locator('#block-11 + details summary').click();
    await page.locator('[name="add[b11]"]').selectOption('text');
    await page.locator('#block-11 + details button').click();
    await page.locator('#text-12').fill('Written in a **browser**.');
    await page.locator('#title').fill(' ');
    await button(page, 'Save').first().click();
    await page.getByText('The title must have').filter({ visible: true }).first().waitFor();
    assert.match(await page.locator('#text-12').inputValue(), /browser/, 'a refused form keeps what was typed');
    await page.locator('#title').fill('Is it worth it?');
    await button(page, 'Save').first().click();
    await page.getByText('Saved.').waitFor();
    await fits(page);
    await screenshots(page, 'report-draft');
    await button(page, 'Save and submit').first().click();
    await page.getByText('Submitted', { exact: true }).first().waitFor();
});

step('its author may not decide where somebody else can; a manager returns it', async () => {
    await createAccount(guest, await invite(page, project, 'manager'), boss);
    await page.goto(report);
    await page.getByText('You have written on this report: an owner or manager who has not approves it.').waitFor();
    await guest.goto(report);
    await button(guest, 'Return').click();
    await guest.getByText('Say why').filter({ visible: true }).first().waitFor();
    await field(guest, 'Reason').fill('Say what it costs.');
    await button(guest, 'Return').click();
    await guest.getByText('Say what it costs.').first().waitFor();
    await page.goto(report);
    await button(page, 'Begin the next version').click();
    await page.waitForURL(/\/v\/2$/);
    await page.locator('#text-9').fill('Two minutes of a laptop.');
    await button(page, 'Save and submit').first().click();
    await page.getByText('Submitted', { exact: true }).first().waitFor();
});

step('the manager compares the versions, approves and signs', async () => {
    await guest.goto(`${report}/diff?from=1&to=2`);
    await guest.getByText('Two minutes of a laptop.').waitFor();
    await fits(guest);
    await screenshots(guest, 'report-diff', { themes: ['light'] });
    await guest.goto(report);
    await screenshots(guest, 'report-decide');
    await field(guest, 'Your password').fill('not the password at all');
    await button(guest, 'Approve and sign').click();
    await guest.getByText('This is not your password.').filter({ visible: true }).first().waitFor();
    await field(guest, 'Your password').fill(boss.password);
    await button(guest, 'Approve and sign').click();
    await guest.getByText('The content matches the signature.').waitFor();
    await guest.getByText('approved and signed').first().waitFor();
    await fits(guest);
    await screenshots(guest, 'report');
});

step('it is taken out as HTML and PDF', async () => {
    const download = async (name) => {
        const started = guest.waitForEvent('download');
        await link(guest, name).click();
        const file = await started;
        return [file.suggestedFilename(), readFileSync(await file.path())];
    };
    const [pdfName, pdf] = await download('PDF');
    assert.equal(pdfName, 'report-1-v2.pdf');
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    const [htmlName, html] = await download('HTML file');
    assert.equal(htmlName, 'report-1-v2.html');
    assert.match(html.toString(), /Two minutes of a laptop/);
    assert.match(html.toString(), new RegExp(`href="${server.url}${project}/runs/`));
});

step('the digest of the week tells of the run', async () => {
    await guest.goto(`${project}/digests`);
    await guest.locator('tbody a').first().click();
    await guest.waitForURL(/\/digests\/\d{4}-W\d{2}$/);
    await guest.getByText('1 succeeded').waitFor();
    await fits(guest);
    await screenshots(guest, 'digest');
});
