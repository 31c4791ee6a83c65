"""One line of JSON: how fast llama.cpp reads a prompt and writes one answer, measured as `trainer bench --answers`."""

import argparse
import json
import statistics
import time

import llama_cpp


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def made_up(count, vocabulary):
    return [i * 7919 % vocabulary for i in range(count)]


def timed(tokens, work):
    """Tokens per second, and per second of processor time of all threads."""
    started, processor = time.perf_counter(), time.process_time()
    work()
    return tokens / (time.perf_counter() - started), tokens / (time.process_time() - processor)


def rate(pairs):
    by_clock, by_processor = zip(*pairs)
    return {"tokens_per_second": statistics.median(by_clock), "tokens_per_cpu_second": statistics.median(by_processor)}


def main():
    wanted = arguments()
    model = llama_cpp.Llama(
        wanted.model,
        n_ctx=max(wanted.prompt, wanted.depth + wanted.tokens) + 8,
        n_batch=wanted.prompt,
        n_ubatch=wanted.prompt,
        n_threads=wanted.threads,
        n_threads_batch=wanted.threads,
        verbose=False,
    )
    vocabulary = model.n_vocab()

    def write():
        for token in made_up(wanted.tokens, vocabulary):
            model.eval([token])

    reading, writing = [], []
    # The first round warms caches and threads and is not counted.
    for step in range(wanted.steps + 1):
        model.reset()
        read = timed(wanted.prompt, lambda: model.eval(made_up(wanted.prompt, vocabulary)))
        model.reset()
        model.eval(made_up(wanted.depth, vocabulary))
        one = timed(wanted.tokens, write)
        if step > 0:
            reading.append(read)
            writing.append(one)
    print(json.dumps({"prefill": rate(reading), "decode": rate(writing), "version": llama_cpp.__version__}))


if __name__ == "__main__":
    main()
