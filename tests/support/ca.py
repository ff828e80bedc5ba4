"""ca - a throw-away certificate authority for *.localhost names.

Keys are P-256 because a test run makes many. Nothing here outlives its folder.
"""

import datetime
import hashlib
import ipaddress
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path, data):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    return path


class Authority:
    """One root; `certificate` is the path to give to a client."""

    def __init__(self, folder, name="Ward test root"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        root = self._builder(self._name, self._key.public_key(), _DAY * 30)
        root = root.add_extension(x509.BasicConstraints(True, 0), critical=True)
        root = root.add_extension(_usage(signs=True), critical=True)
        root = root.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
        )
        data = root.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self.certificate = _write(os.path.join(folder, "ca.pem"), data)

    def _builder(self, subject, public_key, life):
        now = datetime.datetime.utcnow()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + life)
        )

    def leaf(self, *names, life_days=10):
        """A certificate of a server or client for `names` (addresses are allowed): paths of it and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = [_general_name(n) for n in names]
        leaf = self._builder(subject, key.public_key(), _DAY * life_days)
        leaf = leaf.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        leaf = leaf.add_extension(x509.BasicConstraints(False, None), critical=True)
        leaf = leaf.add_extension(_usage(signs=False), critical=True)
        leaf = leaf.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        leaf = leaf.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        data = leaf.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        stem = os.path.join(self.folder, names[0])
        return _write(stem + ".crt", data), _write(stem + ".key", _pem(key))

    def client_context(self, leaf=None):
        """A TLS client context that trusts this root and nothing else, and shows `leaf` when asked."""
        context = ssl.create_default_context(cafile=self.certificate)
        if leaf:
            context.load_cert_chain(*leaf)
        return context


def pin(certificate):
    """SHA-256, in hex, of the public key of the certificate at this path: what `peer allow --pin` takes."""
    with open(certificate, "rb") as file:
        public = x509.load_pem_x509_certificate(file.read()).public_key()
    info = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()


def server_context(certificate, key):
    """A TLS server context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(signs):
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )
