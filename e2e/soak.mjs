// Launches, cancels and power cuts against one server: every run must reach an end, every server must come back.
// `node soak.mjs CYCLES [SEED]`
import { Server, openBrowser, openPage, until } from './harness.mjs';
import { api, createAccount, createSampleProject } from './steps.mjs';

const cycles = Number(process.argv[2] ?? 20);
let state = Number(process.argv[3] ?? 1);
/** A repeatable number in [0, 1) (mulberry32). */
const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const recipe = {
    schedule: { max_steps: 6 },
    batch: { micro_batch: 2, accumulation: 1, max_length: 64 },
    evaluation: { every_steps: 2, validation_samples: 2, previews: 0, test_samples: 4 },
};

let server = await Server.start();
const browser = await openBrowser();
const page = await openPage(browser, server);
try {
    await createAccount(page, await server.setupLink());
    const project = await createSampleProject(page);
    const base = `projects/${project.split('/')[2]}`;
    const versions = await until('the sample project is there', 600_000, async () => {
        const [models, datasets] = [await api(page, 'GET', `${base}/models`), await api(page, 'GET', `${base}/datasets`)];
        if (!models.length || !datasets.items.length) return null;
        const list = await api(page, 'GET', `${base}/datasets/${datasets.items[0].id}/versions`);
        const items = list.items ?? list;
        return items.length && { model_id: models[0].id, version_id: items[0].id };
    }, 1000);
    for (let cycle = 1; cycle <= cycles; cycle++) {
        const run = await api(page, 'POST', `${base}/runs`, { ...versions, name: `soak ${cycle}`, recipe });
        const act = random();
        await page.waitForTimeout(random() * 15_000);
        if (act < 0.3) {
            await api(page, 'POST', `${base}/runs/${run.id}/cancel`).catch((e) => console.log(`cancel came too late: ${e.message.slice(0, 80)}`));
        } else if (act < 0.7) {
            await server.kill();
            server = await Server.start({ data: server.data, port: server.port });
        }
        const end = await until(`run ${cycle} ends`, 300_000, async () => {
            const status = (await api(page, 'GET', `${base}/runs/${run.id}`)).state.status;
            return ['succeeded', 'failed', 'cancelled'].includes(status) && status;
        }, 500);
        console.log(`cycle ${cycle}: ${act < 0.3 ? 'cancel' : act < 0.7 ? 'kill' : 'leave alone'} -> ${end}`);
        if (end === 'failed' || (end === 'cancelled') !== (act < 0.3 && end === 'cancelled')) throw new Error(`run ${cycle} ended as ${end}`);
    }
    console.log(`${cycles} cycles, nothing lost`);
} catch (error) {
    console.error(error, server.log.slice(-3000));
    process.exitCode = 1;
} finally {
    await browser.close();
    await server.remove();
}
