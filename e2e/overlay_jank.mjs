// How long the overlay keeps a browser busy: 50 tracked runs of 100,000 values each, zoomed in and out again. Prints the
// tasks above 50 ms (which a person notices) and how long a finer picture takes. `overlay_jank.mjs [RUNS] [VALUES]`.
import { Server, hydrated, openBrowser, openPage, until } from './harness.mjs';
import { api, createAccount, createSampleProject } from './steps.mjs';

const [runs, values] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 100_000)];
const batch = 1000;
const zooms = 10;

const server = await Server.start();
const browser = await openBrowser();
const page = await openPage(browser, server);
try {
    await createAccount(page, await server.setupLink());
    const id = (await createSampleProject(page)).split('/')[2];
    const { secret } = await api(page, 'POST', 'tokens', { name: 'jank', scope: 'write', project_id: id, days: 1 });
    const post = async (path, body) => {
        const response = await fetch(`${server.url}/mlflow/${id}/api/2.0/mlflow/${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
            body: JSON.stringify(body),
        });
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return response.json();
    };
    const write = async (number) => {
        const { run } = await post('runs/create', { experiment_id: '0', run_name: `run ${number}`, start_time: 1000 });
        for (let first = 0; first < values; first += batch) {
            const metrics = Array.from({ length: Math.min(batch, values - first) }, (_, i) => {
                const step = first + i;
                return { key: 'loss', step, timestamp: 1000 + step * 100, value: 3 * Math.exp(-step / 30000) + Math.random() / 5 };
            });
            await post('runs/log-batch', { run_id: run.info.run_id, metrics });
        }
        return run.info.run_id;
    };
    const ids = [];
    for (let first = 0; first < runs; first += 5) {
        ids.push(...(await Promise.all(Array.from({ length: Math.min(5, runs - first) }, (_, i) => write(first + i)))));
    }
    await page.addInitScript(() => {
        window.longTasks = [];
        new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((e) => Math.round(e.duration)))).observe({ type: 'longtask', buffered: true });
    });
    await page.goto(`/p/${id}/overlay?metric=loss&runs=${ids.join(',')}`);
    await hydrated(page);
    const settled = () => until('the picture is there', 60_000, async () => (await page.locator('.overlay [aria-busy=false]').count()) > 0, 20);
    await settled();
    const loading = await page.evaluate(() => window.longTasks.splice(0));
    const waits = [];
    const overlay = page.locator('.overlay .chart-overlay');
    for (let i = 0; i < zooms; i++) {
        await overlay.focus();
        await page.keyboard.press(i < zooms / 2 ? '=' : '-');
        await page.waitForTimeout(200);
        const begun = Date.now();
        await settled();
        waits.push(Date.now() - begun);
    }
    const zooming = await page.evaluate(() => window.longTasks);
    console.log(`${runs} runs of ${values} values: long tasks while loading ${JSON.stringify(loading)} ms, in ${zooms} zooms ${JSON.stringify(zooming)} ms`);
    console.log(`a finer picture comes after ${waits.sort((a, b) => a - b)[Math.floor(zooms / 2)]} ms (median, after the rest of 150 ms)`);
} finally {
    await browser.close();
    await server.remove();
}
