#!/usr/bin/env python3
"""TextRank beside tagwire: pip install jieba networkx, then textrank.py IN.jsonl OUT.jsonl.

In: what `rouge --dump` wrote. Out: for each article a summary within each budget, for `rouge --add`.
Sentences are nodes, their word overlap (Mihalcea and Tarau, 2004) the edges, PageRank the score; the
best sentences that fit are taken, in the order of the text.
"""
import json
import logging
import math
import re
import sys

import jieba
import networkx

jieba.setLogLevel(logging.WARNING)
END = re.compile(r"[^。！？!?\n]*[。！？!?\n]?")


def words(sentence):
    return {word for word in jieba.cut(sentence) if len(word) > 1 and not word.isspace()}


def ranked(sentences):
    bags = [words(sentence) for sentence in sentences]
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(sentences)))
    for i, a in enumerate(bags):
        for j in range(i):
            shared = len(a & bags[j])
            if shared and len(a) > 1 and len(bags[j]) > 1:
                graph.add_edge(i, j, weight=shared / (math.log(len(a)) + math.log(len(bags[j]))))
    ranks = networkx.pagerank(graph, weight="weight")
    return sorted(ranks, key=lambda at: (-ranks[at], at))


def summary(sentences, order, budget):
    chosen, left = [], budget
    for at in order:
        if len(sentences[at]) <= left:
            chosen.append(at)
            left -= len(sentences[at])
    if not chosen and order:
        return sentences[order[0]][:budget]
    return "".join(sentences[at] for at in sorted(chosen))


def main():
    with open(sys.argv[1], encoding="utf-8") as lines, open(sys.argv[2], "w", encoding="utf-8") as out:
        for line in lines:
            article = json.loads(line)
            sentences = [part.strip() for part in END.findall(article["text"]) if part.strip()][:300]
            order = ranked(sentences) if sentences else []
            answers = [summary(sentences, order, budget) for budget in article["budgets"]]
            out.write(json.dumps({"id": article["id"], "summaries": answers}, ensure_ascii=False) + "\n")


main()
