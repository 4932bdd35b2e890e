"""The settings of real workers in these tests: ours, with a handler of the tests."""

from config.settings import *  # noqa: F403

JOB_HANDLERS = {"write_effect_once": "tests.jobs.process_handlers.write_effect_once"}
