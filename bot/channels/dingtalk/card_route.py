"""HTTP mode: where the platform posts taps on our cards (protocols/dingtalk.md 6.8)."""

from __future__ import annotations

from bot.channels.dingtalk.answers import Answer
from bot.channels.dingtalk.api import Api

_KEY_EXISTS = "param.callbackRouteKeyExist"


async def publish(api: Api, url: str) -> bool:
    """Have taps posted to `url`, signed with our `card_secret`. True when another one was overwritten.

    That happens as well when the key exists and the platform does not say for which address: every card
    with our route key follows, so one key serves one installation.
    """
    answer = await _register(api, url, force=False)
    if answer.problem is None and _is_ours(api, answer, url):
        return False
    if answer.problem is not None and answer.problem.code != _KEY_EXISTS:
        raise api.refused(answer, idempotent=True)
    answer = await _register(api, url, force=True)
    if answer.problem is not None:
        raise api.refused(answer, idempotent=True)
    return True


async def registered(api: Api, url: str) -> bool | None:
    """For doctor: whether taps go to `url` (registers it if the key is new); None when the platform does not say."""
    answer = await _register(api, url, force=False)
    if answer.problem is None:
        return _is_ours(api, answer, url)
    if answer.problem.code == _KEY_EXISTS:
        return None
    raise api.refused(answer, idempotent=True)


async def _register(api: Api, url: str, *, force: bool) -> Answer:
    body = {
        "callbackRouteKey": api.settings.card_route_key,
        "callbackUrl": url,
        "apiSecret": api.settings.card_secret.get_secret_value(),
        "forceUpdate": force,
    }
    return await api.new("POST", "/v1.0/card/callbacks/register", api="card_route", idempotent=True, json=body)


def _is_ours(api: Api, answer: Answer, url: str) -> bool:
    """The platform answers with what is registered now: for an existing key the old values."""
    result = answer.data.get("result")
    if not isinstance(result, dict):
        return True
    secret = result.get("apiSecret")
    ours = api.settings.card_secret.get_secret_value()
    return result.get("callbackUrl") in (None, "", url) and secret in (None, "", ours)
