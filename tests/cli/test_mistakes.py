"""2 is a user's mistake, 1 a failure; either is told in clear lines on standard error, never as a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.said import Said

NOBODY = 65534


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Missing command."),
        (("statu",), "No such command 'statu'."),
        (("status", "--jsn"), "No such option: --jsn"),
        (("history",), "Missing argument 'NAME'."),
        (("history", "a", "--limit", "0"), "Invalid value for '--limit'"),
        (("history", "a", "--limit", "99999999999999999999"), "Invalid value for '--limit'"),
        (("policy", "show", "--history", "--limit", "9223372036854775808"), "Invalid value for '--limit'"),
        (("package", "--out", "/dev/null/x"), "--out /dev/null/x: Not a directory; name a folder that can be made"),
        (("resize", "orders-mq"), "Missing option '--to'."),
        (("resize", "a", "--to", "b", "--for", "2x"), "--for is a duration with its unit, such as 30m or 1h30m, not"),
        (
            ("resize", "a", "--to", "b", "--until", "soon"),
            "--until is a time such as 2026-03-02T18:00+08:00, not",
        ),
        (("resize", "a", "--to", "b", "--until", "2026-03-02T18:00"), "--until needs an offset, such as"),
        (("policy", "pull"), "No such command 'pull'."),
        (("pause",), "say which: `tidegate pause NAME` for an instance, `tidegate pause --fleet` for all of them"),
        (("pause", "a", "--fleet"), "say which: `tidegate pause NAME` for an instance, `tidegate pause --fleet`"),
        (("unpause",), "say which: `tidegate unpause NAME` for an instance, `tidegate unpause --fleet` for all"),
        (("pause", "a", "--for", "soon"), "--for is a duration with its unit, such as 30m or 1h30m, not `soon`"),
        (("pause", "--fleet", "--until", "2026-03-02T18:00"), "--until needs an offset, such as"),
        (("cancel", "a", "--for", "2y"), "--for is a duration with its unit, such as 30m or 1h30m, not `2y`"),
        (("adopt",), "Missing argument 'NAME'."),
        (("approve", "a", "--until", "20:00"), "No such option: --until"),
        (("resize", "", "--to", "b", "--for", "1h"), "Invalid value for 'NAME': the name is empty"),
        (("release", ""), "Invalid value for 'NAME': the name is empty"),
        (("validate", "--policy", ""), "Invalid value for '--policy': the name of the file is empty"),
        (("policy", "diff", ""), "Invalid value for '[FILE]': the name of the file is empty"),
        (("doctor", "--report", ""), "Invalid value for '--report': the name of the file is empty"),
        (
            ("init", "--region", "cn-hangzhou", "--out", "new", "--instance", ""),
            "--instance is empty: name an instance",
        ),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(run: Callable[..., Said], arguments: list[str], told: str) -> None:
    said = run(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"tidegate: {told}")
    assert said.err.count("\n") == 1


def test_what_was_written_elsewhere_cannot_rule_the_terminal_in_a_mistake_either(office: Office) -> None:
    office.push()
    said = office.run("history", "no\x1b[2Jbody\u202e")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("tidegate: the policy has no instance `no [2Jbody `; it has ")


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (("status",), "TIDEGATE_ACCOUNT or FC_ACCOUNT_ID"),
        (("release", "a"), "TIDEGATE_FC_ENDPOINT, or TIDEGATE_ACCOUNT and TIDEGATE_REGION,"),
    ],
)
def test_a_variable_that_is_missing_is_named(
    run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], missing: str
) -> None:
    for name in ("TIDEGATE_ACCOUNT", "FC_ACCOUNT_ID", "TIDEGATE_REGION", "TIDEGATE_FC_ENDPOINT", "TIDEGATE_CLOCK_URL"):
        monkeypatch.delenv(name, raising=False)
    said = run(*command)
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: set {missing} in the environment\n")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("TIDEGATE_ACCOUNT", "1234-5678", "TIDEGATE_ACCOUNT is the account's number, in digits alone"),
        ("TIDEGATE_REGION", "cn hangzhou", "TIDEGATE_REGION is the name of a region, such as cn-hangzhou"),
        ("TIDEGATE_STORE", "bucket", "TIDEGATE_STORE is oss://BUCKET or sqlite:///FILE"),
        ("TIDEGATE_STORE", "sqlite:///", "TIDEGATE_STORE names a folder: name a file in it, such as sqlite:///FOLDER"),
        ("TIDEGATE_FC_API", "4", "TIDEGATE_FC_API is 2.0 or 3.0"),
    ],
)
def test_a_variable_that_makes_no_sense_is_a_mistake_that_names_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """An account's number with a slip would else show an empty ledger, as if all were new."""
    office.push()
    monkeypatch.setenv(variable, value)
    said = office.run("status")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"tidegate: {told}")


