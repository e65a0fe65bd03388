"""Sample items: what stands on a children's floor, some of it foreign, some of it not to be taken home."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk_sim.city import draw
from kiosk_sim.city.plan import Library

_FIRST_BARCODE = 100_234_567
LENDABLE_TYPES = frozenset({"book", "picture_book", "periodical"})

# title / author / call number / type
_CHINESE = """
三体/刘慈欣/I247.55/book
三体Ⅱ：黑暗森林/刘慈欣/I247.55/book
三体Ⅲ：死神永生/刘慈欣/I247.55/book
草房子/曹文轩/I287.45/book
青铜葵花/曹文轩/I287.45/book
城南旧事/林海音/I246.5/book
呼兰河传/萧红/I246.5/book
宝葫芦的秘密/张天翼/I287.7/book
大林和小林/张天翼/I287.7/book
稻草人/叶圣陶/I287.7/book
寄小读者/冰心/I266/book
繁星·春水/冰心/I226.1/book
朝花夕拾/鲁迅/I210.4/book
西游记（少年版）/吴承恩/I242.4/book
水浒传（少年版）/施耐庵/I242.4/book
三国演义（少年版）/罗贯中/I242.4/book
红岩/罗广斌、杨益言/I247.51/book
小兵张嘎/徐光耀/I287.45/book
闪闪的红星/李心田/I287.45/book
神笔马良/洪汛涛/I287.7/picture_book
小英雄雨来/管桦/I287.45/book
十万个为什么：植物/编写组/Z228.1/book
十万个为什么：天文/编写组/Z228.1/book
中国神话传说/袁珂/I277.5/book
中国古代寓言/魏金枝/I277.4/book
上下五千年/林汉达/K209/book
写给孩子的山城史话/何立言/K297.19/book
嘉陵江的石头会说话/唐小渝/I287.45/book
缆车上的夏天/沈知秋/I287.45/book
吊脚楼里的猫/苏念/I287.8/picture_book
大雾里的轮渡/韩江/I287.8/picture_book
爷爷的火锅店/彭小满/I287.8/picture_book
小黄葛树/许望舒/I287.8/picture_book
团圆/余丽琼/I287.8/picture_book
荷花镇的早市/周翔/I287.8/picture_book
躲猫猫大王/张晓玲/I287.8/picture_book
安的种子/王早早/I287.8/picture_book
天上掉下一头鲸/西雨客/I287.8/picture_book
妹妹的大南瓜/管家琪/I287.8/picture_book
三毛流浪记/张乐平/J228.2/picture_book
父与子漫话/卜劳恩/J238.2/picture_book
天才在左鱼在右/白一笑/I287.7/book
数学花园漫游记/马希文/O1-49/book
趣味物理学（少儿版）/别莱利曼/O4-49/book
昆虫记（少年版）/法布尔/Q96-49/book
森林报·春/比安基/S7-49/book
小王子/圣埃克苏佩里/I565.88/book
夏洛的网/怀特/I712.84/book
窗边的小豆豆/黑柳彻子/I313.45/book
长袜子皮皮/林格伦/I532.88/book
少年科学（2026年第1期）/少年科学编辑部/N49/periodical
儿童文学（2026年第1期）/儿童文学编辑部/I28/periodical
"""
_FOREIGN = """
Charlotte's Web/E. B. White/I712.84/book
The Very Hungry Caterpillar/Eric Carle/I712.88/picture_book
Where the Wild Things Are/Maurice Sendak/I712.88/picture_book
The Wind in the Willows/Kenneth Grahame/I561.88/book
Alice's Adventures in Wonderland/Lewis Carroll/I561.88/book
Treasure Island/Robert Louis Stevenson/I561.44/book
Le Petit Prince/Antoine de Saint-Exupéry/I565.88/book
Emil und die Detektive/Erich Kästner/I516.84/book
銀河鉄道の夜/宮沢賢治/I313.88/book
National Geographic Kids, No. 1/National Geographic Partners/N49/periodical
"""
_KEPT = """
重庆市志·教育志/重庆市地方志编纂委员会/K297.19/reference
辞海（第七版）/陈至立/Z32/reference
巴县志（清乾隆刻本）/王尔鉴/K297.19/rare
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One copy. `price_fen` in fen; `lendable` as the default rule decides it from the type."""

    barcode: str
    title: str
    author: str
    isbn: str
    call_number: str
    item_type: str
    location: str
    foreign: bool
    price_fen: int
    owner: str

    @property
    def lendable(self) -> bool:
        return self.item_type in LENDABLE_TYPES


def items(library: Library, seed: int, count: int = 65) -> tuple[Item, ...]:
    """`count` items (65 or more): 10 foreign, 3 not lendable, the rest Chinese; barcodes run on.

    三体 comes first everywhere; beyond the list of titles further copies follow.
    """
    rows = list(_rows(_CHINESE))
    shelf = [rows[0], *draw.shuffled(rows[1:], seed, library.code)]
    copies = count - len(list(_rows(_FOREIGN))) - len(list(_rows(_KEPT)))
    chinese = [shelf[i % len(shelf)] for i in range(copies)]
    marked = [*((row, False) for row in chinese), *((row, True) for row in _rows(_FOREIGN))]
    marked += [(row, False) for row in _rows(_KEPT)]
    return tuple(_item(library, seed, i, row, foreign) for i, (row, foreign) in enumerate(marked))


def _rows(table: str) -> Iterator[tuple[str, str, str, str]]:
    for line in table.strip().splitlines():
        title, author, call_number, item_type = line.split("/")
        yield title, author, call_number, item_type


def _item(library: Library, seed: int, i: int, row: tuple[str, str, str, str], foreign: bool) -> Item:
    title, author, call_number, item_type = row
    return Item(
        barcode=f"{library.code}{_FIRST_BARCODE + i:010d}",
        title=title,
        author=author,
        isbn="" if item_type in {"periodical", "rare"} else _isbn(seed, title),
        call_number=f"{call_number}/{i + 1}",
        item_type=item_type,
        location=_location(item_type, foreign),
        foreign=foreign,
        price_fen=1_500 + 100 * draw.number(seed, title, "price", below=60),
        owner=library.code,
    )


def _location(item_type: str, foreign: bool) -> str:
    if item_type in LENDABLE_TYPES:
        return "外文借阅区" if foreign else "少儿借阅区"
    return "参考阅览室" if item_type == "reference" else "古籍室"


def _isbn(seed: int, title: str) -> str:
    """Thirteen digits with a right check digit; every copy of a title shares it."""
    body = "9787" + draw.digits(8, seed, title, "isbn")
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(body))
    return body + str(-total % 10)
