"""Two scripts of other people that the attention views need, as their registry packages have them, with licences.

| file                 | npm package  | licence      |
| -------------------- | ------------ | ------------ |
| d3/d3.min.js         | d3 5.7.0     | BSD-3-Clause |
| jquery/jquery.min.js | jquery 3.7.1 | MIT          |

d3 is the version that bertviz is written for. The files are not changed: a test knows their sha256.
"""

from pathlib import Path

HERE = Path(__file__).parent
SHA256 = {
    "d3/d3.min.js": "bdad5585ef9a965ff25458738309b006058c55f2c78d794d25fbecae35014609",
    "jquery/jquery.min.js": "fc9a93dd241f6b045cbff0481cf4e1901becd0e12fb45166a8f17f95823f0b1a",
}


def read(name: str) -> str:
    """One script's text."""
    return (HERE / name).read_text(encoding="utf-8")
