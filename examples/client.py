"""Score a folder and look at the outcome, cell by cell as in a notebook.

python examples/client.py photos/
"""

# %%
import sys
from pathlib import Path

import aidetect

# %% The local stack when it runs, else the AWS account at hand.
client = aidetect.connect()
print("speaking to the", client.where)

# %% Upload, wait, get the rows.
results = client.score(sys.argv[1], timeout=1800)
summary = results.summary
print(f"{summary.images} images: {summary.verdicts}")

# %% The rows one would look at first: sure of AI, then unsure.
frame = results.to_pandas().sort_values("probability", ascending=False)
print(frame[["key", "verdict", "probability", "provenance"]].head(10).to_string(index=False))

# %% What could not be scored, and why.
for row in results:
    if row.reason is not None:
        print(f"{row.key}: {row.reason.sentence}")

# %% The report is one page that needs nothing beside it; batches from before reports have none.
for batch in summary.batches:
    try:
        page = results.report_html(batch)
    except aidetect.ResultsError as error:
        print(error)
    else:
        Path(f"report-{batch}.html").write_text(page, encoding="utf-8")
        print(f"report-{batch}.html")
