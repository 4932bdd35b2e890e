import pytest

pytest.register_assert_rewrite("tests.contracts.product_suite", "tests.contracts.provider_suite")
