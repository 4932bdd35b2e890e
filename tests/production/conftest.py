from __future__ import annotations

import http.client
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.processes import Process, Stack, wait_until
from tests.production.environment import PRODUCTION, run_python
from tests.simulated_tiny import find_free_port


class Web:
    """A real ``python -m config.serve``, asked as the proxy in front of it would ask."""

    HOST = "painel.loja.example.com.br"

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str, *, host: str = HOST, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """``X_Forwarded_Proto="https"`` is the header of that name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={"Host": host, **named})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def is_up(self) -> bool:
        try:
            return self.get("/saude/", host="localhost")[0].status == 200
        except OSError:
            return False


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's build collects."""
    folder = tmp_path_factory.mktemp("static")
    done = run_python(
        *("manage.py", "collectstatic", "--noinput", "--verbosity", "0"),
        environment={"DEBUG": "1", "STATIC_ROOT": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def start_web(shared_stack: Stack, static_root: Path) -> Callable[..., Web]:
    """``start_web(NAME=value, ...)``: production settings and these on top; one server for the same ones."""

    @cache
    def start(**variables: str) -> Web:
        port = find_free_port()
        production = {**PRODUCTION, "ALLOWED_HOSTS": "", "STATIC_ROOT": str(static_root)}
        process = shared_stack.start(
            *("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port)),
            **{**production, **variables},
        )
        web = Web(process, port)
        wait_until(lambda: web.is_up() or process.popen.poll() is not None)
        assert web.is_up(), process.output
        return web

    return start
