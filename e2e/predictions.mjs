// How well costs are predicted: one short run of each of many recipes through the real server; for each, time, peak memory
// and disk predicted at launch and after the preflight, beside what the run took. Prints the median relative errors.
// `node predictions.mjs [FIRST LAST]` takes a part of the recipes.
import { Server, openBrowser, openPage, until } from './harness.mjs';
import { api, createAccount, createSampleProject } from './steps.mjs';

const steps = (max_steps) => ({ schedule: { max_steps } });
const batch = (micro_batch, max_length, accumulation = 1) => ({ batch: { micro_batch, max_length, accumulation } });
const recipes = {
    lora: {},
    'lora r=32': { lora: { rank: 32 } },
    'lora 1 x 64': batch(1, 64),
    'lora 4 x 256': batch(4, 256),
    'lora 2 x 128, 4 accumulated': batch(2, 128, 4),
    'lora, gradient checkpointing': { batch: { micro_batch: 4, max_length: 128, accumulation: 1, gradient_checkpointing: true } },
    'lora, attention alone': { lora: { target_modules: ['q_proj', 'v_proj'] } },
    dora: { lora: { dora: true } },
    qlora: { lora: { quantized_base: true } },
    'qlora 2 x 256': { lora: { quantized_base: true }, ...batch(2, 256) },
    bottleneck: { method: 'bottleneck' },
    prefix: { method: 'prefix_tuning' },
    'prompt tuning': { method: 'prompt_tuning' },
    'p-tuning': { method: 'p_tuning' },
    full: { method: 'full', optimizer: { learning_rate: 1e-5 }, ...batch(2, 128) },
    'full, adafactor': { method: 'full', optimizer: { kind: 'adafactor', learning_rate: 1e-5 }, ...batch(2, 128) },
    longer: steps(24),
    'many checkpoints': { checkpoints: { keep_last: 5, keep_every_steps: 5 } },
};

const base = {
    schedule: { max_steps: 10 },
    batch: { micro_batch: 4, max_length: 128, accumulation: 1 },
    evaluation: { every_steps: 5, validation_samples: 8, previews: 1, test_samples: 40 },
};
const merged = (a, b) => {
    const both = { ...a };
    for (const [key, value] of Object.entries(b)) {
        both[key] = value && typeof value === 'object' && !Array.isArray(value) ? merged(a[key] ?? {}, value) : value;
    }
    return both;
};
const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const error = (predicted, actual) => Math.abs(predicted - actual) / actual;
const percent = (x) => `${(100 * x).toFixed(0)} %`;

const server = await Server.start();
const browser = await openBrowser();
const page = await openPage(browser, server);
try {
    await createAccount(page, await server.setupLink());
    const project = await createSampleProject(page);
    const path = `projects/${project.split('/')[2]}`;
    const ids = await until('the sample project is there', 600_000, async () => {
        const [models, datasets] = [await api(page, 'GET', `${path}/models`), await api(page, 'GET', `${path}/datasets`)];
        if (!models.length || !datasets.items.length) return null;
        return { model_id: models[0].id, version_id: datasets.items[0].latest_version_id };
    }, 1000);
    const wanted = Object.entries(recipes).slice(Number(process.argv[2] ?? 0), Number(process.argv[3] ?? 1e9));
    const errors = { time: [], memory: [], disk: [] };
    for (const [name, own] of wanted) {
        const { id } = await api(page, 'POST', `${path}/runs`, { ...ids, name, recipe: merged(base, own) });
        const run = await until(`${name} ends`, 600_000, async () => {
            const run = await api(page, 'GET', `${path}/runs/${id}`);
            return ['succeeded', 'failed', 'cancelled'].includes(run.state.status) && run;
        }, 500);
        if (run.state.status !== 'succeeded') throw new Error(`${name} ended as ${run.state.status}: ${JSON.stringify(run.state)}`);
        const predicted = run.predicted ?? run.estimate;
        const actual = run.actual;
        const rows = {
            time: [predicted.seconds ?? predicted.train_seconds + predicted.evaluation_seconds, actual.seconds],
            memory: [predicted.memory_bytes, actual.memory_bytes],
            disk: [predicted.disk_bytes, actual.disk_bytes],
        };
        for (const [what, [p, a]] of Object.entries(rows)) errors[what].push(error(p, a));
        const mib = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
        console.log(
            `${name}: ${rows.time.map((s) => `${s.toFixed(1)} s`).join(' / ')} (${percent(errors.time.at(-1))}), ` +
                `memory ${rows.memory.map(mib).join(' / ')} (${percent(errors.memory.at(-1))}), disk ${rows.disk.map(mib).join(' / ')} (${percent(errors.disk.at(-1))})`,
        );
    }
    for (const [what, all] of Object.entries(errors)) console.log(`median error of ${what} over ${all.length} recipes: ${percent(median(all))} (largest ${percent(Math.max(...all))})`);
} catch (problem) {
    console.error(problem, server.log.slice(-3000));
    process.exitCode = 1;
} finally {
    await browser.close();
    await server.remove();
}
