"""What the demo company's customers ask and hear."""

from __future__ import annotations

from typing import Final

# kind, urgency, channel, subject, the customer's words, our answer
ASKED: Final = (
    (
        "schedule",
        "high",
        "chat",
        "FAT 能否改线上见证",
        "FAT 那天我们出差，能不能改成线上见证？录像也要留一份，质量部要存档。",
        "可以，三个机位直播，录像三天内给您。",
    ),
    (
        "schedule",
        "normal",
        "mail",
        "主线体能否先发",
        "备件柜晚几天没关系，主线体能不能先发？我们厂房月底要腾。",
        "主线体可以先发，备件柜随后单独发运。",
    ),
    (
        "document",
        "normal",
        "mail",
        "要导向轴换料证明",
        "导向轴换了牌号，请提供材质证明和换料说明。",
        "材质证明和换料说明已附上。",
    ),
    (
        "question",
        "normal",
        "phone",
        "夹具 8 套哪天发",
        "夹具 8 套哪天能发？我们要安排叉车。",
        "本周五上午发出，发车后把车牌给您。",
    ),
    (
        "document",
        "normal",
        "mail",
        "复测报告",
        "上次复测的报告请发我们一份，要 PDF 盖章。",
        "盖章的复测报告已附上。",
    ),
    (
        "change",
        "normal",
        "meeting",
        "改双组份点胶",
        "点胶工位想改双组份，请评估交期和价格。",
        "已立变更单，评估结果在变更单里。",
    ),
    (
        "change",
        "normal",
        "mail",
        "增加扫码枪",
        "上下料各加一把扫码枪，型号按我们标准。",
        "请确认型号和安装位置，我们据此报价。",
    ),
    (
        "question",
        "normal",
        "chat",
        "培训日期",
        "操作工培训能不能放在 SAT 之后一周？",
        "可以，请给我们人数和班次。",
    ),
    (
        "complaint",
        "urgent",
        "phone",
        "气缸漏气停线",
        "二工位气缸漏气，已经停线两小时，请马上处理。",
        "服务工程师下午到现场，备件同车带到。",
    ),
    (
        "question",
        "normal",
        "portal",
        "地基图什么时候给",
        "土建要开工了，地基图和载荷表什么时候能给？",
        "地基图和载荷表已上传，请查收。",
    ),
    (
        "suggestion",
        "normal",
        "meeting",
        "看板上加节拍曲线",
        "建议在 HMI 上加一张小时节拍曲线，班组长每天要看。",
        "好建议，下一版 HMI 会带上。",
    ),
    (
        "service",
        "high",
        "phone",
        "相机标定丢失",
        "断电后相机标定丢失，需要远程指导。",
        "已远程恢复标定，并把参数存档。",
    ),
    (
        "document",
        "normal",
        "mail",
        "请提供 IO 点表",
        "请提供最新版 IO 点表，MES 对接要用。",
        "IO 点表 V3 已附上。",
    ),
    (
        "complaint",
        "high",
        "mail",
        "到货包装破损",
        "到货两箱包装破损，外壳有划痕，照片见附件。",
        "已安排补发外壳，破损件由我们取回。",
    ),
)

COMPLAINT: Final = ("三工位夹具定位销松动", "用了两周，三工位 4 个定位销松了 1 个，每班要紧一次，请查原因。")
"""What was complained of today: title and words."""
