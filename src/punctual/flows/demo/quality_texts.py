"""What the demo company inspects: gauges, quality templates, items of suppliers, and what went wrong in a year."""

from __future__ import annotations

from typing import Final

# code, name, unit, from, to, resolution, days until the next calibration
GAUGES: Final = (
    ("MIC-01", "外径千分尺 0–25", "mm", "0", "25", "0.001", 140),
    ("CAL-02", "数显卡尺 0–500", "mm", "0", "500", "0.01", 60),
    ("RA-01", "粗糙度仪", "μm", "0.02", "12.5", "0.01", 21),
    ("TQ-03", "数显扭矩扳手", "N·m", "5", "50", "0.1", 200),
    ("HE-01", "氦质谱检漏仪", "Pa·m³/s", "0", "0.001", "", 95),
    ("CMM-01", "三坐标测量机", "mm", "0", "1200", "0.001", 250),
    ("DB-02", "声级计", "dB(A)", "30", "130", "0.1", -12),
)

# family: points as
# (name, stage, anchor, task words, standard words, sampling, number, aql, hold, role, evidence, certificate, rows)
# characteristic: (kind, name, class, unit, nominal, lower, upper, gauge, chart)
_IQC: Final = (
    "外购件来料检验", "iqc", "receipt", "来料检验|标准件", "材质|型号", "aql", "", "1.0", "none", "quality", "", False,
    (("document", "材质证明与图号版本一致", "major"), ("attribute", "外观与包装", "minor")),
)  # fmt: skip
_SHAFT: Final = (
    "零件终检：导向轴与座孔", "ipqc", "task", "零件终检|零件机加工", "尺寸|CpK", "fixed", "5", "", "none",
    "quality", "",
    False,
    (
        ("measured", "导向轴外径 φ20h6", "major", "mm", "20", "19.987", "20.000", "MIC-01", "C-SHAFT"),
        ("measured", "座孔距 480", "major", "mm", "480", "479.8", "480.2", "CAL-02", ""),
        ("measured", "表面粗糙度 Ra", "minor", "μm", "", "", "0.8", "RA-01", ""),
    ),
)  # fmt: skip
_TORQUE: Final = (
    "装配拧紧抽检", "ipqc", "task", "装配|总装", "", "fixed", "5", "", "none", "worker", "", False,
    (("measured", "压缩机螺栓拧紧扭矩", "critical", "N·m", "24", "22", "26", "TQ-03", "C-TORQUE"),),
)  # fmt: skip
_FAT: Final = (
    "FAT 出厂验收", "fat", "task", "FAT", "FAT|节拍|误判|GR", "all", "", "", "witness", "quality", "FAT 记录与客户签字",
    False,
    (
        ("checklist", "节拍达到技术协议", "major"),
        ("checklist", "安全回路逐项动作", "critical"),
        ("document", "技术文件与随机资料齐全", "minor"),
    ),
)  # fmt: skip
_OQC: Final = (
    "发运前检查", "oqc", "delivery", "包装", "签收", "all", "", "", "none", "quality", "", False,
    (("checklist", "装箱单与实物一致", "major"), ("attribute", "防锈与固定", "minor")),
)  # fmt: skip
_HELIUM: Final = (
    "氦检漏", "fqc", "task", "氦检漏", "氦", "all", "", "", "hold", "quality", "检漏曲线", False,
    (("measured", "总漏率", "critical", "Pa·m³/s", "", "", "0.000001", "HE-01", ""),),
)  # fmt: skip
_WELD: Final = (
    "机架焊缝检查", "ipqc", "task", "机架外协|机架", "", "all", "", "", "hold", "quality", "焊缝照片", True,
    (("attribute", "焊缝无气孔、咬边", "major"), ("document", "焊工证与材质证明", "major")),
)  # fmt: skip
_SPARES: Final = (
    "出库检查", "oqc", "delivery", "发运|发货|出库", "型号|签收", "aql", "", "1.0", "none", "quality", "", False,
    (("attribute", "型号版本与标签", "major"), ("attribute", "外观", "minor")),
)  # fmt: skip

TEMPLATES: Final = (
    ("Q-LI", "锂电设备", "LI", (_IQC, _WELD, _SHAFT, _HELIUM, _FAT, _OQC)),
    ("Q-VI", "视觉检测", "VI", (_IQC, _SHAFT, _FAT, _OQC)),
    ("Q-AS", "装配自动化", "AS", (_IQC, _SHAFT, _TORQUE, _FAT, _OQC)),
    ("Q-LG", "物流输送", "LG", (_IQC, _WELD, _FAT, _OQC)),
    ("Q-MP", "医疗包装", "MP", (_IQC, _SHAFT, _FAT, _OQC)),
    ("Q-SV", "备件与服务", "SV", (_SPARES,)),
)

