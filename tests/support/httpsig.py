"""httpsig - draft-cavage-12 and RFC 9421, written from the documents and shared with nothing in Ward.

Two independent implementations that agree prove more than one that agrees with itself; this one is
held against the published vectors by test_rig.py. Signing takes every choice as an argument, because
tests need wrong ones.
"""

import base64
import hashlib
import re
import time
from email.utils import formatdate

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

CAVAGE_POST = ("(request-target)", "host", "date", "digest")
CAVAGE_GET = ("(request-target)", "host", "date")
RFC9421_POST = ("@method", "@target-uri", "content-digest")
RFC9421_GET = ("@method", "@target-uri")


class Bad(Exception):
    """The signature is missing, malformed or wrong; the text says which."""


def new_rsa(bits=2048):
    return rsa.generate_private_key(65537, bits)


def new_ed25519():
    return ed25519.Ed25519PrivateKey.generate()


def public_pem(key):
    """The SubjectPublicKeyInfo PEM of a private or public key."""
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def multikey(key):
    """The publicKeyMultibase of an Ed25519 key: base58btc of 0xed 0x01 and the 32 bytes."""
    public = key.public_key() if hasattr(key, "public_key") else key
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return "z" + _base58(b"\xed\x01" + raw)


def _base58(data):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def digest(body, algorithm="SHA-256"):
    """The value of a Digest header (RFC 3230)."""
    name = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA": "sha1", "MD5": "md5"}[algorithm]
    return f"{algorithm}={base64.b64encode(hashlib.new(name, body).digest()).decode()}"


def content_digest(body, algorithm="sha-256"):
    """The value of a Content-Digest header (RFC 9530)."""
    name = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}[algorithm]
    return f"{algorithm}=:{base64.b64encode(hashlib.new(name, body).digest()).decode()}:"


def http_date(seconds=None):
    """An IMF-fixdate."""
    return formatdate(time.time() if seconds is None else seconds, usegmt=True)


# ---- keys ----------------------------------------------------------------------------------------


def _sign_bytes(key, data, algorithm=None):
    if isinstance(key, bytes):
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(data)
        return mac.finalize()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if algorithm == "rsa-pss-sha512":
        return key.sign(data, _PSS, hashes.SHA512())
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


_PSS = padding.PSS(padding.MGF1(hashes.SHA512()), 64)


def verify_bytes(key, signature, data, algorithm=None):
    """Raises Bad unless `signature` over `data` is by `key`; bytes are a shared secret."""
    try:
        if isinstance(key, bytes):
            mac = hmac.HMAC(key, hashes.SHA256())
            mac.update(data)
            mac.verify(signature)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signature) // 2
            pair = [int.from_bytes(p, "big") for p in (signature[:half], signature[half:])]
            key.verify(utils.encode_dss_signature(*pair), data, ec.ECDSA(hashes.SHA256()))
        elif algorithm == "rsa-pss-sha512":
            key.verify(signature, data, _PSS, hashes.SHA512())
        else:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise Bad("the signature does not fit") from None


# ---- draft-cavage-http-signatures-12 -------------------------------------------------------------


def cavage_base(request, names, parameters):
    lines = []
    for name in names:
        if name == "(request-target)":
            value = f"{request.method.lower()} {request.target}"
        elif name in ("(created)", "(expires)"):
            value = parameters.get(name.strip("()"))
        else:
            value = request.header(name)
        if value is None:
            raise Bad(f"{name} is signed but absent")
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode()


def cavage_sign(request, key, key_id, names=None, algorithm="rsa-sha256", date=None, created=None,
                expires=None):
    """Adds Date, Digest (for a body) and Signature to `request`, which is returned."""
    if request.header("date") is None and date != "":
        request.put("Date", date or http_date())
    if request.body and request.header("digest") is None:
        request.put("Digest", digest(request.body))
    names = names or (CAVAGE_POST if request.body else CAVAGE_GET)
    numbers = {"created": created, "expires": expires}
    signature = _sign_bytes(key, cavage_base(request, names, numbers))
    parts = [f'keyId="{key_id}"', f'algorithm="{algorithm}"']
    parts += [f"{name}={value}" for name, value in numbers.items() if value is not None]
    parts += [f'headers="{" ".join(names)}"', f'signature="{base64.b64encode(signature).decode()}"']
    return request.put("Signature", ",".join(parts))


def cavage_parameters(header):
    """The parameters of a Signature header as a dictionary."""
    pattern = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^,\s"]+))\s*(?:,|$)')
    found, at = {}, 0
    while at < len(header):
        match = pattern.match(header, at)
        if not match or match.group(1) in found:
            raise Bad("the Signature header is malformed")
        found[match.group(1)] = match.group(2) if match.group(2) is not None else match.group(3)
        at = match.end()
    return found


def cavage_verify(request, find_key):
    """Checks the Signature header; returns the key id. `find_key(key_id)` gives a public key."""
    parameters = cavage_parameters(request.header("signature") or "")
    if "keyId" not in parameters or "signature" not in parameters:
        raise Bad("keyId or signature is missing")
    names = parameters.get("headers", "date").lower().split()
    base = cavage_base(request, names, parameters)
    key = find_key(parameters["keyId"])
    verify_bytes(key, base64.b64decode(parameters["signature"]), base)
    if request.body:
        _check_digest(request, names)
    return parameters["keyId"]


