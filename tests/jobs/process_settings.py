"""The settings of real workers in these tests: ours, with handlers of the tests."""

from config.settings import *  # noqa: F403

JOB_HANDLERS = {
    "two_pages": "tests.jobs.process_handlers.two_pages",
    "fail_once": "tests.jobs.process_handlers.fail_once",
}
