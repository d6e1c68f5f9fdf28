"""Whose data is withheld, by pseudonym: since when, why, and what was released before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from stedi.evidence.lakehouse import Query

LIMIT = 100  # people; nobody reads a page of 100,000


@dataclass(frozen=True)
class Build:
    """The last completed build. newest_day: its newest ingest date; None without deliveries.
    is_whole: whether it rebuilt, and its tests looked at, everything.

    unfinished_since: how many later builds began and were not completed.
    """

    build_id: str
    completed_at: datetime
    consent_scope: str
    newest_day: object
    is_whole: bool
    unfinished_since: int


@dataclass(frozen=True)
class Person:
    """A person whose record or readings are withheld.

    since: when the current state of consent began. is_unclear: a line that cannot be read may have
    withdrawn it. covered_from: from when on the person shares; None if they do not. withheld:
    (source, reason) -> readings. released_at, released: the last earlier build that released
    readings of theirs, and how many; None if there was none.
    """

    customer_id: str
    since: datetime
    is_unclear: bool
    covered_from: datetime | None
    released_at: datetime | None
    released: int | None
    withheld: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class WithheldPeople:
    """The people whose data is withheld. total: how many there are, listed or not.

    unassigned: withheld readings of no known person, as (source, reason, readings).
    """

    listed: list[Person]
    total: int
    unassigned: list[tuple[str, str, int]]


def last_build(query: Query) -> Build | None:
    """The last completed build; None if there was none."""
    builds = query("""
        select build_id, happened_at, consent_scope, newest_day, is_whole
        from stedi_audit.builds where status = 'completed' order by happened_at desc limit 1
    """)
    if not builds:
        return None
    build_id, completed_at, consent_scope, newest_day, is_whole = builds[0]
    unfinished = query(f"""
        select count(*) from stedi_audit.builds
        where status = 'begun' and happened_at > timestamp '{completed_at}'
    """)
    return Build(build_id, completed_at, consent_scope, newest_day, is_whole, unfinished[0][0])


def withheld_people(query: Query, build: Build, limit: int = LIMIT) -> WithheldPeople:
    """The people who do not share or whose readings the build withheld, latest change first.

    limit: how many of them to list.
    """
    concerned = f"""
        with now as (
            select customer_id, max(covered_from) as covered_from, sum(readings) as readings
            from stedi_audit.releases
            where build_id = '{build.build_id}' and reason <> 'released'
            group by customer_id
        ),
        concerned as (
            select states.customer_id, states.valid_from, states.is_unclear, now.covered_from
            from stedi_audit.consent_history as states
            left join now on states.customer_id = now.customer_id
            where states.valid_to is null
                and (states.research_consent_at is null or now.readings > 0)
        )
    """
    rows = query(f"""
        {concerned},
        listed as (
            select * from concerned order by valid_from desc, customer_id limit {limit}
        ),
        released as (
            select releases.customer_id, releases.noted_at, sum(releases.readings) as readings
            from stedi_audit.releases as releases
            inner join stedi_audit.builds as builds
                on releases.build_id = builds.build_id and builds.status = 'completed'
            inner join listed on releases.customer_id = listed.customer_id
            where releases.reason = 'released' and releases.build_id <> '{build.build_id}'
            group by releases.customer_id, releases.noted_at
        ),
        before as (
            select customer_id, max(noted_at) as noted_at from released group by customer_id
        )
        select listed.customer_id, listed.valid_from, listed.is_unclear, listed.covered_from,
            released.noted_at, released.readings,
            releases.source, releases.reason, releases.readings
        from listed
        left join before on listed.customer_id = before.customer_id
        left join released
            on before.customer_id = released.customer_id and before.noted_at = released.noted_at
        left join stedi_audit.releases as releases
            on listed.customer_id = releases.customer_id
            and releases.build_id = '{build.build_id}' and releases.reason <> 'released'
        order by listed.valid_from desc, listed.customer_id, releases.source, releases.reason
    """)
    people: dict[str, Person] = {}
    for customer_id, since, unclear, covered_from, at, released, source, reason, readings in rows:
        count = None if released is None else int(released)
        person = people.setdefault(
            customer_id, Person(customer_id, since, unclear, covered_from, at, count)
        )
        if source:
            person.withheld[source, reason] = int(readings)
    unassigned = query(f"""
        select source, reason, readings from stedi_audit.releases
        where build_id = '{build.build_id}' and customer_id is null and reason <> 'released'
        order by source, reason
    """)
    total = query(f"{concerned} select count(*) from concerned")[0][0]
    return WithheldPeople(
        [*people.values()],
        total,
        [(source, reason, readings) for source, reason, readings in unassigned],
    )
