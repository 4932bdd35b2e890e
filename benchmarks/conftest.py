"""The fixtures of the tests: a benchmark stands on the same real parts."""

from tests.conftest import *  # noqa: F403
from tests.flows.conftest import company, protocol, run_jobs, tiny, tiny_process  # noqa: F401
