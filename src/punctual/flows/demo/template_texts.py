"""The demo company's plan templates, one row a line:

``key: name | days fixed[+days a unit] | skills by code | waits for``; indented rows belong to the row above them.
After the name ``*`` is a milestone, ``!`` the delivery; days followed by ``e`` run on the clock (suppliers).
"""

from __future__ import annotations

from typing import Final

LINE: Final = """
st: 启动与评审
  kick: 项目启动会 | 1 | PM
  rev: 技术协议评审 | 2 | PM, MD, ED | kick
  plan: 节点计划确认 | 1 | PM | rev
ds: 设计
  con: 总体方案设计 | 8+1 | MD 2 | rev
  crv: 方案评审（客户参加）* | 0 | PM | con
  md: 机械设计与出图 | 16+2 | MD 3 | crv
  ed: 电气原理图 | 10+1 | ED | crv FS+2
  sw: PLC 与视觉程序框架 | 12+1 | SW | ed SS+5
  bom: BOM 与图纸下发 | 2 | MD | md
  dcf: 图纸会签* | 0 | PM | bom, ed
pu: 采购与外协
  lng: 长周期件：注液泵、真空泵 | 38e | PUR | con FS+5
  srv: 长周期件：伺服与减速机 | 32e | PUR | con FS+8
  std: 标准件与气动件 | 14e | PUR | bom
  ele: 电气元件 | 18e | PUR | ed
  frm: 机架外协焊接 | 12+2 | OUT-FR | md FS-4
  ht: 外协热处理与表面 | 6+0.5 | OUT-SF | mc1 SS+4
  iqc: 来料检验 | 2 | QC | lng, srv, std, ele
mf: 制造
  mc1: 结构件机加工 | 10+1.5 | CNC 2 | bom
  ax: 真空腔体五轴加工 | 9+1 | AX5 | bom FS+1
  sht: 钣金罩壳 | 6+1 | SHT | bom FS+3
  fqc: 零件终检 | 2 | QC | mc1, ax, ht
as: 装配
  fas: 机架与输送装配 | 8+1 | FIT 2 | frm, fqc
  vas: 真空腔装配 | 7+1 | VAC 2 | ax, lng
  cab: 电柜制作与配线 | 9+1 | ELA 2 | ele
  asm: 总装 | 6+1 | FIT 3 | fas, vas, iqc
  wir: 整机接线与气路 | 5+0.5 | ELA 2 | asm SS+3, cab
  hel: 氦检漏 | 1+0.5 | LEAK, QC | asm
cm: 调试与验收
  uni: 单机调试 | 5+0.5 | COM | wir, hel
  sys: 联机调试 | 6+1 | COM 2, SW | uni, sw
  run: 连续试运行 72 h | 3 | COM | sys
  fat: FAT 出厂验收* | 0 | QC | run FS+1
dl: 交付
  pak: 拆机包装 | 2+0.5 | FIT 2 | fat
  shp: 发运! | 2 | TRANS | pak
  ins: 现场安装 | 8+1 | SITE 3 | shp
  sco: 现场调试 | 6+1 | COM 2 | ins
  trn: 操作培训 | 2 | TRN | sco SS+3
  sat: SAT 现场验收* | 0 | QC | sco, trn
"""

LITHIUM: Final = """
st: 启动
  rev: 技术协议评审 | 2 | PM, MD, ED
ds: 设计
  con: 方案设计 | 5 | MD | rev
  md: 机械设计与出图 | 9+0.5 | MD 2 | con
  ed: 电气设计 | 6 | ED | con FS+2
  sw: PLC 程序 | 7 | SW | ed SS+3
  dcf: 图纸会签* | 0 | PM | md, ed
pu: 采购与外协
  lng: 长周期件采购 | 30e | PUR | con FS+3
  std: 标准件与电气元件 | 14e | PUR | dcf
  frm: 机架外协 | 8+1 | OUT-FR | md
  sf: 外协表面处理 | 4+0.5 | OUT-SF | mc SS+3
mf: 制造
  mc: 零件机加工 | 7+1 | CNC 2 | dcf
  sht: 钣金罩壳 | 4+0.5 | SHT | dcf FS+2
  fqc: 零件终检 | 1 | QC | mc, sf
as: 装配
  fas: 机架装配 | 4+1 | FIT 2 | frm, fqc
  asm: 整机装配 | 5+1 | FIT 2 | fas, lng, std
  cab: 电柜与配线 | 5+1 | ELA | std
  wir: 整机接线 | 3+0.5 | ELA | asm FF+1, cab
cm: 调试与验收
  com: 单机调试 | 6+0.5 | COM, SW | wir, sw
  run: 试运行 | 2 | COM | com
  fat: FAT 出厂验收* | 0 | QC | run
dl: 交付
  pak: 包装 | 1+0.5 | FIT | fat
  shp: 发运! | 1 | TRANS | pak
  ins: 现场安装调试 | 5+0.5 | SITE 2 | shp
  sat: SAT 现场验收* | 0 | QC | ins
"""

