#!/usr/bin/env python3
"""Writes src/topics/simplified.txt: traditional characters, each with its simplified form.

In: Unihan_Variants.txt of the Unicode character database, plain or .bz2 (Debian: package unicode-data,
/usr/share/unicode/Unihan_Variants.txt.bz2). Out: the table on standard output.

    scripts/simplified.py /usr/share/unicode/Unihan_Variants.txt.bz2 > src/topics/simplified.txt

Only characters of the main block (U+4E00 to U+9FFF) are kept: the others are rare, and some fonts lack them.
A chain of variants is followed to its end, so that folding once is enough.
"""

import bz2
import sys


# What Unihan leaves out, or gives as a mere part of other characters.
MORE = """
    佈布 佔占 週周 証证 僱雇 兇凶 卹恤 唸念 喫吃 噁恶 嚐尝 嚥咽 嚮向 峯峰 嶽岳 巖岩 弔吊 彆别
    慾欲 昇升 査查 棊棋 樑梁 槓杠 殭僵 殻壳 氾泛 汎泛 汙污 洩泄 淒凄 湧涌 滷卤 燻熏 牀床 犛牦
    獃呆 甕瓮 産产 痠酸 癒愈 癡痴 盃杯 眞真 祕秘 稜棱 籤签 糉粽 糰团 紮扎 絃弦 綑捆 綵彩 緑绿
    羣群 羶膻 脣唇 菴庵 蒐搜 蓆席 蔘参 藴蕴 蝨虱 蠍蝎 蠔蚝 襬摆 覈核 譟噪 譭毁 讚赞 豔艳 踰逾
    遊游 遡溯 醃腌 醣糖 釦扣 鍊炼 録录 閲阅 闇暗 陞升 霑沾 顔颜 餈糍 餬糊 駡骂 鬨哄 鵰雕 剷铲
    奬奖 鉆钻 餵喂 甦苏
"""
PARTS = set("讠饣纟钅")


def variants(path):
    """Yields (character, kind, other characters) for each line."""
    opened = bz2.open(path, "rt") if path.endswith(".bz2") else open(path, encoding="utf-8")
    with opened as lines:
        for line in lines:
            parts = line.rstrip("\n").split("\t")
            if len(parts) == 3:
                others = [chr(int(v.split("<")[0][2:], 16)) for v in parts[2].split()]
                yield chr(int(parts[0][2:], 16)), parts[1], others


def main_block(char):
    return 0x4E00 <= ord(char) <= 0x9FFF


def table(path):
    simplified, semantic = {}, {}
    for char, kind, others in variants(path):
        known = [o for o in others if o != char and main_block(o) and o not in PARTS]
        if not main_block(char) or not known:
            continue
        if kind == "kSimplifiedVariant":
            simplified[char] = known[0]
        elif kind in ("kSemanticVariant", "kZVariant"):
            semantic.setdefault(char, []).extend(known)
    # 爲 has no simplified form of its own: it is another shape of 為, which has one.
    targets = set(simplified.values())
    for char, others in semantic.items():
        if char not in simplified and char not in targets:
            for other in others:
                if other in simplified:
                    simplified[char] = other
                    break
    simplified.update((pair[0], pair[1]) for pair in MORE.split())
    return {char: end(char, simplified) for char in simplified}


def end(char, simplified):
    seen = {char}
    while char in simplified and simplified[char] not in seen:
        char = simplified[char]
        seen.add(char)
    return char


def main():
    pairs = {t: s for t, s in table(sys.argv[1]).items() if t != s}
    print("# Traditional characters, each followed by its simplified form. Made by scripts/simplified.py from")
    print("# Unihan_Variants.txt, Unicode 15.0. Copyright 1991-2022 Unicode, Inc., Unicode License v3,")
    print("# https://www.unicode.org/license.txt")
    text = "".join(t + s for t, s in sorted(pairs.items()))
    for start in range(0, len(text), 80):
        print(text[start : start + 80])


main()
