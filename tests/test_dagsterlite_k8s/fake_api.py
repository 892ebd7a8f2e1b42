"""A small API server of Kubernetes: Jobs, pods, events and logs of one namespace, over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

NAMESPACE = "pipelines"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
CORE = f"/api/v1/namespaces/{NAMESPACE}"


class FakeApi:
    """What the server holds; tests play the controllers and the kubelet."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.logs: dict[str, str] = {}
        self.deleted: list[tuple[str, str]] = []
        #: What the next requests are answered with in place of what they asked for.
        self.refusal: tuple[int, str] | None = None
        #: What the next attempts to change something are answered with, one after the other.
        self.refusals: list[tuple[int, str]] = []
        #: Whether a balancer answers with a page of its own.
        self.is_page = False
        #: How often was asked for a Job, and for events.
        self.job_looks = self.event_looks = 0

    def kubeconfig(self, folder: Path) -> str:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": self.address}}],
            "users": [{"name": "fake", "user": {}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def add_pod(self, job: str, name: str = "pod-1", **status: Any) -> dict[str, Any]:
        pod = {
            "metadata": {"name": name, "labels": {"job-name": job}},
            "spec": self.jobs[job]["spec"]["template"]["spec"] if job in self.jobs else {},
            "status": {"phase": "Pending", **status},
        }
        self.pods = [one for one in self.pods if one["metadata"]["name"] != name] + [pod]
        return pod

    def add_event(self, name: str, reason: str, message: str) -> None:
        event = {"involvedObject": {"name": name}, "reason": reason, "message": message}
        self.events.append(event)

    def fail_job(self, name: str, message: str) -> None:
        condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
        self.jobs[name]["status"] = {"conditions": [{**condition, "message": message}]}

    # --- the API ---

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path.startswith(f"{JOBS}/"):
            self.job_looks += 1
            job = self.jobs.get(path.rpartition("/")[2])
            return (404, _status(404, "not found")) if job is None else (200, job)
        if path == f"{CORE}/pods":
            ((selected,),) = query.values()
            wanted = selected.removeprefix("job-name=")
            pods = [pod for pod in self.pods if pod["metadata"]["labels"]["job-name"] == wanted]
            return 200, {"items": pods}
        if path == f"{CORE}/events":
            self.event_looks += 1
            (selected,) = query["fieldSelector"]
            name = selected.removeprefix("involvedObject.name=")
            return 200, {"items": [e for e in self.events if e["involvedObject"]["name"] == name]}
        if path.endswith("/log"):
            log = self.logs.get(path.split("/")[-2])
            return (400, _status(400, "is waiting to start")) if log is None else (200, log)
        raise AssertionError(path)

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        assert path == JOBS
        name = body["metadata"]["name"]
        if name in self.jobs:
            return 409, _status(409, f'jobs.batch "{name}" already exists')
        self.jobs[name] = body
        return 201, body

    def delete(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        name = path.rpartition("/")[2]
        if self.jobs.pop(name, None) is None:
            return 404, _status(404, "not found")
        policy = (body or {}).get("propagationPolicy") or query["propagationPolicy"][0]
        self.deleted.append((name, policy))
        return 200, _status(200, "")


def _status(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "code": code, "message": message}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeApi


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        fake, url = self.server.fake, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        query = parse_qs(url.query)
        if fake.is_page:
            self._send(200, "<html>Please wait</html>")
        elif fake.refusal is not None:
            code, message = fake.refusal
            self._send(code, _status(code, message))
        elif fake.refusals and self.command != "GET":
            code, message = fake.refusals.pop(0)
            self._send(code, _status(code, message))
        elif self.command == "POST" and body is not None:
            self._send(*fake.post(url.path, body))
        elif self.command == "DELETE":
            self._send(*fake.delete(url.path, query, body))
        else:
            self._send(*fake.get(url.path, query))

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - their names

    def _send(self, code: int, content: Any) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(code)
        kind = "text/plain" if isinstance(content, str) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def serving() -> Iterator[FakeApi]:
    """Serve an empty namespace."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = FakeApi(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
