"""The simulator as a real process for tests, and the few controls of it that they use."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import requests

from tests.database import ROOT


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SimulatedTiny:
    """One simulator with a database of its own, dropped at the end."""

    def __init__(self, directory: Path) -> None:
        self.port = find_free_port()
        self.database = f"simulator_test_{os.getpid()}_{self.port}"
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/public-api/v3"
        self.api2_url = f"{self.url}/api2"
        self.accounts_url = f"{self.url}/realms/tiny/protocol/openid-connect"
        self._log = directory / "simulator.log"
        self._http = requests.Session()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What a process of ours needs to talk to it."""
        return {
            "TINY_V3_URL": self.api_url,
            "TINY_V2_URL": self.api2_url,
            "TINY_ACCOUNTS_URL": self.accounts_url,
            "ALLOW_SIMULATOR": "1",
        }

    def start(self) -> None:
        self._run_sql(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        self._run_sql(f"CREATE DATABASE {self.database} OWNER tiny_simulator TEMPLATE template0")
        self.launch()

    def launch(self) -> None:
        """The process, with the database that it had."""
        address = urlsplit(os.environ["SIMULATOR_DATABASE_URL"])._replace(path=f"/{self.database}").geturl()
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tiny.simulator"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "ALLOW_SIMULATOR": "1",
                    "SIMULATOR_DATABASE_URL": address,
                    "SIMULATOR_PORT": str(self.port),
                },
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        for _ in range(200):
            try:
                self.control("GET", "health")
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError(self._log.read_text())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        self.kill()
        self._run_sql(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Connections are accepted and never answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"{self.url}/_control/{path}", json=body, timeout=60)
        if answer.status_code >= 400:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def add_account(self, cnpj: str = "11222333000181", **fields: Any) -> SimulatedAccount:
        answer = self.control("POST", "accounts", {"cnpj": cnpj, "orders": 0, **fields})
        return SimulatedAccount(self, answer["account_id"])

    def add_fault(self, **fields: Any) -> None:
        self.control("POST", "faults", fields)

    def add_sender_fault(self, action: str, **fields: Any) -> int:
        """What goes wrong with notifications until it is taken away; its id.

        ``action`` is drop, double, hold, delay, shuffle, stop, wrong_cnpj, wrong_ecommerce, no_tipo_estoque,
        unknown_tipo, broken_json, latin1, form, text_dados or comma. ``account_id``, ``ecommerce_id`` and
        ``kinds`` narrow it, ``share`` (0 to 1) with ``seed`` strikes some only; delay and shuffle want a
        ``value`` in seconds.
        """
        return int(self.control("POST", "sender/faults", {"action": action, **fields})["fault_id"])

    def remove_sender_fault(self, fault_id: int) -> None:
        self.control("DELETE", f"sender/faults/{fault_id}")

    def clear_sender_faults(self) -> None:
        self.control("POST", "sender/faults/clear")

    def release_notifications(self, order: str = "queued", seed: str = "") -> int:
        """Let go what «hold» held back: queued, reverse or shuffle; how many there were."""
        return int(self.control("POST", "sender/release", {"order": order, "seed": seed})["released"])

    def set_sender(self, **fields: Any) -> None:
        """``time_scale`` (60: what was refused comes again after seconds for minutes), ``removes_urls``."""
        self.control("POST", "sender", fields)

    def count_notifications(self) -> dict[str, Any]:
        """Totals by state, and ``queued``, ``copies``, ``due`` (still to be sent), ``sent`` (tries).

        ``statuses`` count the answers ("none" where none came); ``kinds`` have the same of each kind.
        """
        return dict(self.control("GET", "notifications/counters"))

    def wait_until_sent(self, seconds: float = 30) -> dict[str, Any]:
        """Until every notification that is due was sent; ``count_notifications`` of then."""
        began_at = time.monotonic()
        while (counters := self.count_notifications())["due"]:
            waited = time.monotonic() - began_at
            if waited > seconds:
                raise AssertionError(f"still to be sent: {counters}")
            # Counting many is work for the simulator too.
            time.sleep(min(0.02 + waited / 10, 0.5))
        return counters

    @staticmethod
    def _run_sql(statement: str) -> None:
        connection = psycopg2.connect(os.environ["TEST_SUPERUSER_URL"])
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


