"""The standard formats of JSON Schema as regular languages.

Each is written from the grammar of its RFC, in Python's regular-expression syntax with ``{name}`` for the parts::

    date-time = date "T" time           RFC 3339, section 5.6 (days of each month, leap years, leap seconds in UTC)
    duration                            RFC 3339, appendix A
    email                               RFC 5321, section 4.1.2
    hostname                            RFC 1123, section 2.1
    ipv4, ipv6                          RFC 2673, section 3.2; RFC 4291, section 2.2
    uri, uri-reference                  RFC 3986, appendix A
    iri, iri-reference                  RFC 3987, section 2.2
    uri-template                        RFC 6570, section 2
    uuid                                RFC 4122, section 3
    json-pointer, relative-json-pointer RFC 6901; draft-bhutton-relative-json-pointer

``regex`` is no regular language, and the internationalised ``idn-email`` and ``idn-hostname`` depend on tables of
Unicode: these three stay annotations.
"""

from __future__ import annotations

from functools import cache

from ..regex import CharDfa, RegexLimits, compile_regex, intersect

__all__ = ["FORMATS", "format_automaton"]

_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_OFFSET = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = (
    f"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?{_OFFSET}|23:59:60(?:\\.[0-9]+)?(?:[Zz]|[+-]00:00))"
)
_DATE_DURATION = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
_TIME_DURATION = "(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))"
_DURATION = f"P(?:{_DATE_DURATION}{_TIME_DURATION}?|{_TIME_DURATION}|[0-9]+W)"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = f"{_LABEL}(?:\\.{_LABEL})*"
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
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"'
_EMAIL = f"(?:{_ATOM}(?:\\.{_ATOM})*|{_QUOTED})@(?:{_HOSTNAME}|\\[(?:{_IPV4}|IPv6:{_IPV6})\\])"

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

FORMATS: dict[str, str] = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f"{_DATE}[Tt]{_TIME}",
    "duration": _DURATION,
    "email": _EMAIL,
    "hostname": _HOSTNAME,
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
"""Regular expression of each format, matched from end to end."""

_MOST_CHARACTERS = {"hostname": 253}


@cache
def format_automaton(name: str) -> CharDfa:
    """The automaton of a format of FORMATS; made once in a process."""
    limits = RegexLimits(positions=100_000)
    automaton = compile_regex(FORMATS[name], dialect="python", flags="s", limits=limits)
    most = _MOST_CHARACTERS.get(name)
    if most is None:
        return automaton
    return intersect(automaton, compile_regex(f".{{1,{most}}}", dialect="python", flags="s"))
