"""The wave-plan model of a JSON file in CP-SAT, written from the handbook's rules and not from the planner's code.

usage: bench-planner.py MODEL.json PLAN.json [TIME_LIMIT_S] [GAP]   one thread; prints one line of JSON
"""

import json
import sys
import time

from ortools.sat.python import cp_model

RUNGS = ["message", "appointment", "consult", "triage"]


def main(file, plan_file, limit_s=600.0, gap=0.0):
    begin = time.perf_counter()
    with open(file, encoding="utf-8") as f:
        given = json.load(f)
    model, weights = given["model"], given["weights"]
    m = cp_model.CpModel()
    weeks = model["weeks"]
    kinds = {k["id"]: k for k in model["types"]}
    cells = model["cells"]
    shares = [kinds[c["type"]]["shares_percent"] for c in cells]
    rung = [RUNGS.index(kinds[c["type"]]["rung"]) for c in cells]
    cell_ids = range(len(cells))
    y = [[[m.new_bool_var("") for _ in range(weeks)] for _ in s] for s in shares]

    def by(cell, step, week):
        """Step taken by a week: 0, 1 or a variable."""
        if week < 0:
            return 0
        if week >= weeks - 1:
            return 1
        return y[cell][step][week]

    def implies(a, b):
        """a <= b"""
        if isinstance(a, int) and isinstance(b, int):
            if a > b:
                m.add_bool_or([])
        elif isinstance(a, int):
            if a == 1:
                m.add(b == 1)
        elif isinstance(b, int):
            if b == 0:
                m.add(a == 0)
        else:
            m.add_implication(a, b)

    def scoped(rule):
        scope = rule.get("scope", {})
        for c in cell_ids:
            of = cells[c]
            if all(
                not scope.get(key) or of[name] in scope[key]
                for key, name in (("sites", "site"), ("types", "type"), ("shifts", "shift"))
            ):
                yield c

    def ceil_div(a, b):
        return -(-a // b)

    def evidence(c, share, contacts):
        return ceil_div(contacts * 100, cells[c]["contacts_per_week"] * share)

    rules = model["rules"]
    soak, hold = [0] * len(cells), [0] * len(cells)
    for r in rules:
        for c in scoped(r):
            if r["kind"] == "soak":
                soak[c] = max(soak[c], r["weeks"])
            elif r["kind"] == "evidence":
                soak[c] = max(soak[c], evidence(c, shares[c][-1], r["contacts"]))
            elif r["kind"] == "hold":
                hold[c] = max(hold[c], r["weeks"])

    for c in cell_ids:
        for s in range(len(shares[c])):
            m.add(y[c][s][weeks - 1] == 1)
            for w in range(1, weeks):
                implies(y[c][s][w - 1], y[c][s][w])
            if s:
                for w in range(weeks):
                    implies(by(c, s, w), by(c, s - 1, w - 1))

    def gap_after(c, s, n):
        for w in range(weeks):
            implies(by(c, s, w), by(c, s - 1, w - n))

    def gate(rule, before, after):
        for w in range(weeks):
            if rule["gate"] == "accepted":
                implies(by(after, 0, w), by(before, len(shares[before]) - 1, w - soak[before]))
            else:
                step = min(rule["step"], len(shares[before])) - 1
                implies(by(after, 0, w), by(before, step, w - rule["weeks"]))

    def uses(rule, amounts, first, last, capacity, horizon=weeks):
        """A step taken in week t uses an amount in [t + first, t + last)."""
        for w in range(horizon):
            m.add(
                sum(a * (by(c, s, w - first) - (by(c, s, w - last) if last is not None else 0)) for c, s, a in amounts)
                <= capacity(w)
            )

    def moved(c, s):
        return (shares[c][s] - (shares[c][s - 1] if s else 0)) * cells[c]["contacts_per_week"]

    def people(c, s):
        return ceil_div(cells[c]["people"] * shares[c][s], 100) if s >= 0 else 0

    def pool(entries, w):
        return max((p["week"], p["people"]) for p in entries if p["week"] <= w)[1] if entries[0]["week"] <= w else 0

    for r in rules:
        kind, about = r["kind"], list(scoped(r))
        every = [(c, s) for c in about for s in range(len(shares[c]))]
        if kind == "step_gap":
            for c, s in every:
                if s:
                    gap_after(c, s, r["weeks"])
        elif kind == "evidence":
            for c, s in every:
                if s:
                    gap_after(c, s, evidence(c, shares[c][s - 1], r["contacts"]))
        elif kind == "blackout":
            for c, s in every:
                for w in range(r["first"], min(r["last"], weeks - 1) + 1):
                    implies(by(c, s, w), by(c, s, w - 1))
        elif kind == "not_before":
            for c in about:
                implies(by(c, 0, r["week"] - 1), 0)
        elif kind == "easy_first":
            for a in about:
                for b in about:
                    if cells[a]["site"] == cells[b]["site"] and rung[b] == rung[a] + 1:
                        gate(r, a, b)
        elif kind == "shift_order":
            place = model["shifts"].index
            for a in about:
                for b in about:
                    same = all(cells[a][k] == cells[b][k] for k in ("site", "type"))
                    if same and place(cells[b]["shift"]) == place(cells[a]["shift"]) + 1:
                        gate(r, a, b)
        elif kind == "sites_in_motion":
            for w in range(weeks):
                moving = []
                for site in model["sites"]:
                    own = [c for c in about if cells[c]["site"] == site["id"]]
                    begun, done = m.new_bool_var(""), m.new_bool_var("")
                    for c in own:
                        implies(by(c, 0, w), begun)
                        implies(done, by(c, len(shares[c]) - 1, w - soak[c]))
                    moving.append(begun - done)
                m.add(sum(moving) <= r["max"])
        elif kind == "classes":
            firsts = [(c, 0, cells[c]["trainees"]) for c in about]
            for c in about:
                implies(by(c, 0, r["weeks"] - 1), 0)
            uses(r, firsts, -r["weeks"], 0, lambda w: r["trainers"] * r["seats"])
        elif kind == "test_team":
            for c in about:
                implies(by(c, 0, r["weeks"] - 1), 0)
            uses(r, [(c, 0, 1) for c in about], -r["weeks"], 0, lambda w: r["cells"])
        elif kind == "headcount":
            amounts = [(c, s, people(c, s) - people(c, s - 1)) for c, s in every]
            uses(r, amounts, 0, None, lambda w: pool(r["people"], w))
        elif kind == "step_contacts":
            most = r["percent_max"] * sum(c["contacts_per_week"] for c in cells)
            uses(r, [(c, s, moved(c, s)) for c, s in every], 0, 1, lambda w: most)
        elif kind == "volume_per_week":
            uses(r, [(c, s, moved(c, s)) for c, s in every], 0, 1, lambda w: r["contacts"] * 100)
        elif kind == "triage_points":
            for site in model["sites"]:
                own = [c for c in about if cells[c]["site"] == site["id"] and rung[c] == 3]
                most = r["points_max"] * sum(cells[c]["contacts_per_week"] for c in own)
                uses(r, [(c, s, moved(c, s)) for c, s in every if c in own], 0, 1, lambda w: most)
        elif kind == "readiness":
            for w in range(weeks + 10):
                need = sum(
                    cells[c]["n95"] * (1 - by(c, len(shares[c]) - 1, w - soak[c] - hold[c])) for c in about
                )
                m.add(need <= pool(r["kept"], w))
        elif kind not in ("soak", "hold"):
            raise SystemExit(f"bench-planner.py knows no rule of the kind {kind}")

    saved = []
    for w in range(weeks - 1):
        done = m.new_bool_var("")
        for c in cell_ids:
            implies(done, by(c, len(shares[c]) - 1, w))
        saved.append(done)

    def week_of(c, s):
        return weeks - sum(y[c][s])

    dual = sum(
        cells[c]["dual_cost_per_week"] * (week_of(c, len(shares[c]) - 1) - week_of(c, 0)) for c in cell_ids
    )
    m.minimize(weights["week"] * (weeks - sum(saved)) + weights["dual_cost"] * dual)

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    # The precedences in its linear relaxation: 15 s become 1.2 s on the single-site model.
    solver.parameters.linearization_level = 2
    solver.parameters.random_seed = 1
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.relative_gap_limit = gap
    status = solver.solve(m)
    answer = {"status": solver.status_name(status), "wall_s": time.perf_counter() - begin}
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        answer |= {"objective": round(solver.objective_value), "bound": solver.best_objective_bound}
        plan = [
            [weeks - sum(solver.value(v) for v in y[c][s]) for s in range(len(shares[c]))] for c in cell_ids
        ]
        with open(plan_file, "w", encoding="utf-8") as f:
            json.dump(plan, f)
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(float, sys.argv[3:]))
