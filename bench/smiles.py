"""SMILES as a grammar, written from the OpenSMILES specification (version 1.0).

``python -m bench.smiles`` prints ``schemas/smiles.lark``.

*Ring bonds* have labels that are opened and closed again: ``C1CCCCC1``. That every label of a text is closed is a
question of parity: it occurs an even number of times. Parities of N labels add up as bit vectors, so a nonterminal has
2^N copies, one for each vector that its texts may have, whatever stands before them::

    chain_5  ->  item_4 chain_1  |  item_1 chain_4  |  item_5 chain_0  | ...      labels 1 and 3; the XOR of both is 5

So matched rings *are* context-free for any fixed set of labels. What is guaranteed: branches are closed, each of the
labels 1 to N occurs an even number of times, no atom closes a bond to itself (``C11``), bonds and dots stand between
atoms, bracket atoms follow the specification. What is not: other labels (refused), two bonds between the same atoms
(``C1C1``), different bond symbols at the two ends of a ring bond (``C=1CCC#1``), valence. `problems` checks a text
without the grammar.
"""

from __future__ import annotations

import itertools
import re

ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Rf Db Sg Bh "
    "Hs Mt Ds Rg Cn Fl Lv La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No "
    "Lr"
).split()
ORGANIC = "B|C|N|O|S|P|F|Cl|Br|I|b|c|n|o|s|p|\\*"
BOND = "[-=#$:/\\\\]"
RINGS = 3
_ATOMS = frozenset("B C N O S P F Cl Br I b c n o s p *".split())
_BRACKET = re.compile(
    r"\[\d*(?:[A-Z][a-z]?|[bcnops]|as|se|te|\*)(?:@(?:@|(?:TH|AL|SP|TB|OH)\d+)?)?"
    r"(?:H\d?)?(?:[-+]\d{0,2}|--|\+\+)?(?::\d+)?\]"
)


def bracket() -> str:
    """A regular expression of bracket atoms: isotope, symbol, chirality, hydrogens, charge, class."""
    letters: dict[str, list[str]] = {}
    for symbol in ELEMENTS:
        letters.setdefault(symbol[0], []).append(symbol[1:])
    symbols = []
    for first, rest in sorted(letters.items()):
        seconds = "".join(sorted(second for second in rest if second))
        optional = "?" if "" in rest else ""
        symbols.append(f"{first}[{seconds}]{optional}" if seconds else first)
    symbol = "|".join([*symbols, "b", "c", "n", "o", "p", "s[e]?", "as", "te", "\\*"])
    chiral = "@(?:@|TH[12]|AL[12]|SP[1-3]|TB(?:1[0-9]?|20?|[3-9])|OH(?:[12][0-9]?|30?|[4-9]))?"
    charge = "[-+](?:1[0-5]?|[2-9])?|--|\\+\\+"
    return f"\\[[0-9]*(?:{symbol})(?:{chiral})?(?:H[0-9]?)?(?:{charge})?(?::[0-9]+)?\\]"


def lark(rings: int = RINGS) -> str:
    """The grammar, branches nested to any depth."""
    vectors = range(1 << rings)
    lines = [
        f"// SMILES by the OpenSMILES specification, ring labels 1 to {rings}. bench/smiles.py writes it and says",
        "// what is guaranteed. A rule's number is the set of ring labels (bit k: label k + 1) that occur an odd",
        "// number of times in it.",
        "",
        "start: chain_0",
        "",
    ]
    for vector in vectors:
        ways = [f"item_{vector}"]
        ways += [f"item_{first} [_link] chain_{first ^ vector}" for first in vectors]
        lines.append(f"chain_{vector}: " + "\n       | ".join(ways))
    lines.append("")
    for vector in vectors:
        ways = [f"item_{first} branch_{first ^ vector}" for first in vectors]
        lines.append(f"item_{vector}: ring_{vector}\n      | " + "\n      | ".join(ways))
    lines.append("")
    lines += [f'branch_{vector}: "(" [_link] chain_{vector} ")"' for vector in vectors]
    lines.append("")
    for vector in vectors:
        labels = [str(k + 1) for k in range(rings) if vector >> k & 1]
        orders = [" ".join(f'[BOND] "{label}"' for label in order) for order in itertools.permutations(labels)]
        lines.append(f"ring_{vector}: " + "\n      | ".join(f"_atom {order}".rstrip() for order in orders))
    atom = re.sub(r"/", r"\\/", bracket())
    organic = " | ".join('"*"' if one == "\\*" else f'"{one}"' for one in ORGANIC.split("|"))
    lines += ["", '_link: BOND | "."', "_atom: BRACKET | ORGANIC", "", f"BOND: /{BOND.replace('/', chr(92) + '/')}/"]
    lines += [f"ORGANIC: {organic}", f"BRACKET: /{atom}/", ""]
    return "\n".join(lines)


def problems(text: str) -> list[str]:
    """What is wrong with a SMILES text, by a reader that knows nothing of the grammar; empty if nothing is."""
    found = []
    stack: list[int | None] = []
    before: int | None = None
    link = ""
    atoms = 0
    rings: dict[str, int] = {}
    for piece in re.findall(r"\[[^\]]*\]|Br|Cl|%\d\d|.", text, re.DOTALL):
        if piece[0] == "[" or piece in _ATOMS:
            if piece[0] == "[" and not _BRACKET.fullmatch(piece):
                found.append(f"bracket atom {piece}")
            before, atoms, link = atoms, atoms + 1, ""
        elif piece == "(":
            found += ["branch without an atom"] if before is None or link else []
            stack.append(before)
            link = "("
        elif piece == ")":
            found += ["empty branch, or a bond at its end"] if link else []
            found += [] if stack else ["branch closed that was not opened"]
            before = stack.pop() if stack else before
        elif piece in "-=#$:/\\.":
            found += ["bond or dot without an atom"] if before is None or link not in ("", "(") else []
            link = piece
        elif piece.isdigit() or piece[0] == "%":
            found += ["ring bond without an atom"] if before is None or link in ("(", ".") else []
            if rings.get(piece) == before:
                found.append("ring bond of an atom to itself")
            if piece in rings:
                del rings[piece]
            elif before is not None:
                rings[piece] = before
            link = ""
        else:
            found.append(f"character {piece!r}")
    found += ["no atom"] if atoms == 0 else []
    found += ["open branch"] if stack else []
    found += ["bond or dot at the end"] if link else []
    return found + [f"open ring {label}" for label in rings]


def main() -> None:
    """Print the grammar."""
    print(lark(), end="")


if __name__ == "__main__":
    main()
