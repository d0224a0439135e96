"""Counts of answers: per engine, per keyword and per file, with what was refused or judged wrongly."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from .questions import Question
from .recognizers import Answer

STATUSES = ("right", "refused", "wrong")


@dataclass
class Tally:
    """What one engine said.

    Attributes:
        schemas: number of schemas by status: "right" if it judged every text as its label says, "refused" if it did not
            compile, "wrong" otherwise.
        texts: number of texts by status; all texts of a refused schema are refused.
        groups: number of schemas by status, for each keyword.
        files: number of texts by status, for each file of the Test Suite.
        refused: reason of each refusal, by the question's id.
        wrong: labels of the texts that were judged wrongly, by the question's id.
        disputed: those that are not counted as wrong, since two validators contradict the label.
        seconds: of CPU that compiling took, refusals included.
    """

    schemas: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    groups: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    files: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    disputed: dict[str, list[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def add(self, question: Question, answer: Answer, groups: Iterable[str], disputed: frozenset[int]) -> None:
        """Count an answer.

        Args:
            question: what was asked.
            answer: what was said.
            groups: the keywords for which it counts.
            disputed: indices of texts whose labels are not to be believed.
        """
        self.seconds.append(answer.seconds)
        wrong = [index for index in answer.wrong if index not in disputed]
        texts: Counter[str] = Counter()
        if answer.refused is not None:
            status = "refused"
            self.refused[question.id] = answer.refused
            texts["refused"] = len(question.texts)
        else:
            status = "wrong" if wrong else "right"
            texts.update(wrong=len(wrong), right=len(question.texts) - len(wrong))
        if wrong:
            self.wrong[question.id] = [_labelled(question, index) for index in wrong]
        beside = sorted(disputed.intersection(answer.wrong))
        if beside:
            self.disputed[question.id] = [_labelled(question, index) for index in beside]
        self.schemas[status] += 1
        self.texts += texts
        self.files[question.id.partition(":")[0]] += texts
        for group in groups:
            self.groups[group][status] += 1

    def reasons(self) -> list[tuple[str, int]]:
        """Kinds of reasons of refusals, most frequent first: what differs in figures or in quoted text is one kind."""
        kinds = Counter(re.sub(r"\d[\d,.]*", "N", re.sub(r"\"[^\"]*\"", '"..."', why)) for why in self.refused.values())
        return sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))


def _labelled(question: Question, index: int) -> str:
    text = question.texts[index]
    return f"{text.label} ({'valid' if text.valid else 'invalid'})"


def contradicted(question: Question, indices: Iterable[int]) -> frozenset[int]:
    """Those of some texts whose labels both jsonschema and jsonschema-rs contradict; neither fetches anything."""
    import jsonschema
    import jsonschema_rs
    import referencing.exceptions
    from jsonschema_specifications import REGISTRY

    kind = jsonschema.validators.validator_for(question.schema, jsonschema.Draft202012Validator)
    checker = kind.FORMAT_CHECKER if question.formats else None
    found = set()
    for index in indices:
        text = question.texts[index]
        value = json.loads(text.text)
        try:
            exact = jsonschema_rs.validator_for(question.schema, validate_formats=question.formats, offline=True)
            verdicts = {
                exact.is_valid(value),
                kind(question.schema, format_checker=checker, registry=REGISTRY).is_valid(value),
            }
        except (
            ValueError,
            RecursionError,
            re.error,
            jsonschema_rs.ReferencingError,
            jsonschema.exceptions.UnknownType,
            referencing.exceptions.Unresolvable,
        ):
            continue
        if verdicts == {not text.valid}:
            found.add(index)
    return frozenset(found)
