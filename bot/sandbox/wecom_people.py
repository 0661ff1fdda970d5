"""Members, the app and external contacts as far as the bot asks for them (protocols/wecom.md 7.2, 10)."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.config import Person
from bot.sandbox.wecom_refusals import Refused
from bot.sandbox.wire import Answer, Call
from bot.sandbox.world import World

_MISSES_AT_LEAST = 20  # the platform blocks getuserid when misses pass 20 % of the corp; small corps get this many


class WeComPeople:
    """Read-only directory. Self-built apps get no mobile numbers from it any more."""

    def __init__(self, world: World) -> None:
        self._config = world.config
        self._missed: set[str] = set()
        self.external: dict[str, dict[str, Any]] = dict(world.notebook.records("wecom_external"))
        self._world = world

    def add_external(self, external_userid: str, name: str, followers: list[str], **noted: Any) -> None:
        """Make somebody a customer of these members. `noted`: remark_mobiles, remark_corp_name of each of them."""
        self.external[external_userid] = {"name": name, "followers": followers, "noted": noted}
        self._world.notebook.save("wecom_external", external_userid, self.external[external_userid])

    async def user_get(self, call: Call) -> Answer:
        userid = call.query.get("userid", "")
        if not userid:
            raise Refused(41009)
        person = self._config.on_wecom(userid)
        if person is None:
            raise Refused(60111)
        return Answer.json({"errcode": 0, "errmsg": "ok", **_profile(person)})

    async def userid_by_mobile(self, call: Call) -> Answer:
        mobile = call.json().get("mobile")
        if not isinstance(mobile, str) or not re.fullmatch(r"\+?[\d\-]{5,32}", mobile):
            raise Refused(60103)
        if len(self._missed) > max(_MISSES_AT_LEAST, len(self._config.people) // 5):
            raise Refused(45009, "too many unknown numbers")
        person = next((p for p in self._config.people if p.wecom and p.mobile == mobile), None)
        if person is None:
            self._missed.add(mobile)
            raise Refused(46004)
        return Answer.json({"errcode": 0, "errmsg": "ok", "userid": person.wecom})

    async def simple_list(self, call: Call) -> Answer:
        if call.query.get("department_id") != "1":
            raise Refused(60011, "department")
        users = [{"userid": p.wecom, "name": p.name, "department": [1]} for p in self._config.people if p.wecom]
        return Answer.json({"errcode": 0, "errmsg": "ok", "userlist": users})

    async def agent_get(self, call: Call) -> Answer:
        agent = call.query.get("agentid", "")
        if not agent.isdigit():
            raise Refused(40056)
        if int(agent) != self._config.agent_id:
            raise Refused(301002)
        visible = [{"userid": person.wecom} for person in self._config.people if person.wecom]
        return Answer.json(
            {
                "errcode": 0,
                "errmsg": "ok",
                "agentid": self._config.agent_id,
                "name": self._config.agent_name,
                "square_logo_url": "",
                "description": "",
                "allow_userinfos": {"user": visible},
                "allow_partys": {"partyid": [1]},
                "allow_tags": {"tagid": []},
                "close": 0,
                "redirect_domain": "",
                "report_location_flag": 0,
                "isreportenter": int(self._config.wecom_report_enter),
                "home_url": "",
            }
        )

    async def follow_users(self, call: Call) -> Answer:
        users = sorted({user for contact in self.external.values() for user in contact["followers"]})
        return Answer.json({"errcode": 0, "errmsg": "ok", "follow_user": users})

    async def external_list(self, call: Call) -> Answer:
        userid = call.query.get("userid", "")
        if self._config.on_wecom(userid) is None:
            raise Refused(60111)
        found = [key for key, contact in self.external.items() if userid in contact["followers"]]
        if not found:
            raise Refused(84061)
        return Answer.json({"errcode": 0, "errmsg": "ok", "external_userid": found})

    async def external_get(self, call: Call) -> Answer:
        identifier = call.query.get("external_userid", "")
        contact = self.external.get(identifier)
        if contact is None:
            raise Refused(40096)
        follow = [
            {"userid": user, "remark": contact["name"], "description": "", "createtime": 1700000000, "tags": []}
            | {"remark_mobiles": [], "oper_userid": user, "add_way": 1}
            | contact.get("noted", {})
            for user in contact["followers"]
        ]
        face = {"external_userid": identifier, "name": contact["name"], "avatar": "", "type": 1, "gender": 0}
        return Answer.json(
            {"errcode": 0, "errmsg": "ok", "external_contact": face, "follow_user": follow, "next_cursor": ""}
        )


def _profile(person: Person) -> dict[str, Any]:
    return {
        "userid": person.wecom,
        "name": person.name,
        "department": [1],
        "order": [1],
        "position": person.role,
        "is_leader_in_dept": [0],
        "direct_leader": [],
        "telephone": "",
        "alias": "",
        "open_userid": "",
        "main_department": 1,
        "extattr": {"attrs": []},
        "status": 1,
        "external_position": "",
    }
