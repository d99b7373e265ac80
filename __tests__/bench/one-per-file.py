"""Signs with the transit engine of OpenBao, one request for each file, all at once over up to 100 connections.

Usage: one-per-file.py SETTINGS.json.
"""

import asyncio
import base64
import hashlib
import json
import ssl
import sys
from pathlib import Path

import aiohttp


async def main(settings):
    context = ssl.create_default_context()
    context.load_verify_locations(settings["chain"])
    context.load_cert_chain(settings["cert"], settings["key"])
    paths = sorted(path for path in Path(settings["directory"]).rglob("*") if path.is_file())
    digests = [base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() for path in paths]
    async with aiohttp.ClientSession() as session:

        async def post(path, body, headers):
            async with session.post(f"{settings['url']}/v1/{path}", json=body, headers=headers, ssl=context) as response:
                response.raise_for_status()
                return await response.json()

        login = await post("auth/cert/login", {}, {})
        headers = {"X-Vault-Token": login["auth"]["client_token"]}
        choices = {"prehashed": True, "marshaling_algorithm": "asn1"}
        path = f"transit/sign/{settings['signingKey']}/sha2-256"
        answers = await asyncio.gather(*(post(path, {"input": digest, **choices}, headers) for digest in digests))
    for path, answer in zip(paths, answers):
        path.with_name(path.name + ".sign").write_text(answer["data"]["signature"].split(":")[2])


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