VISION: Final = """
ds: 设计
  opt: 光学方案与打样 | 6 | VIS
  md: 机械设计 | 8 | MD 2 | opt FS+1
  ed: 电气设计 | 5 | ED | opt FS+2
  alg: 检测算法方案 | 6 | SW | opt
  dcf: 图纸会签* | 0 | PM | md, ed
pu: 采购
  cam: 相机与镜头 | 28e | PUR | opt
  lgt: 光源定制 | 18e | PUR | opt FS+2
  std: 标准件与电气元件 | 12e | PUR | dcf
  frm: 机架外协 | 6+0.5 | OUT-FR | md
mf: 制造
  mc: 零件机加工 | 5+0.5 | CNC | dcf
  sf: 外协表面处理 | 3 | OUT-SF | mc
as: 装配
  axs: 机架与运动轴装配 | 3+1.5 | FIT 2 | frm, sf, std
  cab: 电柜配线 | 2+1 | ELA | std
  cas: 相机装调 | 0+1 | VIS, FIT | axs, cam, lgt
  wir: 整机接线 | 2+0.5 | ELA | axs FF+1, cab
cm: 调试与验收
  trn: 算法训练与误判率 | 8 | VIS | cas SS+2, alg
  com: 联机调试 | 2+0.5 | COM, VIS | trn, wir
  grr: 重复性验证（GR&R） | 2 | QC, VIS | com
  fat: FAT 出厂验收* | 0 | QC | grr
dl: 交付
  pak: 包装 | 1 | FIT | fat
  shp: 发运! | 1 | TRANS | pak
  ins: 现场安装 | 2+0.5 | SITE | shp
  sit: 现场样件验证 | 3 | VIS | ins
  sat: SAT 现场验收* | 0 | QC | sit
"""

STATION: Final = """
rev: 评审与方案 | 2 | VIS, MD
md: 机械设计 | 4 | MD | rev
ed: 电气设计 | 3 | ED | rev
cam: 相机与光源采购 | 18e | PUR | rev
std: 标准件采购 | 9e | PUR | md
mc: 零件机加工 | 3+0.5 | CNC | md
fqc: 零件检验 | 0.5 | QC | mc
fas: 机架装配 | 2+0.5 | FIT | fqc, std
opt: 光学装调 | 1+0.5 | VIS | fas, cam
cab: 电箱配线 | 1+0.5 | ELA | ed, std
alg: 算法部署 | 3 | VIS | opt
com: 调试与标定 | 2+0.5 | COM, VIS | alg, cab
fat: FAT 出厂验收* | 0 | QC | com
pak: 包装 | 0.5 | FIT | fat
shp: 发运! | 1 | TRANS | pak
ins: 现场安装 | 1+0.5 | SITE | shp
sat: SAT 现场验收* | 0 | QC | ins
"""