def test_a_request_without_a_key_to_sign_it_names_the_variables(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    said = office.run("ack", "orders-mq")
    assert said.code == 2
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in said.err


KEYS = "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("plan",),
        ("history", "orders-mq"),
        ("explain", "orders-mq"),
        ("watch", "orders-mq"),
        ("orders",),
        ("report",),
        ("policy", "show"),
        ("policy", "diff", "FILE"),
        ("policy", "push", "FILE"),
        ("policy", "rollback"),
        ("approve", "orders-mq"),
        ("pause", "orders-mq"),
        ("init", "--force"),
    ],
)
def test_a_bucket_cannot_be_asked_without_a_key(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", "oss://a-ledger")
    monkeypatch.setenv("TIDEGATE_OSS_ENDPOINT", f"http://{office.server.oss_endpoint}")
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", office.server.endpoint)
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    said = office.run(*(str(office.file) if word == "FILE" else word for word in command))
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: set {KEYS} in the environment\n")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("TIDEGATE_FC_ENDPOINT", "http://[::1", "TIDEGATE_FC_ENDPOINT is an address, such as https://ACCOUNT.REGION"),
        ("TIDEGATE_FC_ENDPOINT", "localhost:port", "TIDEGATE_FC_ENDPOINT is an address, such as https://ACCOUNT."),
        ("TIDEGATE_CLOCK_URL", "http://[::1", "TIDEGATE_CLOCK_URL is for a simulated cloud on this machine: http://"),
        ("TIDEGATE_CLOCK_URL", "http://localhost:0x1/", "TIDEGATE_CLOCK_URL is for a simulated cloud on this machine"),
        ("TIDEGATE_OSS_ENDPOINT", "http://[::1", "TIDEGATE_OSS_ENDPOINT is an address, such as https://oss-"),
        ("TIDEGATE_ENDPOINT", "http://[", "TIDEGATE_ENDPOINT is an address, such as https://HOST or HOST:PORT"),
        ("TIDEGATE_ENDPOINT", "127.0.0.1:1,http://[", "TIDEGATE_ENDPOINT is an address, such as https://HOST or"),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "clé", "ALIBABA_CLOUD_ACCESS_KEY_ID has signs that no key has, such as "),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a b", "ALIBABA_CLOUD_ACCESS_KEY_SECRET has signs that no key has, such "),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", "a\n", "ALIBABA_CLOUD_SECURITY_TOKEN has signs that no key has, such as "),
    ],
)
def test_what_cannot_be_an_address_or_a_key_is_a_mistake_that_names_the_variable(
    office: Office, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", "oss://a-ledger")
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", office.server.endpoint)
    monkeypatch.setenv(variable, value)
    command = (
        ("pause", "orders-mq") if variable in ("TIDEGATE_FC_ENDPOINT", "ALIBABA_CLOUD_ACCESS_KEY_ID") else ("status",)
    )
    said = office.run(*command)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"tidegate: {told}")
    assert said.err.count("\n") == 1


READING = (
    ("status",),
    ("plan",),
    ("history", "orders-mq"),
    ("explain", "orders-mq"),
    ("watch", "orders-mq"),
    ("report",),
    ("orders",),
    ("upcoming",),
    ("policy", "show"),
    ("policy", "show", "--history"),
    ("policy", "rollback"),
)


