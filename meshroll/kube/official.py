"""Kubeconfigs, read by the official client's loader. Certificates that stand in them as data stay in memory.

The loader alone writes such data to temporary files, which last as long as the process and are shared by its threads
before they are written.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from typing import Any

import urllib3
import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.dateutil import parse_rfc3339
from kubernetes.config.exec_provider import ExecProvider
from kubernetes.config.kube_config import ConfigNode, KubeConfigLoader, KubeConfigMerger

from meshroll.errors import BadInputError, UnavailableError
from meshroll.kube.access import Access, CredentialError
from meshroll.kube.tls import ClientCertificate, check, present

# One kubeconfig is read and one credential renewed at a time, whichever cluster it is for: the official client writes
# renewed tokens into the kubeconfig, keeps a table of temporary files, and a plug-in may ask on the terminal.
_ONE_AT_A_TIME = threading.RLock()


def read(source: str | Mapping[str, Any], context: str | None, where: str) -> Access:
    """Read one context of files or of a document: see `meshroll.kube.kubeconfig.read`."""
    configuration = Configuration()
    try:
        with _ONE_AT_A_TIME:
            loader = _loader(source, context, where)
            loader.load_and_set(configuration)
    except (ConfigException, OSError, yaml.YAMLError) as error:
        raise BadInputError(str(error), where=where, expected="a kubeconfig that holds the context") from error
    configuration.ca_cert_data = loader.authority
    if configuration.host.startswith("https"):
        check(where, configuration.ssl_ca_cert, loader.authority, loader.client)
    configuration.retries = False
    api = ApiClient(configuration)
    if loader.client:
        present(api.rest_client.pool_manager, loader.client)
    return Access(configuration.host, api.rest_client.pool_manager, _authorization(api))


def _authorization(api: ApiClient) -> Callable[[], str | None]:
    """The header of the next request; a token that expires is renewed, by one thread for all."""
    renewal = threading.Lock()

    def header() -> str | None:
        headers: dict[str, str] = {}
        try:
            with renewal:
                api.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        except (ConfigException, urllib3.exceptions.HTTPError, OSError) as error:
            raise CredentialError(" ".join(str(error).split())) from error  # a program's output may be in it
        return headers.get("authorization")

    return header


def _loader(source: str | Mapping[str, Any], context: str | None, where: str) -> _Loader:
    if isinstance(source, Mapping):
        return _Loader(where, config_dict=dict(source), active_context=context, config_base_path=None)
    merger = KubeConfigMerger(source)
    if merger.config is None:
        raise ConfigException("Invalid kube-config file. No configuration found.")
    return _Loader(
        where,
        config_dict=merger.config,
        active_context=context,
        config_base_path=None,
        config_persister=merger.save_changes,
    )


class _Loader(KubeConfigLoader):  # type: ignore[misc]
    """The official loader without its temporary files: `authority` (PEM) and `client` hold what was given as data."""

    _cluster: Any
    _user: Any

    def __init__(self, where: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._where = where
        self.authority: str | None = None
        self.client: ClientCertificate | None = None

    def _load_authentication(self) -> None:
        with _ONE_AT_A_TIME:
            super()._load_authentication()

    def _load_from_exec_plugin(self) -> bool:
        if "exec" not in self._user:
            return False
        try:
            plugin = ExecProvider(self._user["exec"], self._get_base_path(self._cluster.path), self._cluster)
            status = plugin.run() or {}
            if "token" in status:
                self.token = f"Bearer {status['token']}"
            else:
                certificate, key = status["clientCertificateData"], status["clientKeyData"]
                self.client = ClientCertificate(certificate.encode(), key.encode())
            if status.get("expirationTimestamp"):
                self.expiry = parse_rfc3339(status["expirationTimestamp"])
        except KeyError as error:
            raise UnavailableError(f"its credential plug-in gives no {error.args[0]}", where=self._where) from error
        except (ConfigException, OSError, ValueError) as error:
            reason = " ".join(str(error).removeprefix("exec: ").split())  # a program's output may be in it
            raise UnavailableError(f"its credential plug-in failed ({reason})", where=self._where) from error
        return True

    def _load_cluster_info(self) -> None:
        cluster, user = self._cluster, self._user
        authority = _data(cluster, "certificate-authority")
        # Certificates are ASCII; the comments between them need not be.
        self.authority = authority.decode("ascii", errors="ignore") if authority else None
        self._cluster = _without_data(cluster, "certificate-authority")
        self._user = _without_data(user, "client-certificate", "client-key")
        if self.client:  # the plug-in's, which goes before the user's: the official loader looks for this attribute
            self.cert_file = self.key_file = None
        try:
            super()._load_cluster_info()
        finally:
            self._cluster, self._user = cluster, user
        certificate = _data(user, "client-certificate") or self.__dict__.get("cert_file")
        key = _data(user, "client-key") or self.__dict__.get("key_file")
        if certificate and not self.client:
            self.client = ClientCertificate(certificate, key)
        self.cert_file = self.key_file = None


def _data(section: ConfigNode | None, key: str) -> bytes | None:
    value = section.safe_get(f"{key}-data") if section else None
    try:
        return base64.standard_b64decode(value) if value else None
    except (binascii.Error, TypeError) as error:
        raise ConfigException(f"{key}-data is not base64") from error


def _without_data(section: ConfigNode | None, *keys: str) -> ConfigNode | None:
    """A section as if it did not name what it holds as data, which goes before a file of the same kind."""
    if not section:
        return section
    given = {key for key in keys if f"{key}-data" in section}
    left = {key: value for key, value in section.value.items() if key.removesuffix("-data") not in given}
    return ConfigNode(section.name, left, section.path)
