// People in a real browser: accounts, projects, invitations, roles, sessions, tokens, preferences. Nothing trains here.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Server, hydrated, openBrowser, openPage, overflow, screenshots, story } from './harness.mjs';
import { api, button, chooseLanguage, chooseTheme, createAccount, either, field, invite, link, person, signIn, signOut } from './steps.mjs';

const grace = { name: 'Grace Hopper', email: 'grace@example.org', password: 'another sentence for a password' };
const noMember = 'This does not exist, or you are not a member of its project.';
const notAllowed = 'Your role in this project does not allow this.';

let server, browser, ada, guest, project;

before(async () => {
    server = await Server.start({ settings: { LATHE_WORKERS: 'none' } });
    browser = await openBrowser();
    ada = await openPage(browser, server);
    guest = await openPage(browser, server);
});

after(async () => {
    await browser?.close();
    await server?.remove();
});

const step = story('people', () => ({ server, pages: [ada, guest].filter(Boolean) }));

step('the owner makes a project and renames it', async () => {
    await createAccount(ada, await server.setupLink());
    await field(ada, 'Name').fill('Reviws');
    await button(ada, 'Create project').click();
    await ada.waitForURL('**/p/*');
    project = new URL(ada.url()).pathname;
    await link(ada.getByRole('navigation').first(), 'Settings').click();
    await field(ada, 'Name').fill('Reviews');
    await field(ada, 'Description').fill('What people think of films');
    await button(ada, 'Save').click();
    await ada.getByText('Saved.').waitFor();
    await link(ada.locator('header'), 'Reviews').waitFor();
    await ada.goto('/');
    await ada.getByText('What people think of films').waitFor();
});

step('a withdrawn invitation is void', async () => {
    const address = await invite(ada, project, 'annotator');
    await ada.getByText('whoever holds the link').waitFor();
    await button(ada, 'Withdraw').click();
    await ada.getByText('No open invitations.').waitFor();
    await guest.goto(address);
    await guest.getByText('This link is not valid any more').waitFor();
});

step('an annotator joins by link, in a browser of their own', async () => {
    const address = await invite(ada, project, 'annotator');
    await screenshots(ada, 'settings');
    await guest.goto(address);
    await guest.getByText('You are invited to the project “Reviews” as annotator.').waitFor();
    await hydrated(guest);
    await createAccount(guest, address, grace);
    await guest.goto(project);
    await link(guest.locator('header'), grace.name).waitFor();
    const stranger = await openPage(browser, server);
    await stranger.goto(address);
    await stranger.getByText('This link is not valid any more').waitFor();
    await stranger.context().close();
});

step('an annotator reads everything, and changes only bad cases', async () => {
    for (const [place, heading] of [['', 'Overview'], ['/datasets', 'Datasets'], ['/models', 'Models'], ['/runs', 'Runs'], ['/bad-cases', 'Bad cases']]) {
        await guest.goto(`${project}${place}`);
        await guest.getByRole('heading', { level: 1, name: either(heading) }).waitFor();
    }
    await guest.goto(`${project}/runs/new`);
    await guest.getByText(notAllowed).waitFor();
    await guest.goto(`${project}/settings`);
    await guest.getByText(person.email).waitFor();
    assert.equal(await guest.locator('main form').count(), 0, 'nothing to change on the settings page');
    const id = project.split('/')[2];
    const refused = async (method, path, body) => assert.match(await api(guest, method, path, body).catch(String), /: 403 /, path);
    await refused('POST', `projects/${id}/uploads?file_name=a.jsonl`, {});
    await refused('PUT', `projects/${id}`, { name: 'Mine' });
    await refused('POST', `projects/${id}/models`, { origin: { from: 'path', path: '/' } });
});

step('a changed role counts at once', async () => {
    await ada.goto(`${project}/settings`);
    await ada.getByLabel(`Role of ${grace.name}`).selectOption('scientist');
    await ada.locator('tr', { hasText: grace.email }).getByRole('button', { name: 'Change' }).click();
    await ada.waitForURL('**/settings#members');
    assert.equal(await ada.getByLabel(`Role of ${grace.name}`).inputValue(), 'scientist');
    await guest.goto(`${project}/runs/new`);
    await guest.getByText('No base model yet').waitFor();
});

step('the only owner stays', async () => {
    await ada.getByLabel(`Role of ${person.name}`).selectOption('manager');
    await ada.locator('tr', { hasText: person.email }).getByRole('button', { name: 'Change' }).click();
    await ada.getByText('A project needs at least one owner').waitFor();
});

