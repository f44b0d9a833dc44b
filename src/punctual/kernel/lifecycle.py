"""A life as one table of transitions: verb, from which states, to which state.

The same table refuses the illegal move, greys the button and is tested for every state × verb.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_, Word


@dataclass(frozen=True, slots=True)
class Transition:
    """``verb`` leads from each of ``sources`` to ``target``; ``target`` None keeps the state (an edit, a comment)."""

    verb: str
    sources: frozenset[str]
    target: str | None


class Lifecycle:
    """The transition table of one noun.

    ``labels`` gives each state its English word (a catalogue key), ``verbs`` each verb its English infinitive;
    both are used to say what was refused.
    """

    def __init__(
        self,
        noun: str,
        *,
        states: Mapping[str, str],
        verbs: Mapping[str, str],
        transitions: Iterable[tuple[str, Sequence[str], str | None]],
    ) -> None:
        self.noun = noun
        self.states = dict(states)
        self.verbs = dict(verbs)
        self._table: dict[tuple[str, str], str] = {}
        self.transitions: list[Transition] = []
        for verb, sources, target in transitions:
            unknown = ({*sources, target} - {None}) - set(self.states)
            if unknown or verb not in self.verbs:
                raise ValueError(
                    f"{noun}: transition '{verb}' names unknown states {sorted(map(str, unknown))} or verb"
                )
            for source in sources:
                if (source, verb) in self._table:
                    raise ValueError(f"{noun}: two transitions for '{verb}' from '{source}'")
                self._table[source, verb] = target if target is not None else source
            self.transitions.append(Transition(verb, frozenset(sources), target))

    def allows(self, state: str, verb: str) -> bool:
        return (state, verb) in self._table

    def verbs_from(self, state: str) -> list[str]:
        """The verbs possible in ``state``, in table order."""
        return [verb for verb in self.verbs if self.allows(state, verb)]

    def reasons(self, state: str, verb: str) -> list[Reason]:
        """Empty when allowed; otherwise one reason that names the state and the states that would do."""
        if verb not in self.verbs:
            raise KeyError(f"{self.noun} has no verb '{verb}'")
        if self.allows(state, verb):
            return []
        return [
            Reason(
                code=f"{self.noun}.state.{verb}",
                text=N_("“%(verb)s” is not possible while the state is “%(state)s”."),
                params={"verb": Word(self.verbs[verb]), "state": Word(self.states[state])},
            )
        ]

    def after(self, state: str, verb: str) -> str:
        """The state that ``verb`` leads to; raises :class:`Refusal` when it is not allowed."""
        reasons = self.reasons(state, verb)
        if reasons:
            raise Refusal(*reasons)
        return self._table[state, verb]
