// What people do on the annotator's screen, for stories and measurements: a task on made-up rows, labelling whatever comes,
// and how long it takes until the next item is painted.
import { until } from './harness.mjs';
import { api } from './steps.mjs';

export const labels = ['正面', '负面'];

/** Rows in two languages; each says its number, so that a person knows what to answer. */
const rows = (count) =>
    Array.from({ length: count }, (_, i) => ({
        text: i % 2 ? `编号 ${i}：这家店的服务${i % 3 ? '很好' : '太慢'}，订单 ${i * 7919}。` : `No. ${i}: the room was ${i % 3 ? 'clean' : 'cold'}, booking ${i * 104_729}.`,
        label: labels[i % 3 ? 0 : 1],
    }));

/** The answer to the row of this number. */
export const right = (number) => labels[number % 3 ? 0 : 1];

/** Imports rows and makes an open task of `items` of them; returns its id. */
export const openTask = async (page, id, items, distribution) => {
    const file = rows(Math.ceil(items * 1.5)).map((row) => JSON.stringify(row)).join('\n');
    const upload = await api(page, 'POST', `projects/${id}/uploads?file_name=reviews.jsonl`, file);
    const job = await api(page, 'POST', `projects/${id}/imports`, { upload_id: upload.id, name: 'Reviews' });
    await until('the rows are imported', 60_000, async () => (await api(page, 'GET', `projects/${id}/jobs/${job.id}`)).status === 'succeeded');
    const [dataset] = (await api(page, 'GET', `projects/${id}/datasets`)).items;
    const { task_id: task } = await api(page, 'POST', `projects/${id}/annotation-tasks`, {
        name: 'Tone',
        source: { kind: 'version', version_id: dataset.latest_version_id, splits: ['train'], limit: items },
        design: { show: 'prompt', questions: [{ name: 'tone', title: 'Tone', kind: 'choice', options: labels.map((value) => ({ value })) }] },
        distribution,
    });
    await until('the items are made', 60_000, async () => (await api(page, 'GET', `projects/${id}/annotation-tasks/${task}`)).filled);
    await api(page, 'PUT', `projects/${id}/annotation-tasks/${task}/status`, { status: 'open' });
    return task;
};

/** The item in view. */
const shown = (page) =>
    page.evaluate(() => {
        const item = document.querySelector('#work [data-item]');
        return item && { id: item.dataset.item, number: Number(/(?:No\. |编号 )(\d+)/.exec(item.textContent)?.[1]) };
    });

/** Answers by keys alone. */
export const byKeys = async (page, label) => {
    await page.keyboard.press(String(labels.indexOf(label) + 1));
    await page.keyboard.press('Enter');
};

/** Answers with a finger. */
export const byTouch = async (page, label) => {
    await page.getByLabel(label).check();
    await page.locator('[data-send]').click();
};

/**
 * Labels at most `limit` of the items that come, until nothing is left; returns how many. `said` keeps the last answer to
 * each.
 */
export const label = async (page, { answer = right, act = byKeys, limit = Infinity, said = new Map() } = {}) => {
    let before = null;
    for (let done = 0; done < limit; done++) {
        const now = await until('an item, or the end', 60_000, async () => {
            const item = await shown(page);
            if (item && item.id !== before) return item;
            return (await page.getByText('Nothing left for you').count()) > 0 && { id: null };
        }, 10);
        if (now.id === null) return done;
        const choice = answer(now.number);
        said.set(now.id, choice);
        before = now.id;
        await act(page, choice);
    }
    return limit;
};

/** From now on notes, for each Enter, after how many milliseconds the next item has been painted, where it was there in advance. */
export const watchPaints = (page) =>
    page.evaluate(() => {
        window.paints = [];
        let pressed = null;
        addEventListener('keydown', (event) => { if (event.key === 'Enter') pressed = performance.now(); }, true);
        new MutationObserver(() => {
            const since = pressed;
            pressed = null;
            if (since === null || !document.querySelector('#work [data-item]')) return;
            // A task behind the frame's callbacks runs when the frame has been painted.
            requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => window.paints.push(performance.now() - since);
                port2.postMessage(null);
            });
        }).observe(document.querySelector('#work'), { childList: true });
    });

export const paints = (page) => page.evaluate(() => window.paints);

/** The value below which this share of them lies. */
export const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
