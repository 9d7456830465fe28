#!/usr/bin/env python3
"""Calls through one node, in its own network namespace: the centres of its table answer here, callers call here.

Usage: calls.py NODE_SIP_PORT TABLE.json LOG CALLS_PER_S. Writes a JSON line for each INVITE that reaches a centre; after
SIGTERM it lets calls end for up to 10 s and prints one JSON line: how many calls had which fate.
"""
import json, random, re, selectors, signal, socket, sys, time

port, table_path, log_path, rate = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
SETUP_S = 9.0  # a caller without a final response by then was in setup on a dead node
number = json.load(open(table_path))["numbers"]["7001"]
sides = {"home": [number["in_house"]], "out": [number["outsourced"]], "last": number["last_resort"]}
log = open(log_path, "w", buffering=1)
poll = selectors.DefaultSelector()


def place(uri):
    host, at = re.search(r"@([\d.]+):(\d+)", uri).groups()
    return host, int(at)


def headers(text):
    found = {}
    for line in text.split("\r\n\r\n", 1)[0].split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    return found


def answer(text, status, tag, contact):
    h = headers(text)
    to = h["to"][0] if "tag=" in h["to"][0] else h["to"][0] + f";tag={tag}"
    lines = [f"SIP/2.0 {status}"] + [f"Via: {v}" for v in h["via"]] + [f"Record-Route: {v}" for v in h.get("record-route", [])]
    lines += [f"From: {h['from'][0]}", f"To: {to}", f"Call-ID: {h['call-id'][0]}", f"CSeq: {h['cseq'][0]}", f"Contact: <sip:{contact[0]}:{contact[1]}>", "Content-Length: 0"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


seen = {}
for side, uris in sides.items():
    for uri in uris:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(place(uri))
        sock.setblocking(False)
        poll.register(sock, selectors.EVENT_READ, ("centre", side, place(uri)))


def centre(sock, side, own):
    data, peer = sock.recvfrom(65535)
    text = data.decode(errors="replace")
    method = text.split(" ", 1)[0]
    if method not in ("INVITE", "BYE", "OPTIONS", "CANCEL"):
        return
    h = headers(text)
    key = (side, h["call-id"][0], h["via"][0])
    if method == "INVITE" and key not in seen:
        seen[key] = f"t{len(seen)}"
        log.write(json.dumps({"t": time.time(), "side": side, "call": h["call-id"][0]}) + "\n")
    sock.sendto(answer(text, "200 OK", seen.get(key, "x"), own), peer)


caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
caller.bind(("127.0.0.1", 0))
caller.setblocking(False)
poll.register(caller, selectors.EVENT_READ, ("caller",))
mine = caller.getsockname()
node = ("127.0.0.1", port)
calls, fates, began = {}, {}, 0


def request(method, call, uri, to, branch, cseq):
    return (f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {mine[0]}:{mine[1]};branch={branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: <{call['from']}>;tag={call['tag']}\r\nTo: {to}\r\nCall-ID: {call['id']}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:{mine[0]}:{mine[1]}>\r\nContent-Length: 0\r\n\r\n").encode()


def begin():
    global began
    began += 1
    call = {"id": f"{random.getrandbits(64):x}@faults", "tag": f"{random.getrandbits(32):x}", "branch": f"z9hG4bK{random.getrandbits(64):x}",
            "from": f"sip:+1609555{random.randrange(10000):04d}@127.0.0.1", "at": time.monotonic(), "answers": set(), "final": None, "again": 0.5}
    call["next"] = call["at"] + 0.5
    call["invite"] = request("INVITE", call, "sip:7001@127.0.0.1", "<sip:7001@127.0.0.1>", call["branch"], 1)
    calls[call["id"]] = call
    caller.sendto(call["invite"], node)


def heard():
    text = caller.recv(65535).decode(errors="replace")
    if not text.startswith("SIP/2.0 "):
        return
    status, h = int(text[8:11]), headers(text)
    call = calls.get(h["call-id"][0])
    if call is None or "INVITE" not in h["cseq"][0]:
        return
    call["next"] = None
    if 200 <= status < 300:
        contact = re.search(r"<(sip:[^>]+)>", h["contact"][0]).group(1)
        to = place(contact.replace("sip:", "sip:x@"))
        for method, cseq in (("ACK", 1), ("BYE", 2)):
            caller.sendto(request(method, call, contact, h["to"][0], f"z9hG4bK{random.getrandbits(64):x}", cseq), to)
        call["answers"].add(h["to"][0])
    elif status >= 300:
        caller.sendto(request("ACK", call, "sip:7001@127.0.0.1", h["to"][0], call["branch"], 1), node)
        call["final"] = status


def fate(call):
    if len(call["answers"]) > 1:
        return "answered more than once"
    if call["answers"]:
        return "answered once"
    return "final response" if call["final"] else "in setup on a dead node"


stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(time.monotonic()))
next_call = time.monotonic()
while True:
    now = time.monotonic()
    for call in list(calls.values()):
        if call["next"] and call["next"] <= now:
            call["again"] *= 2
            call["next"] = now + call["again"]
            caller.sendto(call["invite"], node)
        # Kept for a while after the answer: a second one would be a caller rung twice.
        over = 2.0 if call["answers"] or call["final"] else SETUP_S
        if now - call["at"] > over:
            fates[fate(call)] = fates.get(fate(call), 0) + 1
            del calls[call["id"]]
    if stopping and (not calls or now - stopping[0] > 10):
        break
    if not stopping and now >= next_call:
        next_call = max(next_call + 1 / rate, now - 1)
        begin()
    for key, _ in poll.select(0.005):
        try:
            heard() if key.data[0] == "caller" else centre(key.fileobj, *key.data[1:])
        except BlockingIOError:
            pass
        except OSError:
            pass
print(json.dumps({"placed": began, "fates": fates}))
