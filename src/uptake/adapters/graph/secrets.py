"""Secrets by reference: from the environment, a file or a command of a vault; the database holds the reference only."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uptake.core.errors import UptakeError

SECONDS = 30
LARGEST = 1 << 20


class SecretError(UptakeError):
    """A secret that cannot be read; the message names the reference, never the secret."""


def read_secret(reference: str, environment: Mapping[str, str] | None = None) -> str:
    """The secret behind `env:NAME`, `file:/path` or `command:vault read …`; the command runs without a shell."""
    kind, _, rest = reference.partition(":")
    readers = {"env": _from_environment, "file": _from_file, "command": _from_command}
    if kind not in readers or not rest.strip():
        raise SecretError("a secret is given by reference", hint="env:NAME, file:/path or command:vault read …")
    found = readers[kind](rest.strip(), os.environ if environment is None else environment)
    if not found.strip():
        raise SecretError(f"the secret behind {kind}:… is empty")
    return found.strip("\r\n")


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise SecretError(f"the environment has no {name}")
    return environment[name]


def _from_file(path: str, _: Mapping[str, str]) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"the secret file cannot be read: {type(error).__name__}") from None


def _from_command(command: str, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            shlex.split(command),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise SecretError(f"the command of the vault did not run: {type(error).__name__}") from None
    if done.returncode:
        raise SecretError(f"the command of the vault ended with {done.returncode}")
    return done.stdout[:LARGEST].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Application:
    """An application registration: one for all customers, or one in a customer's tenant. Holds references, no secrets."""

    client_id: str
    certificate: str = ""
    """Reference of a PEM with the private key and the certificate."""
    secret: str = ""
    """Reference of a client secret, where there is no certificate."""

    def credential(self) -> str | dict[str, str]:
        """What msal takes. With a certificate the assertion is signed with SHA-256."""
        if self.certificate:
            pem = read_secret(self.certificate)
            return {"private_key": _block(pem, "PRIVATE KEY"), "public_certificate": _block(pem, "CERTIFICATE")}
        return read_secret(self.secret)


def _block(pem: str, kind: str) -> str:
    """The first PEM block whose label ends so."""
    lines, taken = pem.splitlines(), []
    for line in lines:
        if line.startswith("-----BEGIN ") and line.rstrip("-").endswith(kind):
            taken = [line]
        elif taken:
            taken.append(line)
            if line.startswith("-----END "):
                return "\n".join(taken) + "\n"
    raise SecretError(f"the PEM holds no {kind}", hint="Put the private key and the certificate into one file.")
