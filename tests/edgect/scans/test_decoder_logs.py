from __future__ import annotations

import warnings
from threading import Barrier, Thread

from edgect.scans.decoder_logs import silenced


def test_warnings_are_off_within_and_as_before_afterwards() -> None:
    with warnings.catch_warnings(record=True) as caught_warnings:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        with silenced, silenced:
            warnings.warn("within", stacklevel=1)
        warnings.warn("after", stacklevel=1)
        assert [str(warning.message) for warning in caught_warnings] == ["after"]
        assert warnings.filters == filters


def test_the_thread_that_leaves_last_puts_the_filters_back() -> None:
    with warnings.catch_warnings(record=True) as caught_warnings:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        inside, left = Barrier(2), Barrier(2)

        def first_in_first_out() -> None:
            with silenced:
                inside.wait(10)
            left.wait(10)

        thread = Thread(target=first_in_first_out)
        thread.start()
        with silenced:
            inside.wait(10)
            left.wait(10)
            warnings.warn("the other has left", stacklevel=1)
        thread.join()
        assert caught_warnings == []
        assert warnings.filters == filters
