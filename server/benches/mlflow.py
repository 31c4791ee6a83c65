"""Tracking here beside MLflow 3.17, both on the Postgres of DATABASE_URL in databases of their own, in the same run, in turns.

Measured over plain HTTP by one client: values of metrics logged a second in batches of 1,000, beside a bare insert of the same rows by
unnest into the same table; a search of 10,000 runs; the history of a metric with 100,000 values, in seconds and bytes; and what the
servers hold resident. MLflow's server answers in two packets, so a client that keeps its connection waits some 40 ms for each answer
(delayed ACK): each time is therefore taken with a kept connection and with a new one for each request.

    mlflow.py --server target/release/server [--runs 10000] [--values 100000] [--rounds 3]
"""

import argparse
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

import psycopg2

BATCH = 1000
TOKEN = "lathe_bench"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def database(name):
    """Makes an empty database on the server of DATABASE_URL; its address."""
    url = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name}")
    connection.close()
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))


class Server:
    """A process with its children, and a client of it."""

    def __init__(self, name, command, environment, port, prefix, headers, ready):
        self.name, self.port, self.prefix, self.headers = name, port, prefix, headers
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.kept = None
        deadline = time.time() + 120
        while True:
            try:
                if self.call("GET", ready, plain=True)[0] == 200:
                    return
            except OSError:
                pass
            if time.time() > deadline:
                raise SystemExit(f"{name} does not start")
            time.sleep(0.3)

    def call(self, method, path, body=None, keep=False, plain=False):
        """Status and bytes of the answer."""
        connection = self.kept if keep and self.kept else http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {**self.headers, "Content-Type": "application/json"}
        try:
            connection.request(method, path if plain else self.prefix + path, body, headers)
            answer = connection.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # A server closes what nobody has used for some seconds.
            if connection is not self.kept:
                raise
            self.kept = None
            return self.call(method, path, body, keep, plain)
        content = answer.read()
        if keep:
            self.kept = connection
        else:
            connection.close()
        return answer.status, content

    def ask(self, method, path, body=None, keep=False):
        return self.send(method, path, None if body is None else json.dumps(body), keep)

    def send(self, method, path, text, keep):
        """As `ask`, with the body as it is sent."""
        status, content = self.call(method, path, text, keep)
        assert status == 200, (self.name, path, status, content[:500])
        return content

    def resident(self):
        """Bytes of the process and all its descendants."""
        children = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry))
            except OSError:
                continue
        total, open_ids = 0, [self.process.pid]
        while open_ids:
            pid = open_ids.pop()
            open_ids += children.get(pid, [])
            try:
                with open(f"/proc/{pid}/status") as file:
                    total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))
            except OSError:
                pass
        return total

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def start_mlflow(folder):
    url, port = database("bench_mlflow"), free_port()
    # SQLAlchemy takes the folder of the socket from the query where no host stands before it; which driver it would choose
    # by itself depends on its version.
    store = url.replace("postgres://", "postgresql+psycopg2://").replace("@localhost/", "@/" if "host=/" in url else "@localhost/")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--workers", "1"]
    command += ["--port", str(port), "--artifacts-destination", os.path.join(folder, "artifacts")]
    return Server("MLflow", command, {"MLFLOW_DISABLE_TELEMETRY": "true"}, port, "/api/2.0/mlflow", {}, "/health"), url


def start_lathe(program, folder):
    url, port = database("bench_lathe"), free_port()
    environment = {"DATABASE_URL": url, "LATHE_LISTEN": f"127.0.0.1:{port}", "LATHE_DATA": folder, "LATHE_WORKERS": "none"}
    project, user = uuid.uuid4(), uuid.uuid4()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    server = Server("Lathe", [program], environment, port, f"/mlflow/{project}/api/2.0/mlflow", headers, "/readyz")
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("insert into users (id, email, name, password_hash) values (%s, 'ada@example.org', 'Ada', '-')", (str(user),))
        cursor.execute("insert into projects (id, name, created_by) values (%s, 'P', %s)", (str(project), str(user)))
        cursor.execute("insert into members (project_id, user_id, role) values (%s, %s, 'owner')", (str(project), str(user)))
        cursor.execute(
            "insert into api_tokens (id, user_id, name, prefix, token_hash, scope, expires_at) values (%s, %s, 't', 'lathe', %s, 'write', now() + interval '1 day')",
            (str(uuid.uuid4()), str(user), hashlib.sha256(TOKEN.encode()).digest()),
        )
    connection.close()
    return server, url


