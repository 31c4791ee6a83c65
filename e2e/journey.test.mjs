// The whole loop in a real browser, in both languages: set-up link → sample model and data → run → evaluation →
// comparison → bad case → next dataset version → next run. Stops at the first step that fails and leaves a picture,
// the page and the server's log in e2e/artifacts.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, artifacts, hydrated, openBrowser, openPage, overflow, screenshots } from './harness.mjs';
import { chooseLanguage, createAccount, either, link, person, signIn, signOut } from './steps.mjs';

let server, browser, page;
let failed = false;

before(async () => {
    server = await Server.start();
    browser = await openBrowser();
    page = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

/** A test that runs only while all before it have passed. */
const step = (name, work) =>
    test(name, async (t) => {
        if (failed) return t.skip('an earlier step failed');
        try {
            await work(t);
            assert.deepEqual(page.complaints, []);
        } catch (error) {
            failed = true;
            mkdirSync(artifacts, { recursive: true });
            await page.screenshot({ path: path.join(artifacts, 'failure.png'), fullPage: true }).catch(() => undefined);
            writeFileSync(path.join(artifacts, 'failure.html'), await page.content().catch(() => ''));
            writeFileSync(path.join(artifacts, 'server.log'), server.log);
            throw error;
        }
    });

step('the set-up link makes the first account', async () => {
    await createAccount(page, await server.setupLink());
    await page.getByRole('heading', { level: 1, name: either('Projects', '项目') }).waitFor();
    await screenshots(page, 'projects-empty');
});

step('the set-up link works once', async () => {
    const stranger = await openPage(browser, server);
    await stranger.goto(await server.setupLink());
    await stranger.getByText('This link is not valid any more').waitFor();
    await stranger.context().close();
});

step('a wrong password is refused, the right one lets in, in Chinese too', async () => {
    await signOut(page);
    await page.getByLabel('E-mail address').fill(person.email);
    await page.getByLabel('Password').fill('not the password');
    await hydrated(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await chooseLanguage(page, 'zh');
    await screenshots(page, 'sign-in');
    await signIn(page);
    await link(page, person.name).waitFor();
    await chooseLanguage(page, 'en');
});

step('the account page fits every width', async () => {
    await page.goto('/account');
    for (const width of [1280, 768, 390]) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(page), 0, `${width} px`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await screenshots(page, 'account');
});
