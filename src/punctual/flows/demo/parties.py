"""Thirty customers with their people, twelve suppliers."""

from __future__ import annotations

from typing import Final

from punctual.domain.parties.models import Contact, Customer, Supplier
from punctual.domain.parties.services.customers import document_of as customer_document
from punctual.domain.parties.services.suppliers import document_of as supplier_document
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role

# short name, full name, grade, city and plant, contacts
CUSTOMERS: Final = (
    ("宁海锂科", "宁海锂科新能源有限公司", "A", "宁海 2# 厂房", ("张海涛 设备经理", "陆敏 采购")),
    ("苏州恒拓电子", "苏州恒拓电子股份有限公司", "A", "苏州工业园 3# 车间", ("顾宇 工艺主管", "秦岚 采购经理")),
    ("武汉康泽", "武汉康泽医疗器械有限公司", "A", "武汉光谷 B 栋", ("周建平 工程部长", "雷雨 采购")),
    ("合肥芯屏", "合肥芯屏光电科技有限公司", "A", "合肥新站 1# 厂房", ("陶然 设备总监",)),
    ("上海联驱", "上海联驱汽车系统有限公司", "A", "上海安亭 4# 线", ("贾明 项目经理", "钱佳 采购主管")),
    ("宁波凯恩", "宁波凯恩压缩机有限公司", "A", "宁波北仑 总装车间", ("俞伟 生产部长",)),
    ("常州晶越", "常州晶越光伏科技有限公司", "B", "常州新北 硅片车间", ("戴鹏 设备经理",)),
    ("无锡赛瑞", "无锡赛瑞半导体材料有限公司", "B", "无锡新吴 洁净间", ("穆青 厂务经理", "倪红 采购")),
    ("杭州格致", "杭州格致精密仪器有限公司", "B", "杭州滨江 2 楼", ("傅强 工程经理",)),
    ("南京博泰", "南京博泰药业有限公司", "B", "南京江北 冻干车间", ("夏天 验证主管",)),
    ("芜湖众驰", "芜湖众驰转向系统有限公司", "B", "芜湖经开 装配三线", ("方芳 工艺工程师",)),
    ("东莞华显", "东莞华显触控有限公司", "B", "东莞松山湖 C1", ("谭杰 设备主管", "江南 采购")),
    ("深圳迈联", "深圳迈联连接技术有限公司", "B", "深圳光明 5 楼", ("石磊 自动化经理",)),
    ("厦门海纳", "厦门海纳照明有限公司", "B", "厦门同安 2# 厂房", ("柯达 生产经理",)),
    ("青岛远洋制冷", "青岛远洋制冷设备有限公司", "B", "青岛胶州 内机车间", ("崔健 项目主管",)),
    ("济南力博", "济南力博机床有限公司", "B", "济南历城 机加中心", ("孟飞 车间主任",)),
    ("长沙中旭", "长沙中旭工程机械有限公司", "B", "长沙星沙 焊接车间", ("熊伟 工艺部长",)),
    ("成都天岳", "成都天岳航空零件有限公司", "B", "成都双流 五轴车间", ("白露 设备经理",)),
    ("西安微影", "西安微影医疗影像有限公司", "B", "西安高新 A 座", ("尹涛 工程师",)),
    ("重庆山城电驱", "重庆山城电驱动有限公司", "B", "重庆两江 电机车间", ("邱林 生产部长",)),
    ("天津北辰电池", "天津北辰电池材料有限公司", "C", "天津北辰 涂布车间", ("龚亮 设备主管",)),
    ("佛山南铝", "佛山南铝型材有限公司", "C", "佛山南海 挤压车间", ("黎明 采购",)),
    ("温州正泽", "温州正泽低压电器有限公司", "C", "温州乐清 装配楼", ("郑和 工艺",)),
    ("嘉兴丝路", "嘉兴丝路包装机械有限公司", "C", "嘉兴秀洲 1 号库", ("史文 项目经理",)),
    ("扬州汇通", "扬州汇通客车零部件有限公司", "C", "扬州江都 车架车间", ("侯军 设备科长",)),
    ("泰州仁济", "泰州仁济生物制药有限公司", "C", "泰州药城 灌装间", ("龙飞 验证",)),
    ("烟台三海", "烟台三海食品有限公司", "C", "烟台莱山 包装线", ("万里 生产经理",)),
    ("郑州中原物流", "郑州中原物流装备有限公司", "C", "郑州航空港 分拣中心", ("段宏 项目主管",)),
    ("Nordwerk", "Nordwerk Automation GmbH", "B", "Hannover, Halle 7", ("Jan Keller Projektleiter",)),
    ("Pacific Cell", "Pacific Cell Systems Inc.", "B", "Fremont, CA, Bldg 12", ("Amy Tran Sourcing",)),
)
FOREIGN: Final = {"Nordwerk": "EUR", "Pacific Cell": "USD"}
TERMS: Final = {
    "A": "预付 30%，发货前 30%，验收 30%，质保金 10%（12 个月）",
    "B": "预付 40%，发货前 50%，质保金 10%（12 个月）",
    "C": "预付 50%，发货前 50%",
}

