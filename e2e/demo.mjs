// The full-size demonstration: the sample project, one run of a few minutes, its figures and pictures.
import { Server, openBrowser, openPage, hydrated, screenshots } from './harness.mjs';
import { api, createAccount, createSampleProject, ended, fillRecipe, launch } from './steps.mjs';

const recipe = {
    'schedule.max_steps': 90,
    'optimizer.learning_rate': 0.0005,
    'batch.micro_batch': 8,
    'batch.accumulation': 1,
    'batch.max_length': 128,
    'evaluation.every_steps': 30,
    'evaluation.validation_samples': 32,
    'evaluation.previews': 3,
    'evaluation.test_samples': 200,
};

const server = await Server.start();
const browser = await openBrowser();
const page = await openPage(browser, server);
try {
    await createAccount(page, await server.setupLink());
    const project = await createSampleProject(page);
    for (let tries = 0; (await page.getByText('made dataset version').count()) === 0; tries++) {
        if (tries > 600) throw new Error('the sample project did not come');
        await page.waitForTimeout(1000);
        await page.goto(project);
    }
    await page.goto(`${project}/runs/new`);
    await hydrated(page);
    await fillRecipe(page, recipe);
    const run = await launch(page);
    console.log('training; follow it at', server.url + run);
    const status = await ended(page, 30 * 60_000);
    const path = `projects/${project.split('/')[2]}/runs/${run.split('/').pop()}`;
    const facts = await api(page, 'GET', path);
    const { base, tuned } = await api(page, 'GET', `${path}/evaluation`);
    const percent = (e, key) => `${(e.metrics.values[key] * 100).toFixed(1)} %`;
    console.log(`run: ${status}, ${facts.result.steps} steps, ${facts.result.tokens} tokens in ${Math.round(facts.state.elapsed_seconds)} s in all`);
    console.log(`predicted before launch: ${Math.round(facts.estimate.train_seconds + facts.estimate.evaluation_seconds)} s`);
    console.log(`predicted from the preflight: ${Math.round(facts.predicted.seconds)} s; actual: ${Math.round(facts.actual.seconds)} s`);
    console.log(`peak memory: ${Math.round(facts.result.peak_memory_mib)} MiB`);
    for (const key of ['accuracy', 'macro_f1']) console.log(`${key}: base ${percent(base, key)}, tuned ${percent(tuned, key)} on ${tuned.metrics.samples} test samples`);
    await page.goto(run);
    await screenshots(page, 'demo-run', { widths: [1280] });
    await page.goto(`${run}/evaluation`);
    await screenshots(page, 'demo-evaluation', { widths: [1280] });
    if (status !== 'Succeeded') process.exitCode = 1;
} finally {
    await browser.close();
    await server.remove();
}
