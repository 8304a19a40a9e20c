"""How commands come by their policy: read, judged by all rules, and refused with every mistake at once.

Every command that uses a policy takes it from here and not from the reader alone, which does not know the rules.
"""

import attrs

from portward.check.rules import check, in_order, mistakes
from portward.check.session import read_session
from portward.cli.environment import Environment
from portward.errors import PolicyError, Severity
from portward.sources.policy_file import LoadedPolicy, load_what_can_be_read


def read_checked(path: str, environment: Environment) -> LoadedPolicy:
    """Read a policy that has no mistakes; its diagnostics are advice and notes.

    Args:
        path: of the file; `-` for stdin.
        environment: for stdin, and for the login whose session must not be shut out.

    Raises:
        PolicyError: there are mistakes; all of them are told, with the sources to show them.
        HostError: a file cannot be read.
    """
    loaded = load_what_can_be_read(path, environment.stdin)
    if any(each.severity is Severity.ERROR for each in loaded.diagnostics):
        told = [each for each in loaded.diagnostics if each.severity is Severity.ERROR]
        raise PolicyError(in_order([*told, *mistakes(loaded.policy)]), loaded.sources)
    session = read_session(ssh_connection(environment))
    found = in_order([*loaded.diagnostics, *check(loaded.policy, session)])
    if any(each.severity is Severity.ERROR for each in found):
        raise PolicyError(found, loaded.sources)
    return attrs.evolve(loaded, diagnostics=found)


def ssh_connection(environment: Environment) -> str:
    """What OpenSSH's `SSH_CONNECTION` is, also behind sudo, which takes it away; empty without SSH."""
    if "SUDO_USER" in environment.variables and "SSH_CONNECTION" not in environment.variables:
        from portward.apply.session import current_session  # noqa: PLC0415 - rarely needed

        session = current_session(environment.variables)
        return session.connection if session else ""
    return environment.variables.get("SSH_CONNECTION", "")
