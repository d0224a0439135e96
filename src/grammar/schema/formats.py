"""The standard formats of JSON Schema as regular languages.

Most are written from the grammar of their RFC, in Python's regular-expression syntax with ``{name}`` for the parts::

    date                                RFC 3339, section 5.6 (days of each month, leap years)
    time, date-time                     the same, with leap seconds (time_format.py)
    duration                            RFC 3339, appendix A
    email, idn-email                    RFC 5321, section 4.1.2; RFC 6531, section 3.3
    hostname                            RFC 1123, section 2.1; from draft 7 on without labels in Punycode
    idn-hostname                        RFC 5890 to 5893 (idn_format.py)
    ipv4, ipv6                          RFC 2673, section 3.2; RFC 4291, section 2.2
    uri, uri-reference                  RFC 3986, appendix A
    iri, iri-reference                  RFC 3987, section 2.2
    uri-template                        RFC 6570, section 2
    uuid                                RFC 4122, section 3
    json-pointer, relative-json-pointer RFC 6901; draft-bhutton-relative-json-pointer
    regex                               ECMA-262, groups nested to a depth (regex_format.py)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ..regex import CharDfa, Counted, compile_regex
from .format_cache import kept_automaton
from .idn_format import idn_hostname_automaton
from .regex_format import regex_automaton
from .time_format import date_time_automaton, time_automaton

__all__ = ["FORMATS", "format_of", "format_strings"]

_OLD_HOSTNAME = "hostname of RFC 1123"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_DATE_DURATION = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
_TIME_DURATION = "(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))"
_DURATION = f"P(?:{_DATE_DURATION}{_TIME_DURATION}?|{_TIME_DURATION}|[0-9]+W)"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = f"{_LABEL}(?:\\.{_LABEL})*"
_PLAIN_LABEL = f"(?![Xx][Nn]--){_LABEL}"
_OTHER_LETTERS = "\\x80-\\U0010ffff"
_IDN_LABEL = f"[A-Za-z0-9{_OTHER_LETTERS}](?:[A-Za-z0-9{_OTHER_LETTERS}-]{{0,61}}[A-Za-z0-9{_OTHER_LETTERS}])?"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = f"(?:{_OCTET}\\.){{3}}{_OCTET}"
_GROUP = "[0-9A-Fa-f]{1,4}"
_LAST = f"(?:{_GROUP}:{_GROUP}|{_IPV4})"
_IPV6 = (
    f"(?:(?:{_GROUP}:){{6}}{_LAST}|::(?:{_GROUP}:){{5}}{_LAST}|(?:{_GROUP})?::(?:{_GROUP}:){{4}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,1}}{_GROUP})?::(?:{_GROUP}:){{3}}{_LAST}|(?:(?:{_GROUP}:){{0,2}}{_GROUP})?::(?:{_GROUP}:){{2}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,3}}{_GROUP})?::{_GROUP}:{_LAST}|(?:(?:{_GROUP}:){{0,4}}{_GROUP})?::{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,5}}{_GROUP})?::{_GROUP}|(?:(?:{_GROUP}:){{0,6}}{_GROUP})?::)"
)


def _email(letters: str, label: str) -> str:
    """Mailbox of RFC 5321, or of RFC 6531 with more letters."""
    atom = f"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{letters}-]+"
    quoted = f'"(?:[ !#-\\[\\]-~{letters}]|\\\\[ -~])*"'
    return f"(?:{atom}(?:\\.{atom})*|{quoted})@(?:{label}(?:\\.{label})*|\\[(?:{_IPV4}|IPv6:{_IPV6})\\])"


_UNRESERVED = "A-Za-z0-9._~\\-"
_SUB = "!$&'()*+,;="
_HEX = "%[0-9A-Fa-f]{2}"
_UCS = (
    "\\xa0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef\\U00010000-\\U0001fffd\\U00020000-\\U0002fffd\\U00030000-\\U0003fffd"
    "\\U00040000-\\U0004fffd\\U00050000-\\U0005fffd\\U00060000-\\U0006fffd\\U00070000-\\U0007fffd\\U00080000-\\U0008fffd"
    "\\U00090000-\\U0009fffd\\U000a0000-\\U000afffd\\U000b0000-\\U000bfffd\\U000c0000-\\U000cfffd\\U000d0000-\\U000dfffd"
    "\\U000e1000-\\U000efffd"
)
_PRIVATE = "\\ue000-\\uf8ff\\U000f0000-\\U000ffffd\\U00100000-\\U0010fffd"


def _references(letters: str, private: str) -> tuple[str, str]:
    """URI and relative reference of RFC 3986, or IRI of RFC 3987 with more letters."""
    character = f"(?:[{letters}{_SUB}:@]|{_HEX})"
    user = f"(?:[{letters}{_SUB}:]|{_HEX})*"
    name = f"(?:[{letters}{_SUB}]|{_HEX})*"
    literal = f"\\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\\.[{_UNRESERVED}{_SUB}:]+)\\]"
    authority = f"(?:{user}@)?(?:{literal}|{name})(?::[0-9]*)?"
    empty = f"(?:/{character}*)*"
    absolute = f"/(?:{character}+(?:/{character}*)*)?"
    rootless = f"{character}+(?:/{character}*)*"
    noscheme = f"(?:[{letters}{_SUB}@]|{_HEX})+(?:/{character}*)*"
    query = f"(?:\\?(?:[{letters}{_SUB}:@/?{private}]|{_HEX})*)?"
    fragment = f"(?:#(?:[{letters}{_SUB}:@/?]|{_HEX})*)?"
    uri = f"[A-Za-z][A-Za-z0-9+.-]*:(?://{authority}{empty}|{absolute}|{rootless}|){query}{fragment}"
    relative = f"(?://{authority}{empty}|{absolute}|{noscheme}|){query}{fragment}"
    return uri, relative


_URI, _RELATIVE = _references(_UNRESERVED, "")
_IRI, _IRI_RELATIVE = _references(_UNRESERVED + _UCS, _PRIVATE)
_VARIABLE = f"(?:[A-Za-z0-9_]|{_HEX})(?:\\.?(?:[A-Za-z0-9_]|{_HEX}))*(?::[1-9][0-9]{{0,3}}|\\*)?"
_TEMPLATE = (
    f"(?:[!#$&'()*+,\\-./0-9:;=?@A-Z\\[\\]_a-z~{_UCS}{_PRIVATE}]|{_HEX}"
    f"|\\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\\}})*"
)
_POINTER = "(?:/(?:[^~/]|~[01])*)*"

_EXPRESSIONS = {
    "date": _DATE,
    "duration": _DURATION,
    "email": _email("", _LABEL),
    "idn-email": _email(_OTHER_LETTERS, _IDN_LABEL),
    "hostname": f"{_PLAIN_LABEL}(?:\\.{_PLAIN_LABEL})*",
    _OLD_HOSTNAME: _HOSTNAME,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uri": _URI,
    "uri-reference": f"(?:{_URI}|{_RELATIVE})",
    "iri": _IRI,
    "iri-reference": f"(?:{_IRI}|{_IRI_RELATIVE})",
    "uri-template": _TEMPLATE,
    "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "json-pointer": _POINTER,
    "relative-json-pointer": f"(?:0|[1-9][0-9]*)(?:[+-][1-9][0-9]*)?(?:#|{_POINTER})",
}
"""Regular expressions, matched from end to end."""

_MACHINES: dict[str, Callable[[], CharDfa]] = {
    "time": time_automaton,
    "date-time": lambda: date_time_automaton(compile_regex(_DATE)),
    "idn-hostname": idn_hostname_automaton,
    "regex": regex_automaton,
}
_MOST_CHARACTERS = {"hostname": 253, _OLD_HOSTNAME: 253, "idn-hostname": 253}

FORMATS = frozenset((*_EXPRESSIONS, *_MACHINES)) - {_OLD_HOSTNAME}
"""Formats that can be asserted."""


def format_of(value: object, draft: int) -> str | None:
    """What a format means in a draft, for :func:`format_strings`; None if it is unknown."""
    if value == "hostname" and draft < 7:
        return _OLD_HOSTNAME
    return value if isinstance(value, str) and value in FORMATS else None


@cache
def format_strings(name: str) -> Counted:
    """The strings of a format; made once in a process."""
    machine = _MACHINES.get(name)
    if machine is None:
        automaton = compile_regex(_EXPRESSIONS[name], dialect="python", flags="s")
    else:
        automaton = kept_automaton(name, machine)
    return Counted(automaton, 0, _MOST_CHARACTERS.get(name))
