"""Drives Label Studio for scripts/bench.sh annotation: starts it with SQLite in a folder of its own, imports tasks through its
API, and has several clients send annotations for a while. Prints one line of JSON: how many a second, and its version."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from importlib.metadata import version

TOKEN = "0123456789abcdef0123456789abcdef01234567"
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="tone" toName="text">'
    '<Choice value="positive"/><Choice value="negative"/></Choices></View>'
)
RESULT = [{"from_name": "tone", "to_name": "text", "type": "choices", "value": {"choices": ["positive"]}}]


def call(base, method, path, body=None):
    """The answer of a request, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(base + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def start(folder, port):
    """Label Studio's process."""
    env = os.environ | {
        "LABEL_STUDIO_BASE_DATA_DIR": folder,
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    program = pathlib.Path(sys.executable).parent / "label-studio"
    command = [program, "start", "--no-browser", "--port", str(port), "--data-dir", folder]
    command += ["--username", "bench@example.org", "--password", "bench-bench", "--user-token", TOKEN]
    log = open(pathlib.Path(folder) / "log", "w")  # read by nobody unless it fails
    return subprocess.Popen([str(part) for part in command], env=env, stdout=log, stderr=log)


def wait(base, process, folder, seconds=300):
    """Until it answers."""
    for _ in range(seconds):
        if process.poll() is not None:
            break
        try:
            return call(base, "GET", "/api/projects/")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(1)
    sys.exit("Label Studio does not answer:\n" + (pathlib.Path(folder) / "log").read_text()[-3000:])


def measure(base, tasks, clients, seconds):
    """Annotations a second, and how many were sent."""
    project = call(base, "POST", "/api/projects/", {"title": "tone", "label_config": CONFIG})["id"]
    rows = [{"data": {"text": f"Review {i}: the room was clean and the staff were friendly."}} for i in range(tasks)]
    made = call(base, "POST", f"/api/projects/{project}/import?return_task_ids=true", rows)
    ids, lock = iter(made["task_ids"]), threading.Lock()
    assert made["task_count"] == tasks, made
    end = time.monotonic() + seconds

    def work():
        sent = 0
        while time.monotonic() < end:
            with lock:
                task = next(ids, None)
            if task is None:
                break
            call(base, "POST", f"/api/tasks/{task}/annotations/", {"result": RESULT, "lead_time": 0.9})
            sent += 1
        return sent

    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        sent = sum(future.result() for future in [pool.submit(work) for _ in range(clients)])
    return sent / (time.monotonic() - begin), sent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60, help="how long annotations are sent at most")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        process = start(folder, port)
        try:
            wait(base, process, folder)
            rate, sent = measure(base, options.tasks, options.clients, options.seconds)
        finally:
            process.terminate()
            process.wait(30)
    print(json.dumps({"per_second": rate, "sent": sent, "version": version("label-studio")}))


main()
