"""The settings of the matrix's workers: ours, with its handlers."""

from config.settings import *  # noqa: F403

JOB_HANDLERS = {
    "write_pages": "tests.faults.handlers.write_pages",
    "fail_between_pages": "tests.faults.handlers.fail_between_pages",
    "kill_worker": "tests.faults.handlers.kill_worker",
}