def new_run(server):
    answer = server.ask("POST", "/runs/create", {"experiment_id": "0", "start_time": int(time.time() * 1000)})
    return json.loads(answer)["run"]["info"]["run_id"]


def log(server, values, keep):
    """Logs a metric; its run, and values a second."""
    run = new_run(server)
    batches = []
    for begin in range(0, values, BATCH):
        metrics = [{"key": "loss", "value": 1 / (i + 1), "timestamp": 1_700_000_000_000 + i, "step": i} for i in range(begin, begin + BATCH)]
        # Written before the clock starts, as the statements of `bare` are: writing it takes as long as some servers need for the rest.
        batches.append(json.dumps({"run_id": run, "metrics": metrics}))
    begin = time.perf_counter()
    for batch in batches:
        server.send("POST", "/runs/log-batch", batch, keep)
    return run, values / (time.perf_counter() - begin)


def bare(url, values):
    """The same rows into the table that Lathe keeps them in, by unnest alone; values a second."""
    statements = []
    for begin in range(0, values, BATCH):
        rows = range(begin, begin + BATCH)
        steps = ",".join(map(str, rows))
        times = ",".join(str(1_700_000_000_000 + i) for i in rows)
        numbers = ",".join(repr(1 / (i + 1)) for i in rows)
        statements.append(
            "insert into tracked_points (series_id, step, logged_ms, value) "
            f"select -1, * from unnest('{{{steps}}}'::bigint[], '{{{times}}}'::bigint[], '{{{numbers}}}'::float8[])"
        )
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("delete from tracked_points where series_id = -1")
        begin = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)
        seconds = time.perf_counter() - begin
        cursor.execute("delete from tracked_points where series_id = -1")
    connection.close()
    return values / seconds


# Runs with five metrics, five parameters and three tags each, put straight into the tables.
MLFLOW_RUNS = """
insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
select md5(i::text), 'run ' || i, 'LOCAL', '', '', 'ada', 'FINISHED', 1600000000000 + i, '', 'active', 'mlflow-artifacts:/0/' || md5(i::text), 0 from generate_series(1, %(runs)s) i;
insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
select 'm' || k, (i * 37 %% 1000) / 1000.0, 1, 0, false, md5(i::text) from generate_series(1, %(runs)s) i, generate_series(1, 5) k;
insert into params (key, value, run_uuid) select 'p' || k, (i %% 7)::text, md5(i::text) from generate_series(1, %(runs)s) i, generate_series(1, 5) k;
insert into tags (key, value, run_uuid) select 't' || k, (i %% 5)::text, md5(i::text) from generate_series(1, %(runs)s) i, generate_series(1, 3) k;
analyze;
"""
LATHE_RUNS = """
insert into tracked_runs (id, experiment_id, name, user_name, status, started_ms)
select md5(i::text)::uuid, (select id from tracked_experiments where number = 0), 'run ' || i, 'ada', 'FINISHED', 1600000000000 + i from generate_series(1, %(runs)s) i;
insert into tracked_series (run_id, key, step, logged_ms, value)
select md5(i::text)::uuid, 'm' || k, 0, 1, (i * 37 %% 1000) / 1000.0 from generate_series(1, %(runs)s) i, generate_series(1, 5) k;
insert into tracked_params (run_id, key, value) select md5(i::text)::uuid, 'p' || k, (i %% 7)::text from generate_series(1, %(runs)s) i, generate_series(1, 5) k;
insert into tracked_tags (run_id, key, value) select md5(i::text)::uuid, 't' || k, (i %% 5)::text from generate_series(1, %(runs)s) i, generate_series(1, 3) k;
analyze;
"""


def fill(url, sql, runs):
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, {"runs": runs})
    connection.close()


def next_token(content):
    """The token of the next page. Reading the whole answer as JSON would take as long here as writing it takes a server."""
    found = re.search(rb'"next_page_token": ?("(?:[^"\\]|\\.)*")', content)
    return found and json.loads(found.group(1))