ASSEMBLY: Final = """
ds: 设计
  rev: 工艺与节拍评审 | 2 | PM, MD
  con: 方案设计 | 4 | MD | rev
  md: 机械设计与出图 | 8+0.5 | MD 2 | con
  ed: 电气设计 | 5 | ED | con FS+1
  sw: PLC 程序 | 6 | SW | ed SS+2
  dcf: 图纸会签* | 0 | PM | md, ed
pu: 采购与外协
  srv: 伺服与压装单元 | 24e | PUR | con FS+2
  std: 标准件与电气元件 | 12e | PUR | dcf
  mco: 外协机加工 | 7+0.5 | OUT-MC | dcf
  sf: 外协表面处理 | 3+0.5 | OUT-SF | mco
mf: 制造
  mc: 精密件机加工 | 6+1 | CNC, GRD | dcf
  sht: 钣金罩壳 | 3+0.5 | SHT | dcf FS+1
  fqc: 零件终检 | 1 | QC, CMM | mc, sf
as: 装配
  asm: 机械装配 | 5+1.5 | FIT 2 | fqc, srv, std
  cab: 电柜与配线 | 4+1 | ELA | std
  wir: 整机接线 | 2+0.5 | ELA | asm FF+1, cab
cm: 调试与验收
  com: 单机调试 | 5+0.5 | COM | wir, sw
  cap: 过程能力验证 | 2 | QC | com
  fat: FAT 出厂验收* | 0 | QC | cap
dl: 交付
  pak: 包装 | 1+0.5 | FIT | fat
  shp: 发运! | 1 | TRANS | pak
  ins: 现场安装调试 | 3+0.5 | SITE 2 | shp
  sat: SAT 现场验收* | 0 | QC | ins
"""

SYSTEM: Final = """
ds: 设计
  sur: 现场勘测 | 2 | PM, SITE
  lay: 布局与仿真 | 6 | MD | sur
  lcf: 布局确认* | 0 | PM | lay FS+2
  md: 机械设计与出图 | 10+0.5 | MD 2 | lcf
  ed: 电气设计 | 7 | ED | lcf FS+1
  wcs: 调度软件 | 14 | SW 2 | lcf
pu: 采购与外协
  drv: 驱动与滚筒 | 26e | PUR | lcf
  std: 标准件与电气元件 | 14e | PUR | md
  frm: 钢结构外协 | 10+1.5 | OUT-FR | md FS-3
  spr: 外协喷涂 | 4+0.5 | OUT-SF | frm
mf: 制造
  sht: 钣金件 | 6+1 | SHT, BND | md
  mc: 零件机加工 | 6+1 | CNC | md
as: 装配
  mod: 模块预装 | 6+2 | FIT 3 | spr, sht, mc, drv
  cab: 电柜制作 | 6+1 | ELA 2 | ed, std
  pre: 厂内预联调 | 4+0.5 | COM | mod, cab, wcs
fat: FAT 出厂验收* | 0 | QC | pre
dl: 交付
  pak: 拆分包装 | 2+0.5 | FIT 2 | fat
  shp: 发运! | 2 | TRANS | pak
  ins: 现场安装 | 8+2 | SITE 4, CRN | shp
  ele: 现场接线 | 4+0.5 | ELA 2 | ins SS+4
  sys: 系统联调 | 6+0.5 | COM 2, SW | ins, ele
  trn: 操作培训 | 2 | TRN | sys SS+3
  sat: SAT 现场验收* | 0 | QC | sys, trn
"""

UNIT: Final = """
rev: 评审 | 1 | PM
md: 选型与出图 | 3 | MD | rev
ed: 电气设计 | 2 | ED | rev FS+1
drv: 电机与驱动采购 | 12e | PUR | md
std: 标准件采购 | 8e | PUR | md
frm: 机架焊接 | 2+0.5 | WLD | md
sht: 钣金 | 2+0.5 | SHT | md
mc: 零件机加工 | 3+0.5 | CNC | md
fqc: 零件检验 | 0.5 | QC | mc, sht
asm: 装配 | 2+0.5 | FIT | frm, fqc, drv, std
wir: 接线 | 1+0.5 | ELA | asm FF+0.5, ed
com: 空载试车 | 1+0.5 | COM | wir
fqa: 出厂检验 | 0.5 | QC | com
fat: 出厂验收* | 0 | QC | fqa
pak: 包装 | 0.5 | FIT | fat
shp: 发运! | 1 | TRANS | pak
acc: 到货验收* | 0 | QC | shp FS+2
"""

