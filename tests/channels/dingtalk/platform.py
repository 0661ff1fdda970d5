"""Both API hosts for tests, written from protocols/dingtalk.md 1, 4.1, 5, 6, 8: it refuses what they refuse."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.channels.dingtalk.oa_desk import OaDesk

API, OAPI = "https://api.dingtalk.com", "https://oapi.dingtalk.com"
TEMPLATE = "abc.schema"


class Platform:
    """Answers by the page. `failures` are answered first (path, response), `down` is raised first."""

    def __init__(self) -> None:
        self.tokens = itertools.count(1)
        self.good: set[str] = set()
        self.token_calls = 0
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[httpx.Request] = []
        self.failures: list[tuple[str, httpx.Response | Exception | None]] = []
        self.cards: dict[str, dict[str, Any]] = {}
        self.hanging: dict[str, list[str]] = {}
        self.members = {"u1": "13800000001", "u2": "13800000002"}
        self.unknown: set[str] = set()
        self.slow_people: set[str] = set()
        self.illegal_spaces: set[str] = set()
        self.uploads: list[httpx.Request] = []
        self.files: dict[str, httpx.Response] = {}
        self.routes: dict[str, dict[str, str]] = {}
        self.oa = OaDesk()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def sent(self, path_end: str) -> list[dict[str, Any]]:
        """Bodies of the calls to a path, in order."""
        return [body for path, body in self.calls if path.endswith(path_end)]

    def fail(self, path_end: str, status: int = 400, *, times: int = 1, **answer: Any) -> None:
        """The next calls to the path are refused like this."""
        self.failures += [(path_end, httpx.Response(status, **answer)) for _ in range(times)]

    def fail_new(self, path_end: str, code: str, status: int = 400, **more: Any) -> None:
        self.fail(path_end, status, json={"code": code, "message": "无", "requestid": "r-1", **more})

    def let_pass(self, path_end: str) -> None:
        """The next call to the path is answered as usual, before further failures."""
        self.failures.append((path_end, None))

    def break_off(self, path_end: str, error: Exception) -> None:
        self.failures.append((path_end, error))

    # -- the two hosts --
    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path in self.files:
            assert "x-acs-dingtalk-access-token" not in request.headers
            return self.files[path]
        body = _body(request)
        self.calls.append((path, body))
        for place, (end, answer) in enumerate(self.failures):
            if path.endswith(end):
                del self.failures[place]
                if isinstance(answer, Exception):
                    raise answer
                if answer is None:
                    break
                return answer
        if path == "/v1.0/oauth2/accessToken":
            return self._token(body)
        if request.url.host == "oapi.dingtalk.com":
            return self._old(request, path, body)
        return self._new(request, path, body)

    def _token(self, body: dict[str, Any]) -> httpx.Response:
        self.token_calls += 1
        if body != {"appKey": "dingapp", "appSecret": "secret"}:
            return _new_error(400, "invalidClientIdOrSecret")
        token = f"token-{next(self.tokens)}"
        self.good.add(token)
        return httpx.Response(200, json={"accessToken": token, "expireIn": 7200})

    def _new(self, request: httpx.Request, path: str, body: dict[str, Any]) -> httpx.Response:
        if path == "/v1.0/gateway/connections/open":
            return httpx.Response(
                200, json={"endpoint": "wss://wss-open-connection.dingtalk.com:443/connect", "ticket": "t"}
            )
        if request.headers.get("x-acs-dingtalk-access-token") not in self.good:
            return _new_error(400, "InvalidAuthentication", "不合法的access_token")
        if path.startswith("/v1.0/workflow/"):
            return self.oa.answer(request.method, path, dict(request.url.params), body)
        match request.method, path:
            case "POST", "/v1.0/card/callbacks/register":
                return self._register(body)
            case "POST", "/v1.0/robot/oToMessages/batchSend":
                return self._oto(body)
            case "POST", "/v1.0/robot/groupMessages/send":
                return self._group(body)
            case "POST", "/v1.0/card/instances/createAndDeliver":
                return self._create(body)
            case "POST", "/v1.0/card/instances/deliver":
                return httpx.Response(200, json={"success": True, "result": self._hang(body)})
            case "PUT", "/v1.0/card/instances":
                return self._update(body)
            case "POST", "/v1.0/robot/messageFiles/download":
                if body["downloadCode"] != "code1":
                    return _new_error(400, "invalidParameter.robotCode.downloadCode")
                return httpx.Response(200, json={"downloadUrl": "https://files.example.com/f1?Expires=1&Signature=x"})
        return httpx.Response(404, text="<html>not found</html>")

    def _message_ok(self, body: dict[str, Any]) -> str:
        if body.get("robotCode") != "dingapp":
            return "invalidParameter.robotCode.auth"
        if not isinstance(body["msgParam"], str) or len(body["msgParam"].encode()) > 15000:
            return "invalidParameter.msgParam.tooLong"
        fields = {
            "sampleText": {"content"},
            "sampleMarkdown": {"title", "text"},
            "sampleImageMsg": {"photoURL"},
            "sampleFile": {"mediaId", "fileName", "fileType"},
        }.get(body["msgKey"])
        param = json.loads(body["msgParam"])
        if fields != set(param) or not all(isinstance(value, str) for value in param.values()):
            return "invalidParameter.msgParam.invalid"
        return ""

    def _oto(self, body: dict[str, Any]) -> httpx.Response:
        if not 0 < len(body["userIds"]) <= 20:
            return _new_error(400, "invalidParameter.userIds.overMax")
        if code := self._message_ok(body):
            return _new_error(400, code)
        return httpx.Response(
            200,
            json={
                "processQueryKey": f"pqk-{len(self.calls)}",
                "invalidStaffIdList": [user for user in body["userIds"] if user in self.unknown],
                "flowControlledStaffIdList": [user for user in body["userIds"] if user in self.slow_people],
            },
        )

    def _group(self, body: dict[str, Any]) -> httpx.Response:
        if code := self._message_ok(body):
            return _new_error(400, code)
        return httpx.Response(200, json={"processQueryKey": "pqk-group"})

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        if body["outTrackId"] in self.cards:
            return _new_error(400, "param.cardAlreadyExist")
        if body["cardTemplateId"] != TEMPLATE:
            return _new_error(400, "param.templateNotExist")
        assert body["callbackType"] in ("STREAM", "HTTP")
        assert ("callbackRouteKey" in body) == (body["callbackType"] == "HTTP")
        space = "imGroup" if "IM_GROUP" in body["openSpaceId"] else "imRobot"
        if f"{space}OpenSpaceModel" not in body or "supportForward" not in body[f"{space}OpenSpaceModel"]:
            return _new_error(400, "param.openSpaceModelInvalid")
        if not all(isinstance(value, str) for value in body["cardData"]["cardParamMap"].values()):
            return _new_error(400, "param.invalid")
        self.cards[body["outTrackId"]] = dict(body["cardData"]["cardParamMap"])
        return httpx.Response(
            200,
            json={"success": True, "result": {"outTrackId": body["outTrackId"], "deliverResults": self._hang(body)}},
        )

    def _hang(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        assert len(body["openSpaceId"]) <= 1000
        group = "IM_GROUP" in body["openSpaceId"]
        model = body["imGroupOpenDeliverModel" if group else "imRobotOpenDeliverModel"]
        assert model["robotCode"] == "dingapp"
        results = []
        for space in body["openSpaceId"].split(";"):
            who = space.partition("//")[2].partition(".")[2]
            good = who not in self.illegal_spaces
            if good:
                self.hanging.setdefault(body["outTrackId"], []).append(who)
            results.append(
                {
                    "spaceType": "IM_GROUP" if group else "IM_ROBOT",
                    "spaceId": who,
                    "success": good,
                    "carrierId": f"carrier-{who}" if good else "",
                    "errorMsg": "" if good else "spaceId is illegal",
                }
            )
        return results

    def _register(self, body: dict[str, Any]) -> httpx.Response:
        """6.8: an existing key answers with the old registration, unless it is forced."""
        given = {"callbackUrl": body["callbackUrl"], "apiSecret": body["apiSecret"]}
        if body["forceUpdate"] is True:
            self.routes[body["callbackRouteKey"]] = given
        now = self.routes.setdefault(body["callbackRouteKey"], given)
        return httpx.Response(200, json={"success": True, "result": now})

    def _update(self, body: dict[str, Any]) -> httpx.Response:
        if body["outTrackId"] not in self.cards:
            return _new_error(400, "param.cardNotExist")
        if not body.get("cardUpdateOptions", {}).get("updateCardDataByKey"):
            self.cards[body["outTrackId"]].clear()
        self.cards[body["outTrackId"]].update(body["cardData"]["cardParamMap"])
        return httpx.Response(200, json={"success": True, "result": True})

    def _old(self, request: httpx.Request, path: str, body: dict[str, Any]) -> httpx.Response:
        if request.url.params.get("access_token") not in self.good:
            return httpx.Response(
                200, json={"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token", "request_id": "r"}
            )
        match path:
            case "/media/upload":
                self.uploads.append(request)
                return httpx.Response(200, json={"errcode": 0, "type": "image", "media_id": f"@m{len(self.uploads)}"})
            case "/topapi/v2/user/getbymobile":
                found = next((user for user, mobile in self.members.items() if mobile == body["mobile"]), "")
                return _old_answer({"userid": found} if found else None)
            case "/topapi/v2/user/get":
                user = body["userid"]
                known = {
                    "userid": user,
                    "unionid": f"un-{user}",
                    "name": "王",
                    "mobile": self.members.get(user),
                    "active": "true",
                }
                return _old_answer(known if user in self.members else None)
            case "/topapi/user/getbyunionid":
                user = body["unionid"].removeprefix("un-")
                return _old_answer({"contact_type": 0, "userid": user} if user in self.members else None)
        return httpx.Response(404, text="<html>not found</html>")


def _body(request: httpx.Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return dict(json.loads(request.content))
    if "form-urlencoded" in kind:
        return {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
    return {}


def _new_error(status: int, code: str, message: str = "无") -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message, "requestid": "r-1"})


def _old_answer(result: dict[str, Any] | None) -> httpx.Response:
    if result is None:
        return httpx.Response(200, json={"errcode": 60121, "errmsg": "找不到该用户", "request_id": "r"})
    return httpx.Response(200, json={"errcode": 0, "errmsg": "ok", "result": result})