def _check_digest(request, names):
    if "digest" not in names:
        raise Bad("the digest is not signed")
    for item in (request.header("digest") or "").split(","):
        algorithm, _, value = item.strip().partition("=")
        if algorithm.upper() == "SHA-256":
            if f"SHA-256={value}" != digest(request.body):
                raise Bad("the digest is wrong")
            return
    raise Bad("there is no SHA-256 digest")


# ---- RFC 9421 ------------------------------------------------------------------------------------


def _component(request, item):
    name = item.split(";")[0].strip('"')
    if name == "@method":
        return request.method
    if name == "@target-uri":
        return request.url
    if name == "@authority":
        return (request.header("host") or "").lower()
    if name == "@path":
        return request.target.split("?")[0]
    if name == "@query":
        return "?" + request.target.partition("?")[2]
    if name == "@query-param":
        wanted = re.search(r';name="([^"]*)"', item).group(1)
        pairs = [p.partition("=") for p in request.target.partition("?")[2].split("&")]
        return next(v for n, _, v in pairs if n == wanted)
    if name == "@request-target":
        return request.target
    if name == "@scheme":
        return request.url.split(":")[0]
    value = request.header(name)
    if value is None:
        raise Bad(f"{name} is covered but absent")
    return re.sub(r"\s+", " ", value.strip())


def rfc9421_base(request, items, parameters):
    """The signature base of §2.5; `items` and `parameters` are serialised text."""
    lines = [f"{item}: {_component(request, item)}" for item in items]
    return "\n".join(lines + [f'"@signature-params": ({" ".join(items)}){parameters}']).encode()


def rfc9421_sign(request, key, key_id, names=None, algorithm=None, created=None, expires=None,
                 label="sig1", with_created=True):
    """Adds Content-Digest (for a body), Signature-Input and Signature to `request`; returns it."""
    if request.body and request.header("content-digest") is None:
        request.put("Content-Digest", content_digest(request.body))
    items = [f'"{n}"' for n in names or (RFC9421_POST if request.body else RFC9421_GET)]
    parameters = f";created={int(created or time.time())}" if with_created else ""
    parameters += f";expires={int(expires)}" if expires is not None else ""
    parameters += f';keyid="{key_id}"'
    parameters += f';alg="{algorithm}"' if algorithm else ""
    signature = _sign_bytes(key, rfc9421_base(request, items, parameters), algorithm)
    request.put("Signature-Input", f"{label}=({' '.join(items)}){parameters}")
    return request.put("Signature", f"{label}=:{base64.b64encode(signature).decode()}:")


def rfc9421_parse(signature_input, signature):
    """Splits one label: (items, parameters text, parameters, signature bytes)."""
    match = re.fullmatch(r'\s*([a-z*][a-z0-9_.*-]*)=\(([^)]*)\)(.*)', signature_input)
    if not match:
        raise Bad("Signature-Input is malformed")
    label, inside, text = match.groups()
    items = re.findall(r'"[^"]*"(?:;[a-z]+(?:="[^"]*")?)*', inside)
    parameters = {n: v.strip('"') for n, v in re.findall(r';\s*([a-z]+)=("[^"]*"|[^;]*)', text)}
    value = re.search(rf"(?:^|,\s*){re.escape(label)}=:([A-Za-z0-9+/=]*):", signature)
    if not value:
        raise Bad("Signature lacks the label")
    return items, text, parameters, base64.b64decode(value.group(1))


def rfc9421_verify(request, find_key):
    """Checks Signature-Input and Signature; returns the key id."""
    items, text, parameters, signature = rfc9421_parse(
        request.header("signature-input") or "", request.header("signature") or ""
    )
    key = find_key(parameters.get("keyid", ""))
    verify_bytes(key, signature, rfc9421_base(request, items, text), parameters.get("alg"))
    if request.body:
        if '"content-digest"' not in items:
            raise Bad("the content digest is not covered")
        _check_content_digest(request)
    return parameters.get("keyid", "")


def _check_content_digest(request):
    present = request.header("content-digest") or ""
    known = [a for a in ("sha-256", "sha-512") if f"{a}=:" in present]
    if not known:
        raise Bad("there is no usable content digest")
    for algorithm in known:
        if content_digest(request.body, algorithm) not in present:
            raise Bad("the content digest is wrong")


# ---- either --------------------------------------------------------------------------------------


def scheme_of(request):
    """Which scheme `request` carries: rfc9421, cavage or none."""
    if request.header("signature-input"):
        return "rfc9421"
    return "cavage" if request.header("signature") else "none"


def verify(request, find_key):
    """Checks whichever scheme is there; returns (scheme, key id)."""
    scheme = scheme_of(request)
    if scheme == "none":
        raise Bad("there is no signature")
    check = rfc9421_verify if scheme == "rfc9421" else cavage_verify
    return scheme, check(request, find_key)
