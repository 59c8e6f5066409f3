import json

from detector.costs.ledger import CostLedger
from detector.row import COLUMNS, PARTITION_COLUMNS
from tests.unit.template.document import resources

TABLES = resources("AWS::Glue::Table")
TABLE = TABLES["VerdictsTable"]["Properties"]["TableInput"]
COSTS = TABLES["CostsTable"]["Properties"]["TableInput"]
QUERIES = resources("AWS::Athena::NamedQuery")


def test_columns_are_those_of_a_result_row() -> None:
    found = [(c["Name"], c["Type"], c["Comment"]) for c in TABLE["StorageDescriptor"]["Columns"]]
    assert found == [(column.name, column.type, column.meaning) for column in COLUMNS]


def test_costs_are_columns_of_the_ledger() -> None:
    columns = COSTS["StorageDescriptor"]["Columns"]
    assert {c["Name"] for c in columns} < set(CostLedger.model_fields)
    assert COSTS["Parameters"]["storage.location.template"] == {
        "Fn::Sub": "s3://${ResultsBucket}/costs/run_date=${!run_date}/"
    }


def test_days_are_projected_and_batches_lie_within_them() -> None:
    day = PARTITION_COLUMNS[0]
    assert [(k["Name"], k["Type"]) for k in TABLE["PartitionKeys"]] == [(day.name, day.type)]
    parameters = TABLE["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["storage.location.template"] == {
        "Fn::Sub": "s3://${ResultsBucket}/results/run_date=${!run_date}/"
    }


def test_saved_queries_name_columns_that_exist_and_limit_their_days() -> None:
    assert len(QUERIES) == 3
    for query in QUERIES.values():
        text = query["Properties"]["QueryString"]
        assert "FROM verdicts" in text
        assert "run_date >= date_format(" in text


def test_workgroup_limits_what_a_query_scans() -> None:
    (group,) = resources("AWS::Athena::WorkGroup").values()
    how = group["Properties"]["WorkGroupConfiguration"]
    assert how["EnforceWorkGroupConfiguration"] is True
    assert how["BytesScannedCutoffPerQuery"] == {"Ref": "AthenaScanLimitBytes"}
    assert "EncryptionConfiguration" in json.dumps(how)
