from __future__ import annotations

import pytest

from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.types.callables import check_function


def test_an_async_function_is_refused_where_nothing_would_await_it() -> None:
    async def waits(context):
        return 1

    async def streams(context):
        yield 1

    for function in (waits, streams):
        with pytest.raises(DagsterInvalidDefinitionError, match=r"resource 'r': .*'fn' is async"):
            check_function("resource 'r'", "fn", function)
