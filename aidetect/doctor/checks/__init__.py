"""The checks, a module for each, in the order that they are asked."""

from aidetect.doctor.check import Check
from aidetect.doctor.checks import (
    alarm_mail,
    capacity,
    champion,
    concurrency,
    credentials,
    dead_letters,
    fleets,
    image,
    python,
    quota,
    region,
    sam,
    stack,
)

# Of this machine and the account: they can be asked before anything is deployed.
BEFORE: tuple[Check, ...] = (
    python.CHECK,
    sam.CHECK,
    credentials.CHECK,
    region.CHECK,
    capacity.CHECK,
    quota.GPU,
    quota.CPU,
    concurrency.CHECK,
)
OF_STACK: tuple[Check, ...] = (
    stack.CHECK,
    champion.CHECK,
    fleets.CHECK,
    image.SCORER,
    image.TRAINER,
    alarm_mail.CHECK,
    dead_letters.CHECK,
)
CHECKS = BEFORE + OF_STACK
