"""How figures came about: a JSON record of data, bundle, code and machine, and what differs between two."""

from edgect.provenance.comparison import differences
from edgect.provenance.records import earlier, record, write

__all__ = ["differences", "earlier", "record", "write"]