# supplier code, item, name, unit, usual lot, days between lots, share of bad units in thousandths, defects
ITEMS: Final = (
    ("S01", "RED-PX60", "行星减速机 PX60", "台", 24, 31, 1, ("异响", "法兰划伤")),
    ("S02", "PMP-LQ05", "注液泵 LQ05", "台", 16, 40, 2, ("接口渗漏", "铭牌错误")),
    ("S03", "PLC-S7M", "PLC 模块", "件", 90, 21, 0, ("包装破损",)),
    ("S04", "CAM-5M", "工业相机 500 万", "台", 40, 28, 1, ("坏点", "镜头划伤")),
    ("S05", "RAIL-20", "直线导轨 20", "根", 150, 18, 3, ("划伤", "平行度")),
    ("S06", "SEAL-62", "氟橡胶密封圈 62×3", "个", 1000, 14, 0, ("飞边",)),
    ("S07", "SHAFT-20", "导向轴 φ20h6×480", "件", 320, 12, 22, ("外径超差", "划伤", "毛刺")),
    ("S08", "HT-PIN", "定位销 热处理", "件", 200, 20, 4, ("硬度不足", "变形")),
    ("S09", "AN-PLT", "安装板 阳极氧化", "件", 80, 16, 6, ("色差", "漏镀")),
    ("S10", "SP-COV", "罩壳 喷塑", "件", 60, 19, 4, ("流挂", "颗粒", "色差")),
    ("S11", "FR-WLD", "机架焊接件", "件", 12, 24, 8, ("焊缝气孔", "尺寸超差")),
)
WORST: Final = "S07"

# title, cause, item, supplier, disposition, cost, days, kind of cost; one a fortnight or so, newest last
PAST_NCRS: Final = (
    ("罩壳色差 3/60", "supplier", "SP-COV", "S10", "rework", 1200, 0, "internal"),
    ("定位销硬度 HRC 52，要求 58", "supplier", "HT-PIN", "S08", "return", 900, 2, "internal"),
    ("导轨平行度 0.03", "material", "RAIL-20", "S05", "return", 0, 3, "internal"),
    ("电柜线号标错 12 处", "man", "", "", "rework", 1600, 1, "internal"),
    ("图纸 B 版未换，孔位错 5 mm", "design", "", "", "rework", 4200, 4, "internal"),
    ("安装板漏镀", "supplier", "AN-PLT", "S09", "return", 0, 1, "internal"),
    ("视觉误判率 0.9 %", "method", "", "", "rework", 3600, 3, "internal"),
    ("导向轴外径 −0.004", "supplier", "SHAFT-20", "S07", "sort", 2400, 2, "internal"),
    ("机架焊缝气孔 2 处", "man", "FR-WLD", "S11", "repair", 2100, 2, "internal"),
    ("现场输送带跑偏", "method", "", "", "rework", 5800, 0, "external"),
    ("注液泵接口渗漏", "supplier", "PMP-LQ05", "S02", "return", 0, 5, "internal"),
    ("装配漏装定位销", "man", "", "", "rework", 800, 1, "internal"),
    ("千分尺示值偏 0.005", "measurement", "", "", "sort", 1500, 1, "internal"),
    ("导向轴划伤", "supplier", "SHAFT-20", "S07", "use_as_is", 0, 0, "internal"),
    ("五轴件毛刺", "machine", "", "", "rework", 700, 0, "internal"),
    ("喷塑颗粒", "supplier", "SP-COV", "S10", "rework", 900, 1, "internal"),
    ("扭矩未到 22 N·m", "machine", "", "", "rework", 1900, 1, "internal"),
    ("验收后传感器失灵", "material", "", "", "rework", 3200, 0, "external"),
    ("导向轴外径 −0.003", "supplier", "SHAFT-20", "S07", "return", 600, 3, "internal"),
    ("罩壳流挂 4/60", "supplier", "SP-COV", "S10", "return", 0, 2, "internal"),
    ("气管接反", "man", "", "", "rework", 400, 0, "internal"),
    ("标签印错型号", "man", "", "", "rework", 400, 1, "internal"),
    ("真空腔密封面碰伤", "man", "", "", "repair", 2600, 2, "internal"),
    ("程序版本下错", "method", "", "", "rework", 1100, 1, "internal"),
)
TORQUE: Final = (
    24.18, 24.30, 24.02, 24.10, 24.36, 24.21, 23.96, 24.15, 24.28, 24.12, 24.45, 24.17, 24.05,
    23.98, 24.09, 24.20, 24.33, 24.47, 24.62, 24.50,
)  # fmt: skip
"""Means of twenty subgroups: six in a row rise at the end."""
OFFSETS: Final = ((-0.55, 0.30, 0.05, 0.62, -0.42), (0.48, -0.60, 0.20, -0.28, 0.20), (-0.36, 0.66, -0.48, 0.12, 0.06))

COMPLAINT: Final = "到货外壳划伤，包装受潮"
COMPLAINT_WHYS: Final = (
    "外壳在箱内移动，与压条摩擦",
    "压条没有护角，箱内无固定",
    "包装作业指导书没写海绵护角和防潮袋",
)
COMPLAINT_STEPS: Final = (
    "当天补发 2 件外壳，现场贴膜保护。",
    "孙倩、陈思远、物流 何涛。",
    "12 件外壳中 2 件划伤，均为木箱运输；汽运直送的没有。",
    "在途 3 箱开箱加护角，成品库 8 箱返包。",
    "箱内无固定、无护角，运输中移动；包装作业指导书没有要求。",
    "包装作业指导书 C 版：四角海绵护角、压条加绒、内衬防潮袋。",
    "按新包装做跌落试验 6 箱，无划伤；近 4 批到货拍照无异常。",
    "同类外壳的 3 份包装指导书一并更新，来料包装检查项加到发运前检查。",
    "包装班组培训完成，感谢物流提供开箱照片。",
)
