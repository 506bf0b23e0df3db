"""Questions that need no catalogue."""

import pytest

from ecgclip_core.model.query import Query


def query_of(statement: str, contrast: str) -> Query:
    return Query(statement, statement, None, ((statement,),), (contrast,), True, "ecg", "never taught", 0)


@pytest.fixture(scope="session")
def query() -> Query:
    return query_of("left bundle branch block", "no block")


@pytest.fixture(scope="session")
def other_query() -> Query:
    return query_of("atrial fibrillation", "sinus rhythm")
