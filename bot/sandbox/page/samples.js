// What the demo offers to say, show and stand next to. Names are those of the sample company.

export const SENTENCES = {
  销售: [
    "今天去绿源滨江见了曹老板，谈了元宵堆头，大概3万，意向挺高，下周三再去",
    "合同 绿源滨江 85万 9.2折 一年",
    "客户 绿源滨江",
    "绿源滨江还欠多少",
    "新线索 杭州云岭食品有限公司 周先生 19900001234 快消 20万 元宵前要补货",
    "线索",
    "待办",
    "刚到旺淘，店长不在，没见到人，明天再来",
    "撤销",
    "帮助",
  ],
  区域经理: ["绿源滨江 还欠多少", "客户 旺淘开发区", "待办", "线索", "公海", "日报", "上次是谁去的绿源滨江", "帮助"],
  总监: ["待办", "日报", "线索", "权重", "权重 行业 0.3", "日程", "节假日", "帮助"],
  客户成功: ["客户 铭图物流", "铭图物流合同什么时候到期", "待办", "帮助"],
  财务: ["绿源滨江 还欠多少", "历史 旺淘开发区", "待办", "帮助"],
  法务: ["待办", "帮助"],
  其他: ["客户 绿源滨江", "待办", "帮助"],
};

export const PLACES = [
  { label: "绿源超市(滨江店) 杭州市滨江区水杉路22号", lat: 30.185338, lng: 120.082049 },
  { label: "旺淘便利店(学府路店) 杭州市拱墅区麦田路527号", lat: 30.321627, lng: 120.239657 },
  { label: "旺淘便利店(南站店) 杭州市钱塘区采荷里273号", lat: 30.212762, lng: 120.215725 },
  { label: "旺淘便利店(开发区店) 杭州市余杭区望潮路474号", lat: 30.190035, lng: 120.223653 },
];

export const VOICE_NOTES = {
  wecom: "刚从绿源滨江出来，曹老板说椰汁卖得不错，想再要五十箱，下周二我送样品过去",
  dingtalk: "上次是谁去的绿源滨江",
};

const SHADES = ["#e2574c", "#f2b134", "#4aa96c", "#3f7fd6", "#f08a4b", "#8e6bbf", "#f4f1e6"];

/** A shop shelf drawn on the spot, so that the demo has a photo to send without shipping anybody's. */
export function samplePhoto(when) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 900, height: 1200 });
  const pen = canvas.getContext("2d");
  const wall = pen.createLinearGradient(0, 0, 0, 1200);
  wall.addColorStop(0, "#fff7e4");
  wall.addColorStop(1, "#d9c7a6");
  pen.fillStyle = wall;
  pen.fillRect(0, 0, 900, 1200);
  drawBanner(pen);
  for (let row = 0; row < 4; row += 1) drawShelf(pen, 210 + row * 245, row);
  drawStamp(pen, when);
  return new Promise((resolve) => {
    canvas.toBlob((blob) => resolve(new File([blob], "排面照片.jpg", { type: "image/jpeg" })), "image/jpeg", 0.86);
  });
}

function drawBanner(pen) {
  pen.fillStyle = "#c8332b";
  pen.fillRect(0, 0, 900, 130);
  pen.fillStyle = "#ffe9b8";
  pen.font = "bold 66px 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
  pen.textAlign = "center";
  pen.fillText("元宵堆头 · 买二送一", 450, 89);
}

function drawShelf(pen, top, row) {
  for (let slot = 0; slot < 12; slot += 1) {
    const x = 36 + slot * 70;
    const shade = SHADES[(Math.floor(slot / 2) + row * 2) % SHADES.length];
    if (row % 2 === 0) drawBottle(pen, x, top, shade);
    else drawBox(pen, x, top, shade);
  }
  pen.fillStyle = "#8d6f4a";
  pen.fillRect(0, top + 190, 900, 20);
  pen.fillStyle = "#fffef8";
  for (let tag = 0; tag < 6; tag += 1) pen.fillRect(60 + tag * 140, top + 188, 74, 24);
}

function drawBottle(pen, x, top, shade) {
  pen.fillStyle = shade;
  pen.beginPath();
  pen.roundRect(x, top + 52, 56, 136, 12);
  pen.fill();
  pen.fillRect(x + 18, top + 22, 20, 36);
  pen.fillStyle = "rgba(255,255,255,.82)";
  pen.fillRect(x, top + 96, 56, 46);
  pen.fillStyle = "rgba(255,255,255,.28)";
  pen.fillRect(x + 7, top + 60, 8, 120);
}

function drawBox(pen, x, top, shade) {
  pen.fillStyle = shade;
  pen.fillRect(x, top + 72, 62, 116);
  pen.fillStyle = "rgba(255,255,255,.75)";
  pen.beginPath();
  pen.arc(x + 31, top + 122, 20, 0, Math.PI * 2);
  pen.fill();
  pen.fillStyle = "rgba(0,0,0,.12)";
  pen.fillRect(x + 54, top + 72, 8, 116);
}

function drawStamp(pen, when) {
  pen.fillStyle = "rgba(0,0,0,.45)";
  pen.fillRect(0, 1136, 900, 64);
  pen.fillStyle = "#fff";
  pen.textAlign = "left";
  pen.font = "32px 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
  pen.fillText(when, 28, 1180);
}
