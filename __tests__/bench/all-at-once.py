"""The client to beat: reads and encodes every file up front, sends all of them, writes the answers afterwards.

Usage: all-at-once.py SETTINGS.json. With "oneByOne" the same requests go one after the other.
"""

import asyncio
import base64
import hashlib
import json
import random
import ssl
import string
import sys
import time
from pathlib import Path
from urllib.parse import quote

import aiohttp

ALPHABET = string.ascii_letters + string.digits


def headers_for(body, settings):
    nonce = "".join(random.choices(ALPHABET, k=16))
    timestamp = str(int(time.time() * 1000))
    text = (
        f"POST{settings['signPath']}es-auth-appkey:{settings['appKey']}es-auth-nonce:{nonce}"
        f"es-auth-timestamp:{timestamp}json={body}{settings['appSecret']}"
    )
    return {
        "Content-Type": "application/json",
        "es-auth-appkey": settings["appKey"],
        "es-auth-nonce": nonce,
        "es-auth-timestamp": timestamp,
        "es-auth-sign": hashlib.sha256(quote(text, safe="").encode()).hexdigest(),
    }


def prepare(path, settings):
    data = base64.b64encode(path.read_bytes()).decode()
    body = json.dumps({"data": data}, separators=(",", ":"))
    return body, headers_for(body, settings)


async def send(session, context, request, settings):
    body, headers = request
    async with session.post(settings["url"], data=body, headers=headers, ssl=context) as response:
        response.raise_for_status()
        return (await response.json())["signData"]


async def main(settings):
    context = ssl.create_default_context()
    context.load_verify_locations(settings["chain"])
    context.load_cert_chain(settings["cert"], settings["key"])
    paths = sorted(path for path in Path(settings["directory"]).rglob("*") if path.is_file())
    requests = [prepare(path, settings) for path in paths]
    async with aiohttp.ClientSession() as session:
        if settings["oneByOne"]:
            signatures = [await send(session, context, request, settings) for request in requests]
        else:
            signatures = await asyncio.gather(*(send(session, context, request, settings) for request in requests))
    for path, signature in zip(paths, signatures):
        path.with_name(path.name + ".sign").write_text(signature)


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
