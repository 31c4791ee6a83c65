"""Reads cases.json, writes expected.json: what sacreBLEU, rouge-score, NLTK, scikit-learn and SciPy say of each case."""

import json
import logging
import math
import sys
import warnings

import numpy as np
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF
from scipy import stats
from sklearn import metrics as sk

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def texts(case):
    outputs = [item["output"] for item in case]
    references = [list(column) for column in zip(*[item["references"] for item in case])]
    out = {"bleu": [], "chrf": [], "rouge": []}
    for tokenizer in ["13a", "zh", "char", "intl", "none"]:
        for smoothing in ["exp", "floor", "add-k", "none"]:
            for effective in [False, True]:
                bleu = BLEU(
                    tokenize=tokenizer, smooth_method=smoothing, effective_order=effective, lowercase=effective
                )
                corpus = bleu.corpus_score(outputs, references).score
                each = [bleu.sentence_score(item["output"], item["references"]).score for item in case]
                bleu.corpus_score(outputs, references)
                out["bleu"].append({"corpus": corpus, "each": each, "signature": str(bleu.get_signature())})
    for order in [0, 2]:
        for lowercase in [False, True]:
            chrf = CHRF(word_order=order, lowercase=lowercase)
            each = [chrf.sentence_score(item["output"], item["references"]).score for item in case]
            corpus = chrf.corpus_score(outputs, references).score
            out["chrf"].append({"corpus": corpus, "each": each, "signature": str(chrf.get_signature())})
    kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    for stems in [False, True]:
        scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=stems)
        for item in case:
            scores = scorer.score_multi(item["references"], item["output"])
            out["rouge"].append([[scores[k].precision, scores[k].recall, scores[k].fmeasure] for k in kinds])
    return out


def labels(case):
    expected, predicted = zip(*case)
    names = sorted(set(expected) | set(predicted))
    averages = [
        sk.precision_recall_fscore_support(expected, predicted, average=a, zero_division=0)[:3]
        for a in ["micro", "macro", "weighted"]
    ]
    classes = sk.precision_recall_fscore_support(expected, predicted, labels=names, zero_division=0)[:3]
    return {
        "names": names,
        "accuracy": sk.accuracy_score(expected, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(expected, predicted),
        "mcc": sk.matthews_corrcoef(expected, predicted),
        "averages": [[float(x) for x in average] for average in averages],
        "classes": np.array(classes).T.tolist(),
        "confusion": sk.confusion_matrix(expected, predicted, labels=names).tolist(),
    }


def number(value):
    return None if value is None or math.isnan(value) else float(value)


def probabilities(case):
    expected, rows = np.array(case["expected"]), np.array(case["rows"])
    classes = list(range(rows.shape[1]))
    roc, precision = [], []
    for c in classes:
        roc.append(number(sk.roc_auc_score(expected == c, rows[:, c])))
        precision.append(number(sk.average_precision_score(expected == c, rows[:, c])))
    over = {}
    if len(classes) > 2:
        for average in ["macro", "weighted"]:
            auc = sk.roc_auc_score(expected, rows, multi_class="ovr", average=average, labels=classes)
            over[average] = number(auc)
    return {
        "roc": roc,
        "precision": precision,
        "over": over,
        "log_loss": sk.log_loss(expected, rows, labels=classes),
        "brier": sk.brier_score_loss(expected, rows if len(classes) > 2 else rows[:, 1], labels=classes),
    }


def differences(case):
    moving = [d for d in case if d != 0]
    if not moving:
        return None
    exact = len(moving) <= 25 and len(set(map(abs, moving))) == len(moving)
    found = stats.wilcoxon(moving, method="exact" if exact else "asymptotic", correction=False)
    flips = stats.permutation_test(
        (np.array(moving),), np.mean, permutation_type="samples", n_resamples=np.inf
    ) if 2 <= len(moving) <= 12 else None
    return {"wilcoxon": found.pvalue, "exact": exact, "flips": flips and flips.pvalue}


def counts(case):
    hits, samples = case
    wilson = stats.binomtest(hits, samples).proportion_ci(method="wilson")
    smaller = min(hits, samples - hits)
    chi = (abs(2 * hits - samples) - 1) ** 2 / samples
    return {
        "wilson": [wilson.low, wilson.high],
        "exact": min(1.0, 2 * stats.binom.cdf(smaller, samples, 0.5)),
        "corrected": stats.chi2.sf(chi, 1),
    }


def main(source, target):
    with open(source, encoding="utf-8") as file:
        cases = json.load(file)
    stemmer = PorterStemmer()
    out = {
        "texts": [texts(case) for case in cases["texts"]],
        "words": [stemmer.stem(word) for word in cases["words"]],
        "labels": [labels(case) for case in cases["labels"]],
        "probabilities": [probabilities(case) for case in cases["probabilities"]],
        "differences": [differences(case) for case in cases["differences"]],
        "counts": [counts(case) for case in cases["counts"]],
        "discoveries": [stats.false_discovery_control(case, method="bh").tolist() for case in cases["p_values"]],
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(out, file)


main(sys.argv[1], sys.argv[2])