class SimulatedAccount:
    """A seller's account at Tiny."""

    def __init__(self, tiny: SimulatedTiny, account_id: int) -> None:
        self.tiny = tiny
        self.id = account_id

    def add_app(self, redirect_uri: str) -> dict[str, str]:
        """client_id, client_secret and invite_url of a registered application."""
        answer = self.tiny.control("POST", f"accounts/{self.id}/apps", {"redirect_uri": redirect_uri})
        return dict(answer)

    def add_integration(self, name: str = "Entreposto") -> dict[str, str]:
        """ecommerce_id («Identificador do integrador») and token, as «Gerenciar» shows them."""
        answer = self.tiny.control("POST", f"accounts/{self.id}/integrations", {"name": name})
        return {"ecommerce_id": answer["ecommerce_id"], "token": answer["token"]}

    def save_urls(self, urls: dict[str, str], ecommerce_id: str = "", *, probe: bool = False) -> None:
        """Addresses by kind; an empty one takes the former away, kinds that are left out stay.

        Of an integration estoque, precos, produto, situacao_pedido, rastreio, nota_fiscal; without
        ``ecommerce_id`` of the account's Webhooks: vendas, envios, estoque, nota_fiscal. ``probe`` posts
        nothing to an integration's addresses first, as saving the page does.
        """
        if ecommerce_id:
            body = {"urls": urls, "probe": probe}
            self.tiny.control("PATCH", f"accounts/{self.id}/integrations/{ecommerce_id}", body)
        else:
            self.tiny.control("PATCH", f"accounts/{self.id}/webhooks", urls)

    def list_urls(self, ecommerce_id: str = "") -> dict[str, str]:
        """Addresses by kind as Tiny has them now, of an integration or of the account's Webhooks."""
        if not ecommerce_id:
            return dict(self.tiny.control("GET", f"accounts/{self.id}/webhooks"))
        rows = self.tiny.control("GET", f"accounts/{self.id}/integrations")
        return dict(next(row["urls"] for row in rows if row["ecommerce_id"] == ecommerce_id))

    def erase_urls(self, ecommerce_id: str = "") -> None:
        """Tiny forgets the addresses and tells nobody."""
        self.save_urls(dict.fromkeys(self.list_urls(ecommerce_id), ""), ecommerce_id)

    def set_rules(self, ecommerce_id: str, **fields: str) -> None:
        """``stock_kind`` F (saldo) or D (what is available); ``mapped`` all or answered."""
        self.tiny.control("PATCH", f"accounts/{self.id}/integrations/{ecommerce_id}", fields)

    def list_notifications(self, **filters: str) -> list[dict[str, Any]]:
        """What was queued, oldest first: kind, tipo, state, ``body`` (bytes), deliveries with their answers.

        Filters are kind, tipo, state and ecommerce_id.
        """
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        rows = self.tiny.control("GET", f"accounts/{self.id}/notifications?{query}")
        return [{**row, "body": base64.b64decode(row["body"])} for row in rows]

    def count_notifications(self) -> dict[str, Any]:
        return dict(self.tiny.control("GET", f"accounts/{self.id}/notifications/counters"))

    def clear_notifications(self) -> None:
        self.tiny.control("POST", f"accounts/{self.id}/notifications/clear")

    def resend_notification(self, notification_id: int) -> None:
        """The same bytes once more, however late."""
        self.tiny.control("POST", f"accounts/{self.id}/notifications/{notification_id}/resend")

    def list_mappings(self) -> list[dict[str, Any]]:
        """idMapeamento, ecommerce_id, idProduto, sku, skuMapeamento, urlProduto, urlImagem, error."""
        return list(self.tiny.control("GET", f"accounts/{self.id}/mappings"))

    def revoke_token(self, token: str) -> None:
        """The seller revokes a token of API v2: from now on it is code 2."""
        self.tiny.control("POST", "tokens/v2", {"token": token, "action": "revoke"})

    def regenerate_token(self, token: str) -> str:
        """The token that takes the place of this one, which is code 2 from now on."""
        answer = self.tiny.control("POST", "tokens/v2", {"token": token, "action": "regenerate"})
        return str(answer["token"])

    def list_orders(self) -> list[dict[str, Any]]:
        """The truth, with the vendor's names."""
        answer = self.tiny.control("GET", f"accounts/{self.id}/orders")
        return list(answer)

    def add_orders(self, **fields: Any) -> Any:
        return self.tiny.control("POST", f"accounts/{self.id}/orders", fields)

    def change_order(self, order_id: int | str, **fields: Any) -> Any:
        return self.tiny.control("PATCH", f"accounts/{self.id}/orders/{order_id}", fields)

    def list_products(self) -> list[dict[str, Any]]:
        """Every product as the simulator knows it, in v3's names, with its stock in each of ``depositos``."""
        return list(self.tiny.control("GET", f"accounts/{self.id}/products"))

    def add_products(
        self, count: int, kinds: str | list[str] | None = None, *, problems: bool = False
    ) -> list[dict[str, Any]]:
        """So many rows of the list of products, of the kinds in turn (S, V, K, F, M; variations are counted).

        ``problems`` adds seven that are wrong, each with its ``problem``: empty_sku, duplicate_sku (two),
        no_children, price_zero, price_one_cent, no_ncm.
        """
        body = {"count": count, "kinds": kinds, "problems": problems}
        return list(self.tiny.control("POST", f"accounts/{self.id}/products", body))

    def add_product(self, **fields: Any) -> dict[str, Any]:
        """One invented product with these fields of ``change_product``; ``variacoes`` are its children."""
        (made,) = self.tiny.control("POST", f"accounts/{self.id}/products", fields)
        return dict(made)

    def change_product(self, product_id: int | str, **fields: Any) -> dict[str, Any]:
        """By v3's names: sku, descricao, preco, precoPromocional, situacao, ncm, gtin, dimensoes …

        ``marca`` and ``categoria`` («Casa >> Cozinha») by name, ``anexos`` as addresses.
        """
        return dict(self.tiny.control("PATCH", f"accounts/{self.id}/products/{product_id}", fields))

    def delete_product(self, product_id: int | str) -> None:
        """As Tiny deletes: situação E."""
        self.change_product(product_id, delete=True)

    def set_stock(self, product_id: int | str, saldo: float, deposito: str | None = None) -> dict[str, Any]:
        """What there is of a product in a depósito; none is «Geral»."""
        return self.change_product(product_id, saldo=saldo, deposito=deposito)

    def send_product(self, product_id: int | str) -> None:
        """To every integration that has an address for products, so that it is mapped."""
        self.tiny.control("POST", f"accounts/{self.id}/products/{product_id}/send")

    def change_stock(self, saldos: dict[int, float], deposito: str | None = None) -> None:
        """Of many products at once, by their ids; each is a notification of its own."""
        body = [{"id": key, "saldo": saldo, "deposito": deposito} for key, saldo in saldos.items()]
        self.tiny.control("POST", f"accounts/{self.id}/stock", body)

    def add_deposito(self, nome: str, *, desconsiderar: bool = False) -> dict[str, Any]:
        """id, nome, desconsiderar; products that are added later have stock there too."""
        body = {"nome": nome, "desconsiderar": desconsiderar}
        return dict(self.tiny.control("POST", f"accounts/{self.id}/depositos", body))

    def save_price_list(self, descricao: str, **fields: Any) -> dict[str, Any]:
        """acrescimoDesconto in per cent, excecoes as [{idProduto, preco, precoPromocional}].

        A list of the same name is replaced.
        """
        body = {"descricao": descricao, **fields}
        return dict(self.tiny.control("POST", f"accounts/{self.id}/price_lists", body))

    def count_calls(self) -> dict[str, int]:
        """Calls by «METHOD /route» since the last ``clear_calls``."""
        answer = self.tiny.control("GET", f"accounts/{self.id}/calls")
        return dict(answer["counts"])

    def clear_calls(self) -> None:
        self.tiny.control("POST", f"accounts/{self.id}/calls/clear")
