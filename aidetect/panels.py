"""The groups in which ``aidetect --help`` lists the commands."""

SCORE = "Score"
REVIEW = "Review"
TRAIN = "Train and promote"
OPERATE = "Operate"
DATA = "Data"
