"""How many functions may run at a time in the account, all of its functions together.

1,000 by default, and as few as 10 in new accounts until they have been in use:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from aidetect.doctor.check import Check, Result, ok, warning
from aidetect.doctor.checks.quota import ask_for
from aidetect.doctor.place import Place

# As many are always left to functions that have none of their own, but where AWS limits an account:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
ENOUGH = 100
# "Concurrent executions", and what everybody has of them.
CODE, DEFAULT = "L-B99A9384", 1000


def look(place: Place) -> Result:
    """Tell how many are left to functions without a share of their own, as the stack's are."""
    limits = place.client("lambda").get_account_settings()["AccountLimit"]
    left = int(limits["UnreservedConcurrentExecutions"])
    found = f"{left:,} functions may run at a time"
    if left < ENOUGH:
        return warning(
            f"{found}: many small drops at once wait for one another",
            ask_for("lambda", CODE, DEFAULT),
        )
    return ok(found)


CHECK = Check(
    "functions",
    "May the account run more than a few functions at a time?",
    look,
    needs=("lambda:GetAccountSettings",),
    after=("region",),
    no_local="functions are processes of this machine",
)
