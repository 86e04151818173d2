"""Access logs as their programs write them, recognised and read."""

import json
from pathlib import Path

import pytest

from creditctl.adapters.readers import reader_for
from creditctl.adapters.readers.files import open_stream, recognised_format

WANTED = ("id", "time", "key", "endpoint", "method", "path", "status", "units")
COMBINED = (
    '93.180.71.3 - web [17/May/2015:08:05:32 +0000] "GET /v1/a?x=1 HTTP/1.1" 304 0 "-" '
    '"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"\n'
)
COMMON = '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "POST /v1/a HTTP/1.0" 200 2326\n'
ENVOY = (
    '[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 99 226 100 '
    '"10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" '
    '"tcp://10.0.2.1:80"\n'
)
KONG = {
    "request": {
        "id": "6ed1d66e3ad2b7441a2f6b7b4f8d0c11",
        "method": "GET",
        "uri": "/v1/a?x=1",
        "size": 75,
        "headers": {"accept": "*/*"},
    },
    "response": {"status": 200, "size": 434, "headers": {}},
    "consumer": {"id": "e0da8e14", "username": "acme-web"},
    "latencies": {"request": 515},
    "started_at": 1433209822425,
}
AWS = {
    "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "ip": "203.0.113.7",
    "requestTime": "09/Apr/2015:12:34:56 +0000",
    "httpMethod": "GET",
    "resourcePath": "/v1/a",
    "status": "200",
    "protocol": "HTTP/1.1",
    "responseLength": "21",
    "apiKeyId": "abc123",
}
AWS_HTTP = {
    "requestId": "JKJaXmPLvHcESHA=",
    "requestTimeEpoch": "1583348638390",
    "routeKey": "GET /v1/a",
    "status": "200",
    "responseLength": "21",
}
NGINX = {
    "time_iso8601": "2026-10-05T12:00:00+02:00",
    "request_id": "b2b4ad2e4ddc4a0d93a1f7a4a4e3d0a1",
    "request_method": "GET",
    "request_uri": "/v1/a?x=1",
    "status": "200",
    "body_bytes_sent": "512",
    "api_key": "web",
}
ENVOY_JSON = {
    "start_time": "2026-10-05T12:00:00.123Z",
    "method": "GET",
    "path": "/v1/a",
    "response_code": 200,
    "bytes_sent": 512,
    "request_id": "b2b4ad2e",
}
LOGS = {
    "combined": (COMBINED, {"method": "GET", "path": "/v1/a?x=1", "status": "304", "units": "0"}),
    "common": (COMMON, {"method": "POST", "path": "/v1/a", "status": "200", "units": "2326"}),
    "envoy": (
        ENVOY,
        {
            "id": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
            "time": "2016-04-15T20:17:00.310Z",
            "status": "204",
            "units": "99",
        },
    ),
    "kong": (
        json.dumps(KONG) + "\n",
        {
            "id": "6ed1d66e3ad2b7441a2f6b7b4f8d0c11",
            "time": "1433209822425",
            "key": "acme-web",
            "method": "GET",
            "path": "/v1/a?x=1",
            "status": "200",
            "units": "434",
        },
    ),
    "aws": (
        json.dumps(AWS) + "\n",
        {
            "id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "time": "09/Apr/2015:12:34:56 +0000",
            "key": "abc123",
            "path": "/v1/a",
            "units": "21",
        },
    ),
    "aws, HTTP API": (
        json.dumps(AWS_HTTP) + "\n",
        {"time": "1583348638390", "endpoint": "GET /v1/a", "status": "200"},
    ),
    "nginx-json": (
        json.dumps(NGINX) + "\n",
        {"id": "b2b4ad2e4ddc4a0d93a1f7a4a4e3d0a1", "key": "web", "units": "512"},
    ),
    "envoy-json": (
        json.dumps(ENVOY_JSON) + "\n",
        {"id": "b2b4ad2e", "status": "200", "units": "512"},
    ),
}


def records(path: Path) -> tuple[str, list[dict[str, str | None]], list[tuple[int, str]]]:
    name = recognised_format(path, path.name)
    found, rejects = [], []
    with open_stream(path, path.name) as stream:
        for block in reader_for(name).open_blocks(stream, path.name, WANTED).items:
            columns = {key: column.to_pylist() for key, column in block.columns.items()}
            found += [
                {key: values[place] for key, values in columns.items()}
                for place in range(len(block.lines))
            ]
            rejects += [(one.line, one.reason) for one in block.rejects]
    return name, found, rejects


@pytest.mark.parametrize("log", LOGS)
def test_a_log_is_recognised_and_read(log: str, tmp_path: Path) -> None:
    line, expected = LOGS[log]
    path = tmp_path / "access.log"
    path.write_text(line)
    name, (record,), rejects = records(path)
    assert name == {"common": "combined", "aws, HTTP API": "aws"}.get(log, log)
    assert {key: record[key] for key in expected} == expected
    assert rejects == []


@pytest.mark.parametrize("log", ["combined", "nginx-json"])
def test_lines_without_an_id_get_the_same_one_in_every_file(log: str, tmp_path: Path) -> None:
    line = LOGS[log][0].replace("request_id", "other_name")
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_text(line + line + line.replace("/v1/a", "/v1/b"))
    second.write_text(line)
    ids = [record["id"] for record in records(first)[1]]
    assert len(set(ids)) == 3
    assert records(second)[1][0]["id"] == ids[0]


def test_a_line_of_another_shape_is_a_reject(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(COMBINED + "garbage\n" + COMBINED)
    assert records(path)[2] == [(2, "is not in combined log format")]


@pytest.mark.parametrize(("log", "name"), [(COMBINED, "combined"), (ENVOY, "envoy")])
def test_a_log_that_begins_with_a_scan_is_recognised(log: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    scan = r'10.9.9.9 - - [17/May/2015:08:05:31 +0000] "\x16\x03\x01" 400 150 "-" "-"'
    path.write_text(f"{scan}\n" * 19 + log)
    assert recognised_format(path, path.name) == name
    path.write_text(f"{scan}\n" * 20 + log)
    assert recognised_format(path, path.name) == "csv"