def search(server, keep, filter_string, order_by):
    """Seconds until all pages of a search are there, and how many runs."""
    token, count, begin = None, 0, time.perf_counter()
    while True:
        body = {"experiment_ids": ["0"], "filter": filter_string, "order_by": order_by, "max_results": 1000}
        if token:
            body["page_token"] = token
        content = server.ask("POST", "/runs/search", body, keep)
        count += content.count(b'"lifecycle_stage"')
        token = next_token(content)
        if not token:
            return time.perf_counter() - begin, count


def history(server, run, keep):
    """Seconds until all values are there; bytes of the first page, bytes of all."""
    token, sizes, count, begin = "", [], 0, time.perf_counter()
    while True:
        path = f"/metrics/get-history?run_id={run}&metric_key=loss&max_results=25000"
        content = server.ask("GET", path + (f"&page_token={urllib.parse.quote(token)}" if token else ""), None, keep)
        sizes.append(len(content))
        count += content.count(b'"step"')
        token = next_token(content)
        if not token:
            return time.perf_counter() - begin, sizes[0], sum(sizes), count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--values", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mlflow, mlflow_url = start_mlflow(folder)
        lathe, lathe_url = start_lathe(os.path.abspath(chosen.server), os.path.join(folder, "lathe"))
        try:
            measure(chosen, mlflow, mlflow_url, lathe, lathe_url)
        finally:
            mlflow.stop()
            lathe.stop()


def measure(chosen, mlflow, mlflow_url, lathe, lathe_url):
    found, runs = {}, {}

    def take(what, server, keep, value):
        found.setdefault((what, server, keep), []).append(value)

    for _ in range(chosen.rounds):
        for keep in (True, False):
            for server in (mlflow, lathe):
                runs[server.name], speed = log(server, chosen.values, keep)
                take("log", server.name, keep, speed)
        take("bare", "Postgres", True, bare(lathe_url, chosen.values))
    fill(mlflow_url, MLFLOW_RUNS, chosen.runs)
    fill(lathe_url, LATHE_RUNS, chosen.runs)
    searches = {"search, all": ("", []), "search, filter": ("metrics.m1 > 0.9 and params.p1 = '3'", ["metrics.m2 DESC"])}
    for _ in range(chosen.rounds):
        for keep in (True, False):
            for server in (mlflow, lathe):
                for name, (filter_string, order_by) in searches.items():
                    seconds, count = search(server, keep, filter_string, order_by)
                    take(name, server.name, keep, seconds)
                    found[(name, server.name, "runs")] = [count]
                seconds, first, all_bytes, count = history(server, runs[server.name], keep)
                assert count == chosen.values, (server.name, count)
                take("history", server.name, keep, seconds)
                found[("history", server.name, "first page")], found[("history", server.name, "bytes")] = [first], [all_bytes]
    median = lambda *key: statistics.median(found[key])
    print(f"{'':<34}{'MLflow':>12}{'Lathe':>12}{'ratio':>9}   medians of {chosen.rounds} rounds")

    def line(what, theirs, ours, ratio, form="{:,.3f}"):
        print(f"{what:<34}{form.format(theirs):>12}{form.format(ours):>12}{ratio:>9.1f}")

    for keep, words in ((True, "kept connection"), (False, "new connections")):
        theirs, ours = median("log", "MLflow", keep), median("log", "Lathe", keep)
        line(f"values/s, {words}", theirs, ours, ours / theirs, "{:,.0f}")
        for what in (*searches, "history"):
            theirs, ours = median(what, "MLflow", keep), median(what, "Lathe", keep)
            line(f"{what}, s, {words}", theirs, ours, theirs / ours)
    for what in ("first page", "bytes"):
        theirs, ours = median("history", "MLflow", what), median("history", "Lathe", what)
        line(f"history, {what}, bytes", theirs, ours, theirs / ours, "{:,.0f}")
    for name in searches:
        print(f"{name}: {found[(name, 'MLflow', 'runs')][0]} and {found[(name, 'Lathe', 'runs')][0]} runs")
    line("resident, MB", mlflow.resident() / 1e6, lathe.resident() / 1e6, mlflow.resident() / lathe.resident(), "{:,.0f}")
    bare_speed = median("bare", "Postgres", True)
    best = max(median("log", "Lathe", True), median("log", "Lathe", False))
    print(f"bare unnest into the same table: {bare_speed:,.0f} values/s; Lathe reaches {best / bare_speed:.0%} of it")


if __name__ == "__main__":
    main()
