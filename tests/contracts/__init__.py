import pytest

pytest.register_assert_rewrite("tests.contracts.provider_suite")
