"""What Hypothesis draws in several tests."""

from __future__ import annotations

from hypothesis import strategies as st

from stedi.synthetic.personas import Settings

ANY_SETTINGS = st.builds(
    Settings,
    people=st.integers(1, 60),
    days=st.integers(1, 6),
    readings_per_person=st.integers(1, 30),
    seed=st.integers(0, 10**6),
    bad_share=st.sampled_from((0.0, 0.01, 0.5)),
)