step('an API token works until it is revoked', async () => {
    await ada.goto('/account');
    await field(ada, 'What it is for').fill('nightly import');
    await button(ada, 'Create token').click();
    const token = (await ada.locator('#new-token').textContent()).trim();
    const ask = async (method = 'GET') => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const body = method === 'GET' ? undefined : JSON.stringify({ name: 'By script' });
        return (await fetch(`${server.url}/api/v1/projects`, { method, headers, body })).status;
    };
    assert.equal(await ask(), 200);
    assert.equal(await ask('POST'), 403, 'it may only read');
    await ada.reload();
    assert.equal(await ada.locator('#new-token').count(), 0, 'the secret is shown once');
    const row = ada.locator('tr', { hasText: 'nightly import' });
    await row.locator('summary').click();
    await row.getByRole('button', { name: 'Revoke' }).click();
    await ada.getByText('No tokens yet.').waitFor();
    assert.equal(await ask(), 401);
});

step('another browser is signed out from here', async () => {
    const other = await openPage(browser, server);
    await signIn(other, grace);
    await guest.goto('/account');
    await guest.getByText('This browser', { exact: true }).waitFor();
    const row = guest.locator('tr', { hasText: 'Sign out' });
    assert.equal(await row.count(), 1);
    await row.locator('summary').click();
    await row.getByRole('button', { name: 'Sign out' }).click();
    await row.waitFor({ state: 'detached' });
    await other.goto(project);
    await other.waitForURL('**/sign-in?*');
    await other.context().close();
});

step('a new password takes the place of the old one', async () => {
    const other = await openPage(browser, server);
    await signIn(other, grace);
    const change = async (current, next) => {
        await guest.goto('/account');
        await field(guest, 'Current password').fill(current);
        await field(guest, 'New password').fill(next);
        await button(guest, 'Change password').click();
    };
    const next = 'a password nobody has guessed yet';
    await change('not my password at all', next);
    await guest.getByText('This is not your current password.').waitFor();
    await change(grace.password, next);
    await guest.getByText('The password is changed.').waitFor();
    await other.goto(project);
    await other.waitForURL('**/sign-in?*');
    await other.context().close();
    await signOut(guest);
    await field(guest, 'E-mail address').fill(grace.email);
    await field(guest, 'Password').fill(grace.password);
    await hydrated(guest);
    await button(guest, 'Sign in').click();
    await guest.getByText('E-mail address or password is wrong.').waitFor();
    await signIn(guest, { ...grace, password: next });
});

step('a link from elsewhere asks to sign in and goes on to its page', async () => {
    const stranger = await openPage(browser, server);
    await stranger.goto(`${project}/runs?status=failed&sort=score`);
    await stranger.waitForURL('**/sign-in?*');
    await field(stranger, 'E-mail address').fill(person.email);
    await field(stranger, 'Password').fill(person.password);
    await button(stranger, 'Sign in').click();
    await stranger.waitForURL(`**${project}/runs?status=failed&sort=score`);
    await stranger.context().close();
});

step('language and theme are remembered, also without an account', async () => {
    const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper(guest);
    await chooseLanguage(guest, 'zh');
    await chooseTheme(guest, 'dark');
    assert.notEqual(await paper(guest), light);
    await guest.goto('/account');
    await guest.getByRole('heading', { level: 1, name: '账户' }).waitFor();
    assert.equal(await guest.locator('html').getAttribute('data-theme'), 'dark');
    await signOut(guest);
    await guest.getByRole('heading', { level: 1, name: '登录' }).waitFor();
    assert.notEqual(await paper(guest), light);
    await chooseTheme(guest, 'light');
    assert.equal(await paper(guest), light);
});

step('these pages fit a phone', async () => {
    await ada.setViewportSize({ width: 390, height: 900 });
    for (const place of ['/', '/account', project, `${project}/settings`]) {
        await ada.goto(place);
        assert.equal(await overflow(ada), 0, place);
    }
    await ada.setViewportSize({ width: 1280, height: 900 });
});

step('a removed member sees the project no more', async () => {
    const page = await openPage(browser, server);
    await signIn(page, { ...grace, password: 'a password nobody has guessed yet' });
    await page.goto(project);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await ada.goto(`${project}/settings`);
    const row = ada.locator('tr', { hasText: grace.email });
    await row.locator('summary').click();
    await row.getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText(noMember).waitFor();
    await page.context().close();
});

step('an archived project is out of sight', async () => {
    await ada.goto(`${project}/settings`);
    await ada.locator('summary', { hasText: 'Archive' }).click();
    await button(ada.locator('.confirm-box'), 'Archive').click();
    await ada.getByText('Create your first project').waitFor();
    await ada.goto(project);
    await ada.getByText(noMember).waitFor();
});
