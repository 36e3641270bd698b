"""A model behind a port: codes, scores and samples as JSON, from a file that runs no code.

    python examples/service.py MODEL.vaekit [--host 127.0.0.1] [--port 8000]
    python examples/service.py --load-test [--threads 4] [--requests 400]

Three addresses take JSON by POST, and GET /health says what is served:

    /transform  {"X": [[5.1, 3.5, 1.4, 0.2]]}                   codes of rows
    /score      {"X": [[5.1, 3.5, 1.4, 0.2]]}                   a bound on log p(x) of each row, in nats
    /sample     {"n_samples": 3, "random_state": 0}             rows drawn from the model

What a request asks for wrongly is its own fault, status 4xx with a sentence, and the service lives on. With --load-test
a small model is fitted, saved, loaded and served on a free port of this machine alone, by a process of its own (where
processes can be forked: not on Windows); some threads send a bounded number of requests, and latency and memory of the
service are printed.
"""

import argparse
import http.client
import json
import multiprocessing
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_iris

from vaekit import VAE
from vaekit.persistence import load, save

MOST_BYTES = 2**24  # of a request
MOST_SAMPLES = 10_000
LONGEST = 60.0  # seconds of a load test, and of a request


class BadRequest(Exception):
    """A status, and what was wrong."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


# ---------------------------------------------------------------------- what is served


def rows_of(request):
    """The rows of a request; the model checks their number of columns and their values."""
    try:
        X = np.asarray(request["X"], dtype=float)
    except KeyError as error:
        raise BadRequest(422, "The request needs 'X', a list of rows.") from error
    except (TypeError, ValueError) as error:
        raise BadRequest(422, f"The 'X' must be rows of numbers, all of one length: {error}") from error
    return X


def whole_number(request, name, default, least, most):
    value = request.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise BadRequest(422, f"The {name!r} must be a whole number from {least} to {most}, got {value!r}.")
    return value


def transform(model, request):
    return {"codes": model.transform(rows_of(request)).tolist()}


def score(model, request):
    return {"scores": model.score_samples(rows_of(request)).tolist()}


def sample(model, request):
    n_samples = whole_number(request, "n_samples", 1, 1, MOST_SAMPLES)
    seed = whole_number(request, "random_state", None, 0, 2**32 - 1) if "random_state" in request else None
    return {"X": model.sample(n_samples, random_state=seed).tolist()}


ADDRESSES = {"/transform": transform, "/score": score, "/sample": sample}


def answered(model, address, body):
    """Return a status and what is answered."""
    try:
        if address not in ADDRESSES:
            raise BadRequest(404, f"There is no {address!r}; POST to one of {sorted(ADDRESSES)}.")
        request = parsed(body)
        try:
            return 200, ADDRESSES[address](model, request)
        except (AttributeError, ValueError) as error:  # what the model says of X, or a method that it has not
            raise BadRequest(422, str(error)) from error
    except BadRequest as error:
        return error.status, {"error": str(error)}


def parsed(body):
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, f"The request must be JSON: {error}") from error
    if not isinstance(request, dict):
        raise BadRequest(400, "The request must be a JSON object.")
    return request


class Handler(BaseHTTPRequestHandler):
    """Reads requests, answers in JSON; a server's own kind of it has the model."""

    model: Any
    protocol_version = "HTTP/1.1"  # a connection serves many requests
    disable_nagle_algorithm = True  # else small answers wait for each other
    wbufsize = -1  # headers and body leave together
    timeout = LONGEST

    def do_GET(self):
        """What is served."""
        if self.path != "/health":
            return self.answer(404, {"error": "GET /health, or POST to one of the others."})
        return self.answer(200, {"model": type(self.model).__name__, "columns": self.model.n_features_in_})

    def do_POST(self):
        """What the model says."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self.refuse(411, "The request must say its 'Content-Length'.")
        if int(length) > MOST_BYTES:
            return self.refuse(413, f"The request is longer than {MOST_BYTES} bytes; send fewer rows at a time.")
        return self.answer(*answered(self.model, self.path, self.rfile.read(int(length))))

    def refuse(self, status, message):
        """Answer a request that was not read, and hang up."""
        self.close_connection = True
        self.answer(status, {"error": message})

    def answer(self, status, content):
        """Send a status and JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Lines of requests are left to whatever stands in front."""


class Server(ThreadingHTTPServer):
    """A model that threads share: what it answers does not depend on who else asks."""

    daemon_threads = True

    def __init__(self, address, model):
        super().__init__(address, type("OwnHandler", (Handler,), {"model": model}))


# ---------------------------------------------------------------------- under load


def client(address, requests, until, latencies, failures):
    """Send requests one after the other over one connection; latencies, in milliseconds, by address."""
    connection = http.client.HTTPConnection(*address, timeout=LONGEST)
    for path, body in requests:
        if time.monotonic() > until:
            break
        begin = time.perf_counter()
        connection.request("POST", path, body)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            failures.append(content)
        latencies[path].append(1000 * (time.perf_counter() - begin))
    connection.close()


def resident_megabytes(pid):
    """Memory of a process that is in use, in MB; NaN where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), float("nan"))


def load_test(n_threads, n_requests):
    X = np.asarray(load_iris(return_X_y=True)[0])
    with tempfile.TemporaryDirectory() as folder:
        save(VAE(n_components=2, max_epochs=20, random_state=0).fit(X), Path(folder) / "iris.vaekit")
        server = Server(("127.0.0.1", 0), load(Path(folder) / "iris.vaekit"))
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    bodies = {
        "/transform": json.dumps({"X": X[:1].tolist()}),
        "/score": json.dumps({"X": X[:1].tolist()}),
        "/sample": json.dumps({"n_samples": 1, "random_state": 0}),
    }
    latencies, failures = {path: [] for path in bodies}, []
    once, many = list(bodies.items()), list(bodies.items()) * -(-n_requests // (len(bodies) * n_threads))
    client(server.server_address, once * 10, time.monotonic() + LONGEST, {path: [] for path in bodies}, failures)
    before, begin = resident_megabytes(process.pid), time.monotonic()
    arguments = server.server_address, many, begin + LONGEST, latencies, failures
    threads = [threading.Thread(target=client, args=arguments) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, after = time.monotonic() - begin, resident_megabytes(process.pid)
    process.terminate()
    process.join()
    server.server_close()
    report(latencies, failures, n_threads, seconds, before, after)


def report(latencies, failures, n_threads, seconds, before, after):
    n_requests = sum(map(len, latencies.values()))
    print(f"{n_requests} requests of one row from {n_threads} threads: {n_requests / seconds:.0f} a second")
    for path, found in latencies.items():
        low, middle, high, highest = np.percentile(found, [10, 50, 95, 99])
        print(f"{path:<12} 10% {low:.2f} ms, median {middle:.2f} ms, 95% {high:.2f} ms, 99% {highest:.2f} ms")
    print(f"memory {before:.0f} MB before, {after:.0f} MB after; failures: {len(failures)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a file of vaekit.persistence.save")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--load-test", action="store_true")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--requests", type=int, default=400)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # requests are the threads
    if arguments.load_test:
        load_test(arguments.threads, arguments.requests)
    elif arguments.model is None:
        parser.error("a MODEL to serve is needed, or --load-test")
    else:
        Server((arguments.host, arguments.port), load(arguments.model)).serve_forever()


if __name__ == "__main__":
    main()
