#!/usr/bin/env python3
"""Talks to our Olm and Megolm with libolm (python-olm) and with PyPI's vodozemac, and checks the
frozen vectors with nothing but hashlib, CBOR and libolm's Ed25519.

    python3 interop/talk.py

makes a virtual environment beside itself, builds the program on the other end of the pipe, prints a
table and fails if a line of it does.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"


def inside():
    """Starts again inside the virtual environment, which is made at need."""
    if Path(sys.prefix) == VENV:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        wanted = ["-r", HERE / "requirements.txt"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    os.execv(python, [python, __file__])


inside()

import base64  # noqa: E402
import hashlib  # noqa: E402

import cbor2  # noqa: E402
import olm  # noqa: E402
import vodozemac  # noqa: E402


class Refused(Exception):
    pass


class Ours:
    """The program on the other end of the pipe."""

    def __init__(self, suite=""):
        self.suite = suite
        self.process = subprocess.Popen(
            [HERE / "target" / "debug" / "cloister-interop"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what, **fields):
        request = {"do": self.suite + what, **fields}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def unpadded(data):
    return base64.b64encode(data).rstrip(b"=").decode()


def padded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


# libolm

def libolm_to_ours(ours):
    account, keys = olm.Account(), ours.ask("keys")
    session = olm.OutboundSession(account, keys["identity"], keys["one_time"])
    first = session.encrypt("from libolm")
    identity = account.identity_keys["curve25519"]
    opened = ours.ask("accept", identity=identity, kind=0, ct=first.ciphertext)
    assert opened["plain"] == "from libolm"
    back = ours.ask("encrypt", plain="and back")
    assert session.decrypt(olm.OlmMessage(back["ct"])) == "and back"
    second = session.encrypt("and forth")
    opened = ours.ask("decrypt", kind=1, ct=second.ciphertext)
    assert opened["plain"] == "and forth"


def ours_to_libolm(ours):
    account = olm.Account()
    account.generate_one_time_keys(1)
    one_time = next(iter(account.one_time_keys["curve25519"].values()))
    ours.ask("open", identity=account.identity_keys["curve25519"], one_time=one_time)
    first = ours.ask("encrypt", plain="to libolm")
    message = olm.OlmPreKeyMessage(first["ct"])
    session = olm.InboundSession(account, message)
    assert session.decrypt(message) == "to libolm"
    back = session.encrypt("and back")
    assert ours.ask("decrypt", kind=1, ct=back.ciphertext)["plain"] == "and back"


def group_libolm_to_ours(ours):
    session = olm.OutboundGroupSession()
    ours.ask("join", key=session.session_key.rstrip("="))
    for number in range(3):
        ct = session.encrypt(f"libolm says {number}").rstrip("=")
        assert ours.ask("group_decrypt", ct=ct)["plain"] == f"libolm says {number}"


def group_ours_to_libolm(ours):
    session = olm.InboundGroupSession(ours.ask("group")["key"])
    for number in range(3):
        ct = ours.ask("group_encrypt", plain=f"we say {number}")["ct"]
        assert session.decrypt(ct) == (f"we say {number}", number)


def signature_for_libolm(ours):
    signing = ours.ask("keys")["signing"]
    signature = ours.ask("sign", plain="signed by us")["signature"]
    olm.ed25519_verify(signing, "signed by us", signature)


def suite_refuses_libolm(ours):
    account, keys = olm.Account(), ours.ask("keys")
    session = olm.OutboundSession(account, keys["identity"], keys["one_time"])
    first = session.encrypt("in version 1")
    identity = account.identity_keys["curve25519"]
    ct = unpadded(padded(first.ciphertext))
    refused(lambda: ours.ask("accept", identity=identity, kind=0, ct=ct))


def suite_refuses_libolm_groups(ours):
    session = olm.OutboundGroupSession()
    ours.ask("join", key=session.session_key.rstrip("="))
    ct = session.encrypt("in version 1").rstrip("=")
    refused(lambda: ours.ask("group_decrypt", ct=ct))


def refused(act):
    try:
        act()
    except Refused:
        return
    raise AssertionError("it was not refused")


# PyPI's vodozemac

def pypi_to_ours(ours):
    account, keys = vodozemac.Account(), ours.ask("keys")
    curve = vodozemac.Curve25519PublicKey.from_base64
    session = account.create_outbound_session(curve(keys["identity"]), curve(keys["one_time"]))
    kind, ct = session.encrypt(b"from PyPI").to_parts()
    identity = account.curve25519_key.to_base64()
    opened = ours.ask("accept", identity=identity, kind=kind, ct=unpadded(ct))
    assert opened["plain"] == "from PyPI"
    back = ours.ask("encrypt", plain="and back")
    message = vodozemac.AnyOlmMessage.from_parts(back["kind"], padded(back["ct"]))
    assert session.decrypt(message) == b"and back"


def ours_to_pypi(ours):
    account = vodozemac.Account()
    account.generate_one_time_keys(1)
    one_time = next(iter(account.one_time_keys.values())).to_base64()
    ours.ask("open", identity=account.curve25519_key.to_base64(), one_time=one_time)
    identity = vodozemac.Curve25519PublicKey.from_base64(ours.ask("keys")["identity"])
    first = ours.ask("encrypt", plain="to PyPI")
    message = vodozemac.AnyOlmMessage.from_parts(first["kind"], padded(first["ct"]))
    session, plain = account.create_inbound_session(identity, message.to_pre_key())
    assert plain == b"to PyPI"
    kind, ct = session.encrypt(b"and back").to_parts()
    assert ours.ask("decrypt", kind=kind, ct=unpadded(ct))["plain"] == "and back"


def group_pypi_to_ours(ours):
    session = vodozemac.GroupSession()
    ours.ask("join", key=session.session_key.to_base64())
    ct = session.encrypt(b"PyPI says").to_base64()
    assert ours.ask("group_decrypt", ct=ct)["plain"] == "PyPI says"


def group_ours_to_pypi(ours):
    key = vodozemac.SessionKey(ours.ask("group")["key"])
    session = vodozemac.InboundGroupSession(key)
    ct = ours.ask("group_encrypt", plain="we say")["ct"]
    opened = session.decrypt(vodozemac.MegolmMessage.from_base64(ct))
    assert opened.plaintext == b"we say"


# Suite 1, with itself: nobody else has version 2.

def suite_to_itself(ours):
    peer = Ours("suite_")
    keys = peer.ask("keys")
    ours.ask("open", identity=keys["identity"], one_time=keys["one_time"])
    first = ours.ask("encrypt", plain="in version 2")
    identity = ours.ask("keys")["identity"]
    assert peer.ask("accept", identity=identity, **first)["plain"] == "in version 2"
    back = peer.ask("encrypt", plain="and back")
    assert ours.ask("decrypt", **back)["plain"] == "and back"
    peer.ask("join", key=ours.ask("group")["key"])
    ct = ours.ask("group_encrypt", plain="to all")["ct"]
    assert peer.ask("group_decrypt", ct=ct)["plain"] == "to all"
    peer.close()


# The frozen vectors

def vectors(name):
    file = HERE.parent / "crates" / name
    return json.loads(file.read_text())["vectors"]


def signed_structures(_):
    checked = 0
    for name in ["device-log", "prekey", "guild-log"]:
        for vector in vectors(f"proof/tests/vectors/{name}.json"):
            if "signed" not in vector:
                continue
            payload, signatures = (cbor2.loads(bytes.fromhex(vector["signed"]))[n] for n in (0, 1))
            assert payload.hex() == vector["payload"]
            assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload
            assert hashlib.sha256(payload).hexdigest() == vector["payload_hash"]
            message = f"cloister/v1/{vector['purpose']}".encode() + b"\0" + payload
            assert message.hex() == vector["message"]
            for signature in signatures:
                key, signature = unpadded(signature[0]), unpadded(signature[1])
                vodozemac.Ed25519PublicKey.from_base64(key).verify_signature(
                    message, vodozemac.Ed25519Signature.from_base64(signature))
                checked += 1
    assert checked > 25, checked


def epoch_trees(_):
    def node(left, right):
        return hashlib.sha256(b"\1" + left + right).digest()

    def climb(at, index, count, path):
        if count == 1:
            assert not path
            return at
        middle = 1 << (count - 1).bit_length() - 1
        if index < middle:
            return node(climb(at, index, middle, path[:-1]), path[-1])
        return node(path[-1], climb(at, index - middle, count - middle, path[:-1]))

    server = bytes.fromhex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c")
    key = vodozemac.Ed25519PublicKey.from_base64(unpadded(server))
    for vector in vectors("proof/tests/vectors/epoch.json"):
        leaf = hashlib.sha256(b"\0" + bytes.fromhex(vector["record"])).digest()
        path = [bytes.fromhex(one) for one in vector["path"]]
        root = climb(leaf, vector["index"], vector["leaves"], path)
        signed = (1).to_bytes(8, "big") + vector["leaves"].to_bytes(4, "big") + root
        signature = vodozemac.Ed25519Signature.from_base64(
            unpadded(bytes.fromhex(vector["signature"])))
        key.verify_signature(b"cloister/v1/epoch-root\0" + signed, signature)


LINES = [
    ("python-olm", "Olm 1, libolm opens", libolm_to_ours, ""),
    ("python-olm", "Olm 1, we open", ours_to_libolm, ""),
    ("python-olm", "Megolm 1, libolm sends", group_libolm_to_ours, ""),
    ("python-olm", "Megolm 1, we send", group_ours_to_libolm, ""),
    ("python-olm", "Ed25519, we sign", signature_for_libolm, ""),
    ("python-olm", "suite 1 refuses Olm 1", suite_refuses_libolm, "suite_"),
    ("python-olm", "suite 1 refuses Megolm 1", suite_refuses_libolm_groups, "suite_"),
    ("vodozemac (PyPI)", "Olm 1, they open", pypi_to_ours, ""),
    ("vodozemac (PyPI)", "Olm 1, we open", ours_to_pypi, ""),
    ("vodozemac (PyPI)", "Megolm 1, they send", group_pypi_to_ours, ""),
    ("vodozemac (PyPI)", "Megolm 1, we send", group_ours_to_pypi, ""),
    ("ourselves", "suite 1: Olm 2 and Megolm 2", suite_to_itself, "suite_"),
    ("cbor2, hashlib", "signed structures", signed_structures, ""),
    ("hashlib", "trees of epochs", epoch_trees, ""),
]


def main():
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, "build", "--quiet"], cwd=HERE, check=True)
    failed = 0
    for peer, name, test, suite in LINES:
        ours = Ours(suite)
        try:
            test(ours)
            said = "passes"
        except Exception as error:  # Whatever went wrong is one line of the table.
            failed += 1
            said = f"FAILS: {type(error).__name__} {error}"
        ours.close()
        print(f"{peer:18} {name:30} {said}")
    print(f"{len(LINES) - failed} of {len(LINES)} pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
