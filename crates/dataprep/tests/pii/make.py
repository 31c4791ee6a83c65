"""Writes the .jsonl files beside it: sentences with personal data marked, and sentences with what only looks like it.

`{kind|text}` marks a span. Sentences from `written` are as somebody wrote them; `templates` are filled with seeded values, whose names and
streets were not drawn from the dictionaries of the finder. Nobody's data is in here: numbers are random with right check digits, tokens
are random. The sentences of `unseen-*` were written after the rules of the finder.
"""

import json
import random
import re
from pathlib import Path

HERE = Path(__file__).parent
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def luhn(body):
    total = 0
    for i, digit in enumerate(reversed(body)):
        n = int(digit) * (2 if i % 2 == 0 else 1)
        total += n // 10 + n % 10
    return body + str(-total % 10)


class Values:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def digits(self, n):
        return "".join(self.r.choice("0123456789") for _ in range(n))

    def letters(self, n, alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"):
        return "".join(self.r.choice(alphabet) for _ in range(n))

    def mobile(self):
        n = "1" + self.r.choice(["38", "39", "36", "50", "59", "77", "86", "99", "33"]) + self.digits(8)
        return self.r.choice([n, n, n, f"{n[:3]}-{n[3:7]}-{n[7:]}", f"{n[:3]} {n[3:7]} {n[7:]}", "+86 " + n, "+86" + n])

    def landline(self):
        code = self.r.choice(["010", "021", "0755", "0571", "028", "0431"])
        rest = self.r.choice("23568") + self.digits(7 if code != "0431" else 7)
        return self.r.choice([f"{code}-{rest}", f"({code}){rest}", f"{code} {rest}"])

    def us_phone(self):
        a, b, c = self.r.choice("23456789") + self.digits(2), self.r.choice("23456789") + self.digits(2), self.digits(4)
        return self.r.choice([f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"+1 {a} {b} {c}", f"+1-{a}-{b}-{c}"])

    def world_phone(self):
        d = self.digits
        return self.r.choice([f"+44 20 7{d(3)} {d(4)}", f"+49 30 {d(7)}", f"+33 1 {d(2)} {d(2)} {d(2)} {d(2)}", f"+81 3-{d(4)}-{d(4)}", f"+61 4{d(2)} {d(3)} {d(3)}"])

    def id_card(self):
        body = self.r.choice(["110105", "310115", "440305", "510107", "330106", "420111", "610113"]) + str(self.r.randint(1950, 2008))
        body += f"{self.r.randint(1, 12):02}{self.r.randint(1, 28):02}{self.digits(3)}"
        return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS)) % 11]

    def ssn(self):
        return f"{self.r.randint(100, 665):03}-{self.r.randint(1, 99):02}-{self.r.randint(1, 9999):04}"

    def bank_card(self):
        prefix, length = self.r.choice([("4", 16), ("5213", 16), ("622848", 19), ("621700", 19), ("6226", 16)])
        n = luhn(prefix + self.digits(length - len(prefix) - 1))
        return self.r.choice([n, " ".join(re.findall(".{1,4}", n))])

    def amex(self):
        n = luhn("37" + self.digits(12))
        return f"{n[:4]} {n[4:10]} {n[10:]}"

    def ip(self):
        r = self.r.randint
        return self.r.choice([f"{r(11, 223)}.{r(0, 255)}.{r(0, 255)}.{r(1, 254)}", f"192.168.{r(0, 255)}.{r(1, 254)}", f"2408:84{r(10, 99)}:{r(1000, 9999)}:{r(10, 99)}a::{r(1, 9)}f"])

    def secret(self):
        # No scanner shall take them for real ones.
        def t(n, *alphabet):
            return self.letters(n - 7, *alphabet) + "EXAMPLE"

        return self.r.choice(["sk-proj-" + t(40), "sk-" + t(48), "AKIA" + t(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "ghp_" + t(36), "glpat-" + t(20), "hf_" + t(34),
                              "eyJ" + t(17) + ".eyJ" + t(30) + "." + t(43)])

    def email(self):
        local = self.r.choice(["li.lei", "wang_fang88", "j.smith", "support-desk", "maria+news", "x1024", "zhao.qi.2019", "OBrien", "dev"])
        return f"{local}@{self.r.choice(['example.com', 'mail.example.org', 'corp-example.co.uk', 'example.edu.cn', 'qq.example.com', 'sub.dept.example.net'])}"

    def fill(self, template, names, addresses):
        def value(match):
            kind = match.group(1)
            if kind == "name":
                text = self.r.choice(names)
            elif kind == "address":
                text = self.r.choice(addresses)
            else:
                text = getattr(self, kind)()
            label = {"mobile": "phone", "landline": "phone", "us_phone": "phone", "world_phone": "phone", "amex": "bank_card"}.get(kind, kind)
            return "{%s|%s}" % (label, text)

        return re.sub(r"\{(\w+)\}", value, template)


def marked(sentence):
    sentence = sentence.replace("\\n", "\n")
    text, spans, at = "", [], 0
    for match in re.finditer(r"\{(\w+)\|([^}]*)\}", sentence):
        text += sentence[at:match.start()]
        spans.append([len(text), len(text) + len(match.group(2)), match.group(1)])
        text += match.group(2)
        at = match.end()
    return {"text": text + sentence[at:], "spans": spans}


def lines(name):
    return [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]


def make(language, seed):
    values = Values(seed)
    section, parts = None, {"names": [], "addresses": [], "templates": [], "written": []}
    for line in lines(f"{language}.txt"):
        if line.startswith("== "):
            section = parts[line[3:]]
        else:
            section.append(line)
    filled = [values.fill(t, parts["names"], parts["addresses"]) for t in parts["templates"] for _ in range(8)]
    with (HERE / f"{language}.jsonl").open("w") as out:
        for sentence in parts["written"] + filled:
            out.write(json.dumps(marked(sentence), ensure_ascii=False) + "\n")


make("zh", 20)
make("en", 21)
make("unseen-zh", 22)
make("unseen-en", 23)