@pytest.mark.parametrize("command", READING)
def test_who_only_reads_makes_no_ledger(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A name with a slip would else be a ledger in which nothing was ever pushed."""
    place = office.folder / "typo"
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{place}/ledger.db")
    said = office.run(*command)
    gone = "TIDEGATE_STORE names a file that is not there: correct it; `tidegate policy push` begins one"
    assert (said.code, said.out, said.err) == (2, "", f"tidegate: {gone}\n")
    assert not place.exists()


def test_a_policy_file_is_looked_through_before_the_first_push_and_makes_no_ledger(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = office.folder / "new"
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{place}/ledger.db")
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", office.server.endpoint)
    assert office.run("policy", "diff", str(office.file)).out.splitlines()[0].endswith("would be the first one")
    for command in ("status", "plan", "upcoming"):
        assert office.run(command, "--policy", str(office.file)).code == 0
    assert "no policy" in office.run("doctor").out
    assert not place.exists()
    assert office.run("policy", "push", str(office.file)).code == 0
    assert office.run("status").code == 0


def test_a_file_in_which_no_ledger_can_be_is_a_failure_in_one_line(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{office.file}/ledger.db")
    inside = office.run("policy", "push", str(office.file))
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{office.file}")
    other = office.run("policy", "push", str(office.file))
    assert [(said.code, said.out, said.err.count("\n")) for said in (inside, other)] == [(1, "", 1), (1, "", 1)]
    for said, file in ((inside, office.file / "ledger.db"), (other, office.file)):
        assert said.err.startswith(f"tidegate: {file} cannot be opened as a ledger (")
        assert "): correct TIDEGATE_STORE, or see to the file and to who may read and write it\n" in said.err


@pytest.mark.parametrize("command", [("status",), ("doctor",)])
def test_a_ledger_that_may_not_be_looked_at_is_a_failure_that_names_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    shut = office.folder / "shut"
    shut.mkdir(mode=0)
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{shut}/ledger.db")
    done = as_nobody(*command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith(f"tidegate: {shut}/ledger.db cannot be opened as a ledger (")


@pytest.mark.parametrize("command", [("status",), ("doctor",), ("policy", "push", "FILE")])
def test_a_ledger_whose_name_no_file_can_have_is_a_failure_in_one_line(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", f"sqlite://{office.folder}/{'a' * 300}")
    said = office.run(*(str(office.file) if word == "FILE" else word for word in command))
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)


def test_a_report_is_refused_before_the_checks_where_it_cannot_be_written(office: Office) -> None:
    folder = office.run("doctor", "--report", str(office.folder))
    assert (folder.code, folder.out) == (2, "")
    assert folder.err == f"tidegate: {office.folder} is a folder: --report names a file\n"
    shut = as_nobody("doctor", "--report", "/report.md")
    assert (shut.returncode, shut.stdout) == (2, "")
    assert shut.stderr == "tidegate: /report.md may not be written here: --report names another file\n"


def test_a_report_that_a_full_disk_does_not_take_is_a_failure_after_the_checks(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", office.server.endpoint)
    said = office.run("doctor", "--report", "/dev/full")
    assert said.code == 1
    assert "  tick           there never was a tick" in said.out
    assert said.err == "tidegate: the report could not be written: /dev/full: No space left on device\n"


def as_nobody(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody to whom not everything is allowed, as it is to root."""

    def run(*call: str) -> subprocess.CompletedProcess[str]:
        who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(call, capture_output=True, text=True, check=False, timeout=60, cwd="/", **who)

    try:
        reads = run(sys.executable, "-c", "import tidegate.cli.commands").returncode == 0
    except PermissionError:
        reads = False
    if not reads:
        pytest.skip("the environment of these tests is root's alone")
    return run(sys.executable, "-m", "tidegate.cli", *words)


def test_an_api_version_that_is_none_is_a_mistake(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_FC_API", "4")
    said = office.run("ack", "orders-mq")
    assert (said.code, said.err) == (2, "tidegate: TIDEGATE_FC_API is 2.0 or 3.0\n")


def test_a_time_that_is_none_is_a_mistake(office: Office) -> None:
    office.push()
    said = office.run("explain", "orders-mq", "--at", "noonish")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("tidegate: `noonish` is no time; write 20:05, ")
    assert office.run("explain", "ring-1", "--at", "20:05").code == 2


def test_a_time_of_day_is_read_in_the_instances_zone(office: Office) -> None:
    office.push()
    office.reconcile()
    at = office.run("explain", "orders-mq", "--at", "00:00", "--json")
    told = at.json["at"] if at.code == 0 else at.err
    assert "T00:00:00+08:00" in told


@pytest.mark.parametrize("url", ["http://10.0.0.1/clock", "https://127.0.0.1/clock", "file:///etc/passwd"])
def test_no_clock_but_one_on_this_machine_is_asked(office: Office, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TIDEGATE_CLOCK_URL", url)
    said = office.run("status")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("tidegate: TIDEGATE_CLOCK_URL is for a simulated cloud on this machine")


def test_a_clock_that_does_not_tell_the_time_is_a_failure(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_CLOCK_URL", f"http://{office.server.endpoint}/_console/balance")
    said = office.run("status")
    assert (said.code, said.out) == (1, "")
    assert "does not tell the time" in said.err
    assert said.err.count("\n") == 1


def test_a_store_that_is_none_is_a_mistake(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_STORE", "somewhere")
    said = office.run("status")
    assert (said.code, said.err) == (2, "tidegate: TIDEGATE_STORE is oss://BUCKET or sqlite:///FILE\n")


def test_a_ledger_that_is_damaged_is_a_failure(office: Office) -> None:
    office.push()
    office.reconcile()
    around = office.around
    book = around.book()
    assert book is not None
    office.put(around.key(book.read("orders-mq")), 3, b"not json")
    said = office.run("history", "orders-mq")
    assert (said.code, said.out) == (1, "")
    assert "is not JSON" in said.err
    assert said.err.count("\n") == 1


def test_help_loads_nothing_that_only_commands_need() -> None:
    """So that it answers at once."""
    code = (
        "import sys; from tidegate.cli import main; assert main(['--help']) == 0; "
        "heavy = {'pydantic', 'yaml', 'requests', 'rich', 'fc2', 'aliyunsdkcore', 'alibabacloud_oss_v2'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: tidegate" in done.stdout
    reads = ("validate", "plan", "status", "upcoming", "history", "explain", "policy", "demo")
    for command in (*reads, "resize", "release", "pause", "unpause", "adopt", "approve", "cancel", "ack"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize("command", ["local", "demo"])
def test_localcloud_gets_the_arguments_as_they_are(command: str) -> None:
    """And its exit code is ours."""
    call = [sys.executable, "-m", "tidegate.cli", command]
    call += ["nonsense", "--json"] if command == "local" else ["--help"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == (2 if command == "local" else 0), done.stderr
    assert "usage: " in (done.stderr if command == "local" else done.stdout)
