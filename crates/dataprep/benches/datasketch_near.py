"""datasketch's MinHash and MinHashLSH on the rows that our near duplicates were measured with; called by scripts/bench.sh near.

datasketch_near.py ROWS OURS: samples as JSON lines, and our seconds and links as JSON. Pieces are cut as ours are (runs of five
characters, of three where a text is mostly Han). Ours counts reading, exact duplicates, pieces, sketches and the exact
comparison of what they bring together; theirs is given with and without reading and cutting. Pairs of samples in one
group, copies included, are compared.
"""

import collections
import json
import re
import sys
import time

from datasketch import MinHash, MinHashLSH

THRESHOLD, PERMUTATIONS = 0.8, 128
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def pieces(text):
    text = " ".join(re.findall(r"[^\W_]+", text.lower()))
    letters = text.replace(" ", "")
    size = 5
    if 2 * len(HAN.findall(letters)) > len(letters):
        text, size = letters, 3
    size = min(size, len(text))
    return {text[i : i + size].encode() for i in range(len(text) - size + 1)}


def groups(count, links):
    parents = list(range(count))

    def root(i):
        while parents[i] != i:
            parents[i] = i = parents[parents[i]]
        return i

    for a, b in links:
        parents[root(a)] = root(b)
    members = collections.defaultdict(list)
    for i in range(count):
        members[root(i)].append(i)
    return [group for group in members.values() if len(group) > 1]


def pairs(groups):
    return {(a, b) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]}


def main():
    rows, ours = sys.argv[1:]
    begin = time.perf_counter()
    with open(rows, encoding="utf-8") as file:
        texts = ["\n".join(m["content"] for m in json.loads(line)["messages"]) for line in file]
    cut = [pieces(text) for text in texts]
    sketched = time.perf_counter()
    index, links, sketches = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS), [], []
    for i, of_row in enumerate(cut):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch(list(of_row))
        links += [(i, j) for j in index.query(sketch) if sketch.jaccard(sketches[j]) >= THRESHOLD]
        index.insert(i, sketch)
        sketches.append(sketch)
    end = time.perf_counter()
    with open(ours, encoding="utf-8") as file:
        ours = json.load(file)
    seconds, mine, other = ours["seconds"], pairs(groups(len(texts), ours["links"])), pairs(groups(len(texts), links))
    exact = {pair for pair in mine ^ other if jaccard(cut, pair) >= THRESHOLD}
    print(f"{len(texts)} rows: ours {seconds:.2f} s, datasketch {end - begin:.2f} s ({end - sketched:.2f} s of it sketches and index)")
    print(f"{(end - begin) / seconds:.1f} times as fast; {(end - sketched) / seconds:.1f} times against its sketches and index alone")
    print(f"pairs in one group: {len(mine & other)} by both, {len(mine - other)} only ours, {len(other - mine)} only datasketch's")
    print(f"of those by one alone really similar: {len(exact & mine)} of ours, {len(exact & other)} of datasketch's")


def jaccard(cut, pair):
    a, b = (cut[i] for i in pair)
    return len(a & b) / max(len(a | b), 1)


main()