# short name, full name, what it does, contact, usual lead time in days, whether it does work for us
SUPPLIERS: Final = (
    ("恒达减速机", "杭州恒达减速机有限公司", "减速机、丝杆升降机", "盛强", 45, False),
    ("常州泵科", "常州泵科真空技术有限公司", "真空泵、注液泵", "蒋琳", 60, False),
    ("安控电气", "上海安控电气有限公司", "PLC、伺服、低压电气", "薛凯", 20, False),
    ("视锐光学", "苏州视锐光学科技有限公司", "工业相机、镜头、光源", "鲁菲", 30, False),
    ("直线科", "台州直线科导轨有限公司", "直线导轨、滚珠丝杆", "毛宁", 25, False),
    ("密封之家", "宁波密封之家橡塑有限公司", "密封圈、波纹管", "祝平", 10, False),
    ("腾飞机加", "昆山腾飞精密机械有限公司", "外协机加工", "卢飞", 12, True),
    ("宏达热处理", "无锡宏达热处理有限公司", "热处理、去应力", "霍刚", 5, True),
    ("亮面表面", "苏州亮面表面处理有限公司", "阳极氧化、镀镍", "樊华", 7, True),
    ("彩固喷涂", "昆山彩固喷涂有限公司", "喷塑、喷漆", "纪元", 4, True),
    ("固架焊接", "太仓固架钢结构有限公司", "机架焊接", "裴斌", 15, True),
    ("速达物流", "江苏速达大件运输有限公司", "大件运输、吊装", "阮涛", 3, True),
)


def build_parties() -> None:
    """Customers C001 … C030, suppliers S01 … S12."""
    customers = Customer.objects.bulk_create(
        Customer(
            code=f"C{number:03d}",
            name=name,
            short_name=short_name,
            grade=grade,
            currency=FOREIGN.get(short_name, "CNY"),
            payment_terms=TERMS[grade],
            delivery_place=place,
            address=place,
        )
        for number, (short_name, name, grade, place, _) in enumerate(CUSTOMERS, start=1)
    )
    contacts = Contact.objects.bulk_create(
        Contact(
            customer=customer,
            name=person.rpartition(" ")[0],
            title=person.rpartition(" ")[2],
            phone=f"138 0000 {customer.pk % 100:02d}{position:02d}",
            email=f"contact{position}@{customer.code.lower()}.example",
            language="en" if customer.currency != "CNY" else "",
            is_primary=position == 0,
        )
        for customer, (*_, people) in zip(customers, CUSTOMERS, strict=True)
        for position, person in enumerate(people)
    )
    suppliers = Supplier.objects.bulk_create(
        Supplier(
            code=f"S{number:02d}",
            name=name,
            short_name=short_name,
            contact_name=contact,
            phone=f"139 0000 {number:04d}",
            email=f"sales@s{number:02d}.example",
            lead_time_days=days,
            notes=does,
        )
        for number, (short_name, name, does, contact, days, _) in enumerate(SUPPLIERS, start=1)
    )
    begin_stories([*customers, *contacts], demo_user(Role.ORDER_MANAGER))
    begin_stories(suppliers, demo_user(Role.SUPPLY_CHAIN))
    make_findable(customers, customer_document)
    make_findable(suppliers, supplier_document)
