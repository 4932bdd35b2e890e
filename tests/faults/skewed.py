"""``python -m tests.faults.skewed <seconds> <module> …``: run a module in a process whose clock is wrong.

``time.time`` and ``datetime.now`` tell another moment than the machine's, as on a server without NTP.
Intervals (``time.monotonic``) stay true, and so does the database, which is another server.
"""

from __future__ import annotations

import copyreg
import datetime
import runpy
import sys
import time
from typing import Any

_datetime, _time = datetime.datetime, time.time


class _Kind(type):
    """What the database driver makes is of the real class, and still a datetime."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _datetime)


def _restore(*arguments: Any) -> datetime.datetime:
    return _datetime(*arguments)


def skew(seconds: float) -> None:
    shift = datetime.timedelta(seconds=seconds)

    class SkewedDatetime(_datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return _datetime.now(tz) + shift

        @classmethod
        def utcnow(cls) -> Any:
            return _datetime.now(datetime.UTC).replace(tzinfo=None) + shift

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    # Beat pickles moments, and the name of their class leads to the skewed one now.
    copyreg.pickle(_datetime, lambda moment: (_restore, moment.__reduce_ex__(2)[1]))  # type: ignore[index]
    datetime.datetime = SkewedDatetime  # type: ignore[misc]
    time.time = lambda: _time() + seconds


if __name__ == "__main__":
    # Under its own name, which a pickle can find again.
    from tests.faults import skewed

    skewed.skew(float(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
