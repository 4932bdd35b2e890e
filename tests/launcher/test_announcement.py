from launcher.supervisor import announce


def test_what_the_newcomer_reads() -> None:
    demo = {
        "logins": [{"company": "Casa Aurora", "email": "ana@casa.example", "password": "segredo"}],
        "simulator": {
            "credentials": [{"account": "SERRA LTDA", "client_id": "tiny-api-1", "client_secret": "xyz"}]
        },
    }

    assert announce("http://127.0.0.1:8000", "http://127.0.0.1:8100", demo).splitlines() == [
        "",
        "  Entreposto     http://127.0.0.1:8000/",
        "  Login          ana@casa.example   segredo   Casa Aurora",
        "",
        "  Simulator      http://127.0.0.1:8100/   (plays Tiny ERP)",
        "  To paste: the simulated account SERRA LTDA",
        "  Client ID      tiny-api-1",
        "  Client Secret  xyz",
    ]


def test_without_a_demo_there_is_still_one_address() -> None:
    assert announce("http://127.0.0.1:8001", "http://127.0.0.1:8101", {}).splitlines() == [
        "",
        "  Entreposto     http://127.0.0.1:8001/",
        "",
        "  Simulator      http://127.0.0.1:8101/   (plays Tiny ERP)",
    ]
