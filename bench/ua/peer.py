"""CPU time per agent of PyPI's ua-parser, by its two back ends, without a cache and from its own."""
import sys
import time

from ua_parser import Cache, CachingResolver, Parser
from ua_parser import basic, regex
from ua_parser.caching import Lru
from ua_parser.loaders import load_builtins


def measure(what, parser, agents):
    parser.parse(agents[0])
    best = 1e9
    for _ in range(2):
        start = time.process_time()
        for agent in agents:
            parser.parse(agent)
        best = min(best, time.process_time() - start)
    print(f"| {what:58} | {best / len(agents) * 1e6:8.2f} |", flush=True)


agents = open(sys.argv[1], encoding="utf-8", errors="replace").read().splitlines()
rules = load_builtins()
measure("ua-parser, rust (ua-parser-rs): unseen", Parser(regex.Resolver(rules)), agents)
measure("ua-parser, pure Python (re): unseen, of 200", Parser(basic.Resolver(rules)), agents[:: max(1, len(agents) // 200)])
cached = Parser(CachingResolver(regex.Resolver(rules), Lru(len(agents) + 1)))
for agent in agents:
    cached.parse(agent)
measure("ua-parser: from its cache (Lru)", cached, agents)
