"""Two groups of people with the same course, one of whom is erased; and what is left then."""

from __future__ import annotations

import re
import unicodedata

from stedi.synthetic.records import SOURCES
from support.deeds import Again, Bad, Life, Measured, Moved, Record
from support.histories import Deliver, History
from support.lakehouse import customer_id

WHO = 1  # of life 0; life 1 has the same course and stays
DEEDS = (
    Record(0), Record(WHO, consent=9), Record(2),
    # an older record claims another's device; forms: 15 has escapes, 6 a CR, 8 a BOM, 21 capitals
    Record(WHO, age=-1, device=0, form=15), Record(0, consent=9, form=6),
    Moved(WHO), Moved(WHO, 1, form=15), Moved(WHO, 1, form=6), Moved(0), Moved(0, 1, form=8),
    Measured(WHO), Measured(WHO, 1, form=15), Measured(0), Measured(2, 1, form=6),
    *(Bad(source, way, 2) for source in SOURCES for way in (0, 3, 5)),
    Bad("accelerometer", 0, WHO), Bad("step_trainer", 0, WHO),
)  # fmt: skip
LATER = (Moved(WHO, 3, form=21), Again("accelerometer", 1), Moved(2, 4))
HISTORY = History((
    Deliver(tuple((life, deed) for life in (0, 1) for deed in DEEDS), files=3),
    Deliver(
        tuple(
            (life, deed)
            for life in (0, 1)
            for deed in (Record(WHO, phone=4 + life, form=24), *LATER)
        ),
        files=3,
    ),
))  # fmt: skip
BACK = (Record(WHO, phone=5), Moved(WHO, 4), Measured(WHO, 4))
DATES = History((*HISTORY.steps, Deliver(()))).dates()


def pattern_of(text: str) -> re.Pattern[str]:
    """Finds a text, in any case, with its first letter escaped or its accents apart, but not within
    another word."""
    first = {f"\\u{ord(letter):04x}" for letter in (text[0].lower(), text[0].upper())}
    spelt = {text.lower(), *(escape + text[1:].lower() for escape in first)}
    spelt |= {unicodedata.normalize("NFD", each) for each in spelt}
    return re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(spelt)))


def known_of(life: Life, who: int) -> dict[str, str]:
    """What may not be found of a person afterwards, by its kind."""
    record = life.newest[who]
    return {
        "email": record.email, "phone": record.phone, "name": record.customer_name,
        "serial number": record.serial_number, "customer_id": customer_id(record.email),
    }  # fmt: skip
