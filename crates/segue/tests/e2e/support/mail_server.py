"""A real mail server (aiosmtpd) for the tests: STARTTLS or nothing, and a name with a password.

Writes each message into FOLDER as it came, its recipients on the first line. It refuses the address refused@example.org.
    python mail_server.py PORT FOLDER CERTIFICATE KEY
"""

import itertools
import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, folder, certificate, key = sys.argv[1:]
count = itertools.count()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "refused@example.org":
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = pathlib.Path(folder) / f"{next(count)}.part"
        head = f"{envelope.mail_from} > {' '.join(envelope.rcpt_tos)}\n".encode()
        name.write_bytes(head + envelope.content)
        name.rename(name.with_suffix(".mail"))
        return "250 taken"


def authenticator(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"segue", b"a password")
    return AuthResult(success=known)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
controller = Controller(
    Handler(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticator,
)
controller.start()
print("ready", flush=True)
while True:
    time.sleep(3600)
