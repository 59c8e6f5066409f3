"""aiobotocore, tasks of one thread."""

import asyncio
from collections.abc import Sequence

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from shared import FLIGHT, Wish, bucket, measure


async def fetch_all(wanted: Sequence[Wish]) -> int:
    """Return how many bytes came."""
    config = AioConfig(max_pool_connections=FLIGHT + 8)
    turns = asyncio.Semaphore(FLIGHT)
    async with get_session().create_client("s3", config=config) as s3:

        async def fetch(wish: Wish) -> int:
            key, etag = wish
            async with turns:
                answer = await s3.get_object(Bucket=bucket(), Key=key, IfMatch=etag)
                async with answer["Body"] as body:
                    return len(await body.read())

        return sum(await asyncio.gather(*map(fetch, wanted)))


measure(lambda wanted: asyncio.run(fetch_all(wanted)), "aiobotocore")
