// What every browser test needs: a real server on an empty data folder, a browser, and screenshots.
// Knows nothing of Lathe's pages; the tests do.
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
export const artifacts = path.join(root, 'e2e', 'artifacts');

/**
 * How many times longer than alone on a machine everything may take: stories run beside each other, each with a server,
 * a database, a browser and often a trainer.
 */
const patience = 2;

/**
 * A port below those that the system gives to outgoing connections: another story's browser must not take it before the
 * server does, or while the server is stopped.
 */
const freePort = async () => {
    for (;;) {
        const port = randomInt(20_000, 32_000);
        const isFree = await new Promise((resolve) => {
            const probe = createServer();
            probe.once('error', () => resolve(false));
            probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
        });
        if (isFree) return port;
    }
};

const newFolder = () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lathe-e2e-'));
    chmodSync(folder, 0o755); // the embedded Postgres may run as another user
    return folder;
};

/**
 * A running server. LATHE_PROFILE chooses the build (`debug`, `release`); everything else of the
 * environment that configures Lathe is replaced, so that a developer's settings do not leak into a test.
 */
export class Server {
    /** Starts the server and waits for its address. `data` continues on an earlier server's folder. */
    static async start({ data = newFolder(), port = undefined, settings = {} } = {}) {
        const server = new Server();
        server.data = data;
        server.port = port ?? (await freePort());
        server.url = `http://127.0.0.1:${server.port}`;
        const program = path.join(root, 'target', process.env.LATHE_PROFILE ?? 'debug', 'server');
        if (!existsSync(program)) throw new Error(`${program} is missing: run scripts/build.sh dev`);
        const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => k !== 'DATABASE_URL' && (!k.startsWith('LATHE_') || k === 'LATHE_PYPI_URL' || k === 'LATHE_HUB_URL')));
        server.log = '';
        server.process = spawn(program, [], {
            cwd: data,
            env: { ...env, LATHE_DATA: data, LATHE_LISTEN: `127.0.0.1:${server.port}`, LATHE_SITE: path.join(root, 'target', 'site'), ...settings },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        server.exited = new Promise((resolve) => server.process.once('exit', (code, signal) => resolve({ code, signal })));
        const keep = (chunk) => {
            server.log += chunk;
            if (process.env.LATHE_E2E_VERBOSE) process.stderr.write(chunk);
        };
        server.process.stdout.on('data', keep);
        server.process.stderr.on('data', keep);
        await server.#ready();
        return server;
    }

    async #ready() {
        let gone = null;
        this.exited.then((how) => (gone = how));
        await until('the server answers', 60_000, async () => {
            if (gone) throw new Error(`the server ended with ${JSON.stringify(gone)}:\n${this.log}`);
            return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok;
        });
    }

    /** The one-time link that the first start prints. */
    async setupLink() {
        return until('the server prints its set-up link', 10_000, () => this.log.match(/https?:\/\/\S+\/invite\/[^\s"]+/)?.[0]);
    }

    /** Ctrl-C, and waits for the end. */
    async stop() {
        if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGINT');
        return this.exited;
    }

    /** As a power cut would: nothing is told to anybody. */
    async kill() {
        this.process.kill('SIGKILL');
        return this.exited;
    }

    /** Stops the server and deletes its data. */
    async remove() {
        await this.stop();
        rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
    }
}

/** Asks again until `question` gives something true, and returns that. `limitMs` is what may pass alone on a machine. */
export const until = async (what, limitMs, question, everyMs = 100) => {
    const end = Date.now() + limitMs * patience;
    for (;;) {
        const answer = await question();
        if (answer) return answer;
        if (Date.now() > end) throw new Error(`gave up after ${(limitMs * patience) / 1000} s: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
};

export const openBrowser = () =>
    chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        args: [
            '--no-sandbox', // Chromium refuses to run as root with it, and a container often has no other user
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    });

/**
 * A fresh profile and a page in it. `page.complaints` collects what the browser complains about: script
 * errors, refused content (CSP), failed requests to our own server.
 */
export const openPage = async (browser, server, { lang = 'en', theme = 'light', width = 1280, javaScriptEnabled = true } = {}) => {
    const context = await browser.newContext({
        baseURL: server.url,
        locale: lang === 'zh' ? 'zh-CN' : 'en-US',
        colorScheme: theme,
        timezoneId: 'Asia/Shanghai', // anything but the server's UTC
        viewport: { width, height: 900 },
        javaScriptEnabled,
        acceptDownloads: true,
    });
    context.setDefaultTimeout(20_000 * patience);
    const page = await context.newPage();
    page.complaints = [];
    // A refusal (4xx) is an answer that the page shows; the browser logs it all the same.
    const bad = (m) => (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) || m.text().includes('Could not find WASM function');
    page.on('console', (m) => bad(m) && page.complaints.push(`console: ${m.text()} (${page.url()})`));
    page.on('pageerror', (e) => page.complaints.push(`script: ${e} (${page.url()})`));
    page.on('response', (r) => r.status() >= 500 && page.complaints.push(`${r.status()} ${r.url()}`));
    return page;
};

/** Waits until the page's islands answer, so that a click is not lost. The page says so itself. */
export const hydrated = (page) => page.locator('html[data-ready]').waitFor({ state: 'attached', timeout: 10_000 * patience });

/** Opens an address. A page that loads itself again at that moment may cut in: then once more. */
export const open = (page, address) =>
    until(`${address} opens`, 30_000, async () => {
        try {
            return await page.goto(address);
        } catch (error) {
            if (!/interrupted by another navigation|ERR_ABORTED/.test(error)) throw error;
        }
    });

/**
 * A test of one story told in steps: each runs only while all before it have passed. The first that fails
 * leaves a picture and the text of each page and the server's log in e2e/artifacts, under `name`.
 */
export const story = (name, place) => {
    let failed = false;
    return (title, work, timeout = 120_000) =>
        test(title, { timeout: timeout * patience }, async (t) => {
            if (failed) return t.skip('an earlier step failed');
            try {
                await work(t);
                assert.deepEqual(place().pages.flatMap((page) => page.complaints), []);
            } catch (error) {
                failed = true;
                await keep(name, place());
                throw error;
            }
        });
};

const keep = async (name, { server, pages }) => {
    mkdirSync(artifacts, { recursive: true });
    writeFileSync(path.join(artifacts, `${name}-server.log`), server?.log ?? '');
    for (const [i, page] of pages.entries()) {
        await page.screenshot({ path: path.join(artifacts, `${name}-failure-${i}.png`), fullPage: true }).catch(() => undefined);
        writeFileSync(path.join(artifacts, `${name}-failure-${i}.html`), await page.content().catch(() => ''));
    }
};

/** The page as a picture in every language, theme and width, named `name-lang-theme-width.png`. */
export const screenshots = async (page, name, { langs = ['en', 'zh'], themes = ['light', 'dark'], widths = [1280, 390] } = {}) => {
    mkdirSync(artifacts, { recursive: true });
    const context = page.context();
    const before = { cookies: await context.cookies(), viewport: page.viewportSize() };
    for (const lang of langs) {
        await context.addCookies([{ name: 'lang', value: lang === 'zh' ? 'zh-CN' : 'en', url: new URL('/', page.url()).href }]);
        await page.reload();
        // What islands take over from the server must not have been touched by taking pictures.
        await hydrated(page).catch(() => undefined);
        for (const theme of themes) {
            await page.emulateMedia({ colorScheme: theme });
            for (const width of widths) {
                await page.setViewportSize({ width, height: 900 });
                await page.waitForTimeout(150); // charts redraw after a resize
                await page.evaluate(() => scrollTo(0, 0)); // the top bar sticks to where the page stands
                await page.screenshot({ path: path.join(artifacts, `${name}-${lang}-${theme}-${width}.png`), fullPage: true });
            }
        }
    }
    await context.clearCookies({ name: 'lang' });
    const lang = before.cookies.find((c) => c.name === 'lang');
    if (lang) await context.addCookies([lang]);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(before.viewport);
    await page.reload();
};

/** How far the page can be scrolled sideways, in pixels; 0 is right on every width. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
