"""A state machine as plain data, and what its definition says of its course."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.unit.template.document import STATE_MACHINES, resources, walk

State = dict[str, Any]
ENDS = {"Succeed", "Fail"}


@dataclass(frozen=True)
class Machine:
    """One definition and the resource that deploys it."""

    name: str

    @property
    def path(self) -> Path:
        return STATE_MACHINES / f"{self.name}.asl.yaml"

    @cached_property
    def definition(self) -> State:
        document: State = yaml.safe_load(self.path.read_text())
        return document

    @cached_property
    def states(self) -> dict[str, State]:
        states: dict[str, State] = self.definition["States"]
        return states

    @cached_property
    def resource(self) -> State:
        uri = f"statemachines/{self.path.name}"
        (found,) = (
            machine["Properties"]
            for machine in resources("AWS::Serverless::StateMachine").values()
            if machine["Properties"]["DefinitionUri"] == uri
        )
        properties: State = found
        return properties

    @property
    def tasks(self) -> list[str]:
        return sorted(name for name, state in self.states.items() if state["Type"] == "Task")

    @property
    def lambdas(self) -> list[str]:
        """Return the tasks that call a function."""
        return [name for name in self.tasks if "lambda" in self.states[name]["Resource"]]

    @property
    def jobs(self) -> list[str]:
        """Return the tasks that submit a job."""
        return [name for name in self.tasks if "batch" in self.states[name]["Resource"]]

    def seconds_waited(self, name: str, error: str) -> float:
        """Return how long a task that always ends with an error is tried again, on the average.

        With full jitter a pause is anything between none and its length.
        """
        for retrier in self.states[name]["Retry"]:
            if error in retrier["ErrorEquals"]:
                pauses = (
                    min(
                        retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n,
                        retrier.get("MaxDelaySeconds", math.inf),
                    )
                    for n in range(retrier["MaxAttempts"])
                )
                return float(sum(pauses)) / 2
        return 0.0

    def following(self, name: str) -> Iterator[str]:
        """Yield the states that may come right after one."""
        state = self.states[name]
        for part in (state, *state.get("Choices", []), *state.get("Catch", [])):
            yield from (part[key] for key in ("Next", "Default") if key in part)

    def reachable(self, start: str) -> set[str]:
        """Return a state and all that may come after it."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += self.following(name)
        return seen

    def placeholders(self) -> set[str]:
        """Return the names that deployment fills in."""
        texts = (part for part in walk(self.definition) if isinstance(part, str))
        return {
            piece.partition("}")[0] for text in texts for piece in text.split("${")[1:] if piece
        }
