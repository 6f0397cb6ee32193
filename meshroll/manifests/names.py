"""What a label, a Service and a namespace may be called: Kubernetes' own rules, checked before anything is rendered."""

from __future__ import annotations

import re

from meshroll.errors import BadInputError

LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
LABEL_VALUE_LENGTH = 63
CANARY_SUFFIX = "-canary"
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SERVICE_NAME_LENGTH = 63 - len(CANARY_SUFFIX)  # its canary Service is a Service too
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAMESPACE_LENGTH = 63


def check_label_value(version: object, where: str) -> None:
    """Raise BadInputError unless a version is a string that the pod label `version` can hold."""
    if not isinstance(version, str):
        raise BadInputError(f"the version {version!r} is not a string", where=where, expected=f'"{version}" (quote it)')
    if len(version) > LABEL_VALUE_LENGTH or not LABEL_VALUE.fullmatch(version):
        raise BadInputError(
            f"the version {version!r} cannot be the value of a label",
            where=where,
            expected=f"1 to {LABEL_VALUE_LENGTH} letters, digits, '-', '_' or '.', with a letter or digit at both ends",
        )


def check_service_name(service: str, where: str) -> None:
    """Raise BadInputError unless a Service, and the canary Service beside it, can have this name."""
    if len(service) > SERVICE_NAME_LENGTH or not SERVICE_NAME.fullmatch(service):
        raise BadInputError(
            f"{service!r} cannot be the name of a service",
            where=where,
            expected=f"1 to {SERVICE_NAME_LENGTH} lower-case letters, digits or '-', "
            "beginning with a letter and ending with a letter or digit",
        )


def check_namespace(namespace: str, where: str) -> None:
    """Raise BadInputError unless a namespace can have this name."""
    if len(namespace) > NAMESPACE_LENGTH or not NAMESPACE.fullmatch(namespace):
        raise BadInputError(
            f"{namespace!r} cannot be the name of a namespace",
            where=where,
            expected=f"1 to {NAMESPACE_LENGTH} lower-case letters, digits or '-', with a letter or digit at both ends",
        )
