"""The case of benches/simulate.rs in SimPy with event callbacks, its fastest style: two skills, 50 agents in three groups,
a 15-minute profile, hang-ups. Prints one line of JSON like the other side. Usage: simpy_peer.py DAYS"""

import json
import math
import random
import sys
import time
from collections import deque

import simpy

QUARTER_S = 900.0
LOADS = [(300.0, 240.0, 120.0), (150.0, 420.0, 180.0)]  # calls/h at weight 1, handle time, patience
GROUPS = [((0,), 20.0), ((1,), 20.0), ((0, 1), 10.0)]
ABLE = [[0, 2], [1, 2]]  # specialists first
WITHIN_S = 20.0


def weight(quarter):
    hour = (quarter % 96) / 4.0
    return 0.2 + math.exp(-(((hour - 11.0) / 4.0) ** 2))


class Caller:
    __slots__ = ("at", "skill", "counts", "waiting")

    def __init__(self, at, skill, counts):
        self.at, self.skill, self.counts, self.waiting = at, skill, counts, True


class Centre:
    def __init__(self, env, end_s, warm_up_s):
        self.env, self.end_s, self.warm_up_s = env, end_s, warm_up_s
        self.queues = [deque(), deque()]
        self.busy, self.staff = [0, 0, 0], [0, 0, 0]
        self.calls = self.within = self.abandoned = 0
        self.quarter = -1
        self.enter_quarter(None)

    def later(self, delay, callback, value=None):
        event = self.env.timeout(delay, value)
        event.callbacks.append(callback)

    def enter_quarter(self, _):
        self.quarter += 1
        w = weight(self.quarter)
        self.rates = [calls * w / 3600.0 for calls, _, _ in LOADS]
        self.rate = sum(self.rates)
        for group, (_, most) in enumerate(GROUPS):
            self.staff[group] = max(2, math.ceil(most * w / 1.2))
            while self.busy[group] < self.staff[group] and self.take_longest(group):
                pass
        self.until = (self.quarter + 1) * QUARTER_S
        if self.until < self.end_s:
            self.later(QUARTER_S, self.enter_quarter)
        self.next_arrival()

    def next_arrival(self):
        gap = random.expovariate(self.rate)
        if self.env.now + gap < self.until:
            self.later(gap, self.arrive)

    def arrive(self, _):
        skill = 0 if random.random() * self.rate < self.rates[0] else 1
        counts = self.env.now >= self.warm_up_s
        self.calls += counts
        caller = Caller(self.env.now, skill, counts)
        for group in ABLE[skill]:
            if self.busy[group] < self.staff[group]:
                self.answer(caller, group)
                break
        else:
            self.queues[skill].append(caller)
            self.later(random.expovariate(1.0 / LOADS[skill][2]), self.give_up, caller)
        self.next_arrival()

    def answer(self, caller, group):
        caller.waiting = False
        self.within += caller.counts and self.env.now - caller.at <= WITHIN_S
        self.busy[group] += 1
        self.later(random.expovariate(1.0 / LOADS[caller.skill][1]), self.end_call, group)

    def give_up(self, event):
        caller = event.value
        if caller.waiting:
            caller.waiting = False
            self.abandoned += caller.counts

    def end_call(self, event):
        group = event.value
        self.busy[group] -= 1
        if self.busy[group] < self.staff[group]:
            self.take_longest(group)

    def take_longest(self, group):
        best = None
        for skill in GROUPS[group][0]:
            queue = self.queues[skill]
            while queue and not queue[0].waiting:
                queue.popleft()
            if queue and (best is None or queue[0].at < best[0].at):
                best = queue
        if best is None:
            return False
        self.answer(best.popleft(), group)
        return True


def main():
    days = int(sys.argv[1])
    random.seed(1)
    env = simpy.Environment()
    warm_up_s = 96 * QUARTER_S
    centre = Centre(env, warm_up_s + days * 96 * QUARTER_S, warm_up_s)
    started = time.process_time()
    env.run()
    took_s = time.process_time() - started
    print(json.dumps({"calls": centre.calls, "answered_within": centre.within, "abandoned": centre.abandoned, "cpu_seconds": took_s}))


main()
