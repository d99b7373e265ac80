"""A signing service on pyOpenSSL: one thread per connection, one answer per request. Arguments: directory, port, answer, settings as JSON."""

import json
import os
import socket
import sys
import threading

from OpenSSL import SSL

os.chdir(sys.argv[1])
port, answer, settings = int(sys.argv[2]), sys.argv[3].encode(), json.loads(sys.argv[4])

context = SSL.Context(SSL.TLS_SERVER_METHOD)
context.use_certificate_chain_file("server.pem")
context.use_privatekey_file("server.key")
context.load_verify_locations(settings.get("verify", "root.pem"))
context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda _c, _x, _e, _d, ok: ok)
if settings.get("session_id"):
    context.set_session_id(b"service")
if "ca_list" in settings:
    context.set_client_ca_list([])
    if settings["ca_list"]:
        context.load_client_ca(settings["ca_list"])
if "max_version" in settings:
    context.set_max_proto_version(getattr(SSL, settings["max_version"]))
if "ciphers" in settings:
    context.set_cipher_list(settings["ciphers"].encode())
if "alpn" in settings:
    wanted = settings["alpn"].encode()
    context.set_alpn_select_callback(lambda _c, offered: wanted if wanted in offered else SSL.NO_OVERLAPPING_PROTOCOLS)


def serve(plain):
    connection = SSL.Connection(context, plain)
    connection.set_accept_state()
    try:
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            length = int(lengths[0])
            while len(body) < length:
                body += connection.recv(65536)
            received = body[length:]
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            connection.sendall(head.encode() + answer)
            if settings.get("close"):
                if settings["close"] == "announced":
                    connection.shutdown()
                plain.close()
                return
    except (SSL.Error, OSError):
        plain.close()


server = socket.create_server(("127.0.0.1", port), backlog=64)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