MEDICAL: Final = """
st: 启动与确认
  urs: URS 澄清 | 3 | PM, QC
  fs: 功能说明书（FS） | 5 | MD, SW | urs
  dq: 设计确认（DQ）* | 0 | QC | fs, md, ed
ds: 设计
  con: 方案设计 | 6 | MD | urs
  md: 机械设计与出图 | 12+1 | MD 2 | con
  ed: 电气设计 | 8 | ED | con FS+2
  sw: 程序与审计追踪 | 12 | SW 2 | fs
pu: 采购与外协
  lng: 灌装泵与伺服 | 35e | PUR | con FS+3
  ss: 316L 不锈钢件外协 | 10+1 | OUT-MC | dq
  ep: 电解抛光 | 5 | OUT-SF | ss
  std: 标准件与电气元件 | 14e | PUR | dq
mf: 制造
  mc: 结构件机加工 | 7+1 | CNC 2 | dq
  sht: 洁净罩壳 | 5+1 | SHT | dq FS+2
  fqc: 材质与零件检验 | 2 | QC | ep, mc
as: 装配
  asm: 机械装配 | 8+1.5 | FIT 2 | fqc, lng, std
  cab: 电柜与配线 | 6+1 | ELA | std
  wir: 整机接线 | 4+0.5 | ELA | asm FF+1, cab
cm: 调试与验证
  com: 整机调试 | 8+0.5 | COM, SW | wir, sw
  fat: FAT 出厂验收* | 0 | QC | doc
  doc: IQ/OQ 文件 | 4 | QC | com SS+4
dl: 交付
  pak: 洁净包装 | 2 | FIT | fat, com
  shp: 发运! | 2 | TRANS | pak
  ins: 现场安装 | 5+1 | SITE 2 | shp
  iqo: IQ/OQ 执行 | 5 | QC, COM | ins
  trn: 操作培训 | 2 | TRN | iqo SS+2
  sat: SAT 现场验收* | 0 | QC | iqo, trn
"""

PACKER: Final = """
ds: 设计
  urs: URS 评审 | 2 | PM, QC
  md: 机械设计 | 6+0.5 | MD | urs
  ed: 电气设计 | 4 | ED | urs FS+1
  sw: 程序 | 5 | SW | ed
pu: 采购与外协
  srv: 伺服与视觉件 | 20e | PUR | urs FS+2
  std: 标准件与电气元件 | 10e | PUR | md
  ss: 不锈钢件外协 | 6+0.5 | OUT-MC | md
mf: 制造
  mc: 零件机加工 | 4+0.5 | CNC | md
  sht: 罩壳钣金 | 3+0.5 | SHT | md FS+1
  fqc: 零件检验 | 1 | QC | ss, mc
as: 装配
  asm: 装配 | 4+1 | FIT 2 | fqc, srv, std, sht
  wir: 配线 | 3+0.5 | ELA | asm SS+2, ed
cm: 调试与验收
  com: 调试 | 4+0.5 | COM | asm, wir, sw
  doc: 验证文件 | 2 | QC | com
  fat: FAT 出厂验收* | 0 | QC | doc
dl: 交付
  pak: 包装 | 1 | FIT | fat
  shp: 发运! | 1 | TRANS | pak
  ins: 现场安装与 OQ | 3 | SITE, QC | shp
  sat: SAT 现场验收* | 0 | QC | ins
"""

SPARES: Final = """
chk: 型号与版本核对 | 0.5 | PM
stk: 查库存与预留 | 0.5 | PUR | chk
buy: 缺口采购 | 7e | PUR | stk
iqc: 来料检验 | 0.5 | QC | buy
pik: 拣配与包装 | 0.5+0.01 | FIT | iqc
shp: 发运! | 1 | TRANS | pik
acc: 客户签收* | 0 | QC | shp
"""

SERVICE: Final = """
plan: 需求确认与排期 | 1 | PM
prep: 工具与备件准备 | 1 | SITE | plan
trv: 出差到场 | 1e | SITE | prep FS+2
wrk: 现场服务 | 0+1 | SITE | trv
rep: 服务报告 | 0.5 | SITE | wrk
acc: 客户签字! | 0.25 | SITE | rep
"""
