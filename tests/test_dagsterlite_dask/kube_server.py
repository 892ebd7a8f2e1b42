"""A small API server of Kubernetes whose answers can fail, before a real scheduler of Dask."""

from __future__ import annotations

import json
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

NAMESPACE = "pipelines"
LOST = "lost"
"""What was asked for is done, and the answer is lost."""
SILENCE = "silence"
"""What was asked for is never answered."""
PAGE = "page"
"""A balancer answers with a page of its own."""


class KubeServer:
    """What the server holds: objects by kind and name; the operator is played by it.

    Args:
        port: Its own.
        scheduler_port: Where Dask's scheduler is.
    """

    def __init__(self, port: int, scheduler_port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.objects: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        #: What was asked for, e.g. ``POST daskclusters``, in order.
        self.asked: list[str] = []
        #: What the next requests of a kind are answered with, before what they ask for.
        self.troubles: dict[str, list[int | str]] = defaultdict(list)
        #: What the request of a number is answered with.
        self.trouble_of: dict[int, int | str] = {}
        #: Where the node's proxy leads to.
        self.scheduler_port = scheduler_port
        self.pods = [scheduler_pod("scheduler-1")]
        self.is_over = threading.Event()

    def kubeconfig(self, folder: Path) -> str:
        place = {"cluster": "fake", "user": "fake", "namespace": NAMESPACE}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": self.address}}],
            "users": [{"name": "fake", "user": {"token": "t"}}],
            "contexts": [{"name": "fake", "context": place}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def clusters(self) -> dict[str, dict[str, Any]]:
        return self.objects["daskclusters"]

    def forget(self) -> None:
        self.objects.clear()
        self.asked.clear()

    def next_trouble(self, asked: str) -> int | str | None:
        self.asked.append(asked)
        if self.troubles[asked]:
            return self.troubles[asked].pop(0)
        return self.trouble_of.get(len(self.asked))

    # --- the API ---

    def get(self, kind: str, name: str | None) -> tuple[int, Any]:
        if kind == "version":
            return 200, {"gitVersion": "v1.33.1", "major": "1", "minor": "33"}
        if kind == "api":
            return 200, {"versions": ["v1"]} if name is None else {"resources": [PODS]}
        if kind == "apis":
            return 200, {"groups": []}
        found = self._found(kind)
        if name is None:
            return 200, self._list(found)
        for one in found:
            if one["metadata"]["name"] == name:
                return 200, one
        return self._status(404, f'{kind} "{name}" not found')

    def post(self, kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = body["metadata"]["name"]
        if name in self.objects[kind]:
            return self._status(409, f'{kind} "{name}" already exists')
        self.objects[kind][name] = body
        return 201, body

    def patch(self, kind: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if name not in self.objects[kind]:
            return self._status(404, f'{kind} "{name}" not found')
        self.objects[kind][name]["spec"].update(body["spec"])
        return 200, self.objects[kind][name]

    def delete(self, kind: str, name: str) -> tuple[int, Any]:
        if self.objects[kind].pop(name, None) is None:
            return self._status(404, f'{kind} "{name}" not found')
        return self._status(200, "")

    def _found(self, kind: str) -> list[dict[str, Any]]:
        if kind == "pods":
            return self.pods
        if kind == "services":
            return [self._service(f"{name}-scheduler") for name in self.clusters()]
        return list(self.objects[kind].values())

    def _service(self, name: str) -> dict[str, Any]:
        ports = [
            {"name": one, "port": self.scheduler_port} for one in ("tcp-comm", "http-dashboard")
        ]
        return {
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"type": "LoadBalancer", "ports": ports, "selector": {"a": "b"}},
            "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}},
        }

    def _list(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        return {"kind": "List", "metadata": {}, "items": items}

    def _status(self, code: int, message: str) -> tuple[int, Any]:
        return code, {"kind": "Status", "code": code, "message": message}


PODS = {"name": "pods", "kind": "Pod", "singularName": "pod", "namespaced": True}


def scheduler_pod(name: str) -> dict[str, Any]:
    conditions = [{"type": one, "status": "True"} for one in ("Ready", "ContainersReady")]
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "status": {"phase": "Running", "conditions": conditions},
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    kube: KubeServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    # Of HTTP 1.0, for no connection stays: kr8s never closes one.
    server: _Server

    def _answer(self) -> None:
        kube = self.server.kube
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        kind, name = _place(urlsplit(self.path).path)
        trouble = kube.next_trouble(f"{self.command} {kind}")
        if isinstance(trouble, int):
            self._send(trouble, {"kind": "Status", "code": trouble, "message": "told"})
        elif trouble == PAGE:
            self._send(200, "<html>Please wait</html>")
        elif trouble == SILENCE:
            kube.is_over.wait()
        else:
            done = self._do(kube, kind, name, body)
            if trouble == LOST:
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._send(*done)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - their names

    def _do(
        self, kube: KubeServer, kind: str, name: str | None, body: dict[str, Any]
    ) -> tuple[int, Any]:
        if self.command == "POST":
            return kube.post(kind, body)
        if self.command == "PATCH" and name is not None:
            return kube.patch(kind, name, body)
        if self.command == "DELETE" and name is not None:
            return kube.delete(kind, name)
        return kube.get(kind, name)

    def _send(self, code: int, content: Any) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


def _place(path: str) -> tuple[str, str | None]:
    parts = path.strip("/").split("/")
    if "namespaces" in parts:
        parts = parts[parts.index("namespaces") + 2 :]
    return parts[0], parts[1] if parts[1:] else None


@contextmanager
def serving(scheduler_port: int) -> Iterator[KubeServer]:
    """Serve an empty namespace before a scheduler."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.kube = KubeServer(server.server_address[1], scheduler_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.kube
    finally:
        server.kube.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def stranger(kube: KubeServer) -> Iterator[None]:
    """Have the way to the scheduler lead elsewhere once: to somebody who speaks HTTP."""
    right = kube.scheduler_port
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                kube.scheduler_port = right

        kube.scheduler_port = listener.getsockname()[1]
        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()
