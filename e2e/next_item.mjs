// How long an annotator waits for the next item: from the key to the item being painted, beside one round trip to the server
// in the same run. `node next_item.mjs [ITEMS]`
import { Server, hydrated, openBrowser, openPage } from './harness.mjs';
import { label, openTask, paints, quantile, watchPaints } from './labelling.mjs';
import { api, button, createAccount, field } from './steps.mjs';

const items = Number(process.argv[2] ?? 200);
const server = await Server.start();
const browser = await openBrowser();
const page = await openPage(browser, server);
try {
    await createAccount(page, await server.setupLink());
    await field(page, 'Name').fill('Reviews');
    await button(page, 'Create project').click();
    await page.waitForURL('**/p/*');
    const project = new URL(page.url()).pathname;
    const id = project.split('/')[2];
    const task = await openTask(page, id, items, {});
    await page.goto(`${project}/annotation/${task}/work`);
    await hydrated(page);
    await watchPaints(page);
    const done = await label(page);
    const painted = await paints(page);
    const trips = await page.evaluate(async (address) => {
        const taken = [];
        for (let i = 0; i < 100; i++) {
            const since = performance.now();
            await (await fetch(address)).text();
            taken.push(performance.now() - since);
        }
        return taken;
    }, `/api/v1/projects/${id}/annotation-tasks/${task}/mine`);
    const { judged } = await api(page, 'GET', `projects/${id}/annotation-tasks/${task}/mine`);
    if (judged !== done) throw new Error(`${done} were sent and ${judged} have arrived`);
    const show = (values) => `median ${quantile(values, 0.5).toFixed(1)} ms, 95 % within ${quantile(values, 0.95).toFixed(1)} ms (${values.length})`;
    console.log(`next item, key to paint: ${show(painted)}`);
    console.log(`one round trip to the server: ${show(trips)}; the next item takes ${(quantile(painted, 0.5) / quantile(trips, 0.5)).toFixed(1)} times that`);
    console.log(`${done - painted.length} of ${done} items were not there in advance`);
} finally {
    await browser.close();
    await server.remove();
}
