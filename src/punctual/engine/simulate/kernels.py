"""Compiled heart of the simulation: draws, longest paths and criticality, a block of runs at a time.

Random numbers are counter-based: number ``run`` of the stream ``key`` is the SplitMix64 output for the state
``key + (run + 1) * GAMMA``. Nothing is carried from one number to the next, so any run can be drawn again, alone, on
any thread, with the same result; a run repeated without one risk therefore sees the same luck.

A block holds :data:`LANES` runs side by side (one row a quantity, one column a run), which is what lets the processor
work on eight runs at once; the working memory is two rows an activity whatever the number of runs.

Sources: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64);
M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# The compiler infers the types of kernels from their arguments; the shapes stand in the docstrings.

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint64

from punctual.engine.simulate.pert import SCORE_LIMIT, SCORE_NODES, SCORE_STEP

LANES = 64
"""Runs in one block. A constant, so that each run takes the same machine instructions wherever it stands in a block."""

FIXED, UNIFORM, TRIANGULAR, EXPONENTIAL, DISCRETE, NORMAL, LOGNORMAL, PERT = range(8)

LEVEL_STEPS = 256
"""The table of a quantile over its level: a cubic between k / 256 and the next node, within 1/64 and 63/64."""
_LOWEST_LEVEL = 1.0 / 64.0

OCTAVES, OCTAVE_STEPS = 16, 8
"""Its tails: so many times half as near to 0 (or 1), each in so many cubics."""
_TAIL = 4 * OCTAVES * OCTAVE_STEPS
_FARTHEST = _LOWEST_LEVEL * 2.0**-OCTAVES
TABLE_SIZE = 4 * LEVEL_STEPS + 2 * _TAIL
"""Four coefficients a cubic: the middle, the low tail, the high tail."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53

_FAST = {"nnan", "ninf", "nsz", "contract", "reassoc"}


@njit(cache=True, nogil=True, inline="always")
def _uniform(key, run):
    """The number ``run`` of stream ``key``, strictly between 0 and 1 (53 bits)."""
    z = key + (uint64(run) + uint64(1)) * _GAMMA
    z = (z ^ (z >> uint64(30))) * _MIX1
    z = (z ^ (z >> uint64(27))) * _MIX2
    z = z ^ (z >> uint64(31))
    return (np.float64(z >> uint64(11)) + 0.5) * _UNIT


@njit(cache=True, nogil=True, inline="always")
def _central_score(q):
    """AS 241 (PPND16) for ``q = p - 0.5`` of at most 0.425 in size."""
    r = 0.180625 - q * q
    top = ((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
    top = ((top + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r
    top = ((top + 1.9715909503065514427e3) * r + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
    low = ((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
    low = ((low + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r
    low = ((low + 6.8718700749205790830e2) * r + 4.2313330701600911252e1) * r + 1.0
    return q * top / low


@njit(cache=True, nogil=True)
def _tail_score(p):
    """AS 241 (PPND16) for ``p`` outside 0.075 to 0.925."""
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        top = ((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
        top = ((top + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r
        top = ((top + 5.76949722146069140550e0) * r + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        low = ((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
        low = ((low + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r
        low = ((low + 1.67638483018380384940e0) * r + 2.05319162663775882187e0) * r + 1.0
    else:
        r -= 5.0
        top = ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
        top = ((top + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r
        top = ((top + 1.78482653991729133580e0) * r + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
        low = ((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
        low = ((low + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r
        low = ((low + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1.0
    return -top / low if p < 0.5 else top / low


@njit(cache=True, nogil=True)
def _score(p):
    """The standard normal quantile, about 16 figures."""
    return _central_score(p - 0.5) if abs(p - 0.5) <= 0.425 else _tail_score(p)


@njit(cache=True, nogil=True)
def _from_level(kind, p, tables, u):
    """The quantile at level ``u`` of the kinds that are simplest in ``u``."""
    if kind == UNIFORM:
        return p[0] + p[1] * u
    if kind == TRIANGULAR:
        if u < p[2]:
            return p[0] + math.sqrt(u * p[3])
        return p[1] - math.sqrt((1.0 - u) * p[4])
    if kind == EXPONENTIAL:
        return -p[0] * math.log(1.0 - u)
    if kind == DISCRETE:
        first = int(p[0])
        count = int(p[1])
        low, high = 0, count - 1
        while low < high:
            middle = (low + high) >> 1
            if u > tables[first + middle]:
                low = middle + 1
            else:
                high = middle
        return tables[first + count + low]
    return p[0]


@njit(cache=True, nogil=True, inline="always")
def _on_scores(tables, first, z):
    """The value at normal score ``z`` of the PERT table that begins at ``first``: a cubic between its nodes."""
    x = (min(max(z, -SCORE_LIMIT), SCORE_LIMIT) + SCORE_LIMIT) / SCORE_STEP
    node = min(int(x), SCORE_NODES - 2)
    t = x - node
    rest = 1.0 - t
    at = first + 2 * node
    value = rest * rest * ((1.0 + 2.0 * t) * tables[at] + t * SCORE_STEP * tables[at + 1])
    return value + t * t * ((3.0 - 2.0 * t) * tables[at + 2] - rest * SCORE_STEP * tables[at + 3])


@njit(cache=True, nogil=True)
def _from_score(kind, p, tables, z):
    """The quantile at normal score ``z`` of the kinds that have tables (:func:`level_table`)."""
    if kind == NORMAL:
        return max(0.0, p[0] + p[1] * z)
    if kind == LOGNORMAL:
        return p[1] * math.exp(p[3] * z)
    return p[0] + p[1] * _on_scores(tables, int(p[3]), z)


@njit(cache=True, nogil=True)
def _standard(kind, p, tables, z):
    """The standardised quantile at normal score ``z`` and its slope over the level."""
    value, slope = z, 1.0
    if kind == LOGNORMAL:
        value = math.exp(p[3] * z)
        slope = p[3] * value
    elif kind == PERT:
        half = 0.5 * SCORE_STEP
        first = int(p[3])
        value = _on_scores(tables, first, z)
        slope = (_on_scores(tables, first, z + half) - _on_scores(tables, first, z - half)) / SCORE_STEP
    return value, slope * math.sqrt(2.0 * math.pi) * math.exp(0.5 * z * z)


@njit(cache=True, nogil=True)
def _write_cubic(out, at, step, left, right):
    """Hermite's cubic over a way of 0 to 1 from (value, slope) to (value, slope) at levels ``step`` apart."""
    rise = right[0] - left[0]
    first, second = left[1] * step, right[1] * step
    out[at] = left[0]
    out[at + 1] = first
    out[at + 2] = 3.0 * rise - 2.0 * first - second
    out[at + 3] = first + second - 2.0 * rise


@njit(cache=True, nogil=True)
def level_table(kind, p, tables, out):
    """Fill ``out`` (of :data:`TABLE_SIZE`) with the cubics of the standardised quantile over its level.

    Standardised: the quantile is ``p[0] + p[1] * value`` (a normal one cut at 0). Rows of the kinds with tables are
    NORMAL (mean, sd, table), LOGNORMAL (0, median, table, sd of the logarithm), PERT (min, width, table, PERT table).
    """
    edge = LEVEL_STEPS // 64
    left = _standard(kind, p, tables, _score(edge / LEVEL_STEPS))
    for k in range(edge, LEVEL_STEPS - edge):
        right = _standard(kind, p, tables, _score((k + 1) / LEVEL_STEPS))
        _write_cubic(out, 4 * k, 1.0 / LEVEL_STEPS, left, right)
        left = right
    for octave in range(OCTAVES):
        width = 0.5 * _LOWEST_LEVEL * 2.0**-octave
        step = width / OCTAVE_STEPS
        at = 4 * (LEVEL_STEPS + octave * OCTAVE_STEPS)
        for k in range(OCTAVE_STEPS):
            near, far = width + k * step, width + (k + 1) * step
            low = _standard(kind, p, tables, _tail_score(near)), _standard(kind, p, tables, _tail_score(far))
            high = _standard(kind, p, tables, -_tail_score(near)), _standard(kind, p, tables, -_tail_score(far))
            _write_cubic(out, at + 4 * k, step, low[0], low[1])
            _write_cubic(out, at + _TAIL + 4 * k, -step, high[0], high[1])


@njit(cache=True, nogil=True, inline="always")
def _cubic(tables, at, t):
    third = tables[at + np.uint32(2)] + t * tables[at + np.uint32(3)]
    return tables[at] + t * (tables[at + np.uint32(1)] + t * third)


@njit(cache=True, nogil=True, fastmath=_FAST)
def _draw_from_table(kind, p, tables, key, runs, out):
    """Draws of the kinds with tables: the middle's cubics for all lanes, then the 3 in 100 of the tails put right."""
    base, scale, first = p[0], p[1], np.int32(p[2])
    levels = np.empty(LANES)
    for lane in range(LANES):
        levels[lane] = _uniform(key, runs[lane])
    for lane in range(LANES):
        x = levels[lane] * LEVEL_STEPS
        node = np.int32(x)
        out[lane] = base + scale * _cubic(tables, np.uint32(first + 4 * node), x - node)
    for lane in range(LANES):
        u = levels[lane]
        if abs(u - 0.5) > 0.5 - _LOWEST_LEVEL:
            near = min(u, 1.0 - u)
            if near < _FARTHEST:
                out[lane] = _from_score(kind, p, tables, _tail_score(u))
                continue
            part, power = math.frexp(near / _LOWEST_LEVEL)
            x = (2.0 * part - 1.0) * OCTAVE_STEPS
            step = int(x)
            at = first + 4 * (LEVEL_STEPS - power * OCTAVE_STEPS + step) + (_TAIL if u > 0.5 else 0)
            out[lane] = base + scale * _cubic(tables, np.uint32(at), x - step)
    if kind == NORMAL:
        for lane in range(LANES):
            out[lane] = max(0.0, out[lane])


@njit(cache=True, nogil=True, fastmath=_FAST)
def _draw_few(p, tables, key, runs, out):
    """Draws among a few discrete values: a comparison with each step for all lanes, without branches."""
    first, count = int(p[0]), int(p[1])
    levels = np.empty(LANES)
    for lane in range(LANES):
        levels[lane] = _uniform(key, runs[lane])
        out[lane] = tables[first + count]
    for k in range(count - 1):
        step, value = tables[first + k], tables[first + count + k + 1]
        for lane in range(LANES):
            out[lane] = value if levels[lane] > step else out[lane]


@njit(cache=True, nogil=True, fastmath=_FAST)
def draw(kind, p, tables, key, runs, out):
    """One row of independent draws: ``out[lane]`` for the run numbers ``runs[lane]`` (both of LANES)."""
    if kind == TRIANGULAR:
        a, b, c, k1, k2 = p[0], p[1], p[2], p[3], p[4]
        for lane in range(LANES):
            u = _uniform(key, runs[lane])
            below = u < c
            root = math.sqrt(u * k1 if below else (1.0 - u) * k2)
            out[lane] = a + root if below else b - root
    elif kind == UNIFORM:
        for lane in range(LANES):
            out[lane] = p[0] + p[1] * _uniform(key, runs[lane])
    elif kind == FIXED:
        for lane in range(LANES):
            out[lane] = p[0]
    elif kind >= NORMAL:
        _draw_from_table(kind, p, tables, key, runs, out)
    elif kind == EXPONENTIAL:
        for lane in range(LANES):
            out[lane] = -p[0] * math.log(1.0 - _uniform(key, runs[lane]))
    elif kind == DISCRETE and p[1] <= 32:
        _draw_few(p, tables, key, runs, out)
    else:
        for lane in range(LANES):
            out[lane] = _from_level(kind, p, tables, _uniform(key, runs[lane]))


@njit(cache=True, nogil=True)
def from_scores(kind, p, tables, scores, out):
    """One row of durations for given normal scores (correlated activities; also the shape that NORTA integrates)."""
    if kind >= NORMAL:
        for k in range(len(scores)):
            out[k] = _from_score(kind, p, tables, scores[k])
    elif kind == EXPONENTIAL:
        for k in range(len(scores)):
            out[k] = -p[0] * math.log(0.5 * math.erfc(scores[k] * math.sqrt(0.5)))
    else:
        for k in range(len(scores)):
            out[k] = _from_level(kind, p, tables, 0.5 * math.erfc(-scores[k] * math.sqrt(0.5)))


@njit(cache=True, nogil=True, fastmath=_FAST)
def draw_risks(risks, tables, skipped, runs, impacts):
    """``impacts[risk, lane]``: what each risk adds in each run; 0 where it does not occur or is ``skipped``."""
    kinds, parameters, probabilities, event_keys, impact_keys = risks
    for risk in range(len(kinds)):
        row = impacts[risk]
        if risk == skipped:
            row[:] = 0.0
            continue
        draw(kinds[risk], parameters[risk], tables, impact_keys[risk], runs, row)
        for lane in range(LANES):
            row[lane] = row[lane] if _uniform(event_keys[risk], runs[lane]) < probabilities[risk] else 0.0


@njit(cache=True, nogil=True)
def draw_scores(groups, runs, own, scores):
    """``scores[member, lane]``: correlated normal scores, ``L @ n`` group by group with independent ``n``."""
    starts, keys, factors, factor_starts = groups
    for group in range(len(starts) - 1):
        first = starts[group]
        size = starts[group + 1] - first
        for member in range(size):
            for lane in range(LANES):
                own[member, lane] = _score(_uniform(keys[first + member], runs[lane]))
        at = factor_starts[group]
        for member in range(size):
            row = scores[first + member]
            row[:] = 0.0
            for other in range(member + 1):
                weight = factors[at + member * size + other]
                for lane in range(LANES):
                    row[lane] += weight * own[other, lane]


@njit(cache=True, nogil=True, fastmath=_FAST)
def duration_row(i, activities, risk_links, tables, runs, scores, impacts, out):
    """``out[lane]``: the duration of activity ``i`` with the impacts of the risks that act on it."""
    kinds, parameters, keys, score_rows = activities
    if score_rows[i] >= 0:
        from_scores(kinds[i], parameters[i], tables, scores[score_rows[i]], out)
    else:
        draw(kinds[i], parameters[i], tables, keys[i], runs, out)
    starts, risks = risk_links
    for link in range(starts[i], starts[i + 1]):
        row = impacts[risks[link]]
        for lane in range(LANES):
            out[lane] += row[lane]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _forward(links, releases, activities, risk_links, tables, runs, scores, impacts, start, finish, end):
    """Start and finish rows of every activity, in topological order, and the end of the network."""
    pred_starts, preds, succ_starts, _ = links
    end[:] = 0.0
    for i in range(len(releases)):
        begin = start[i]
        begin[:] = releases[i]
        for link in range(pred_starts[i], pred_starts[i + 1]):
            before = finish[preds[link]]
            for lane in range(LANES):
                begin[lane] = max(begin[lane], before[lane])
        done = finish[i]
        duration_row(i, activities, risk_links, tables, runs, scores, impacts, done)
        for lane in range(LANES):
            done[lane] += begin[lane]
        if succ_starts[i] == succ_starts[i + 1]:
            for lane in range(LANES):
                end[lane] = max(end[lane], done[lane])


@njit(cache=True, nogil=True, fastmath=_FAST)
def _count_critical(links, start, finish, end, used, mark, counts):
    """Add to ``counts[i]`` the runs among the first ``used`` in which activity ``i`` lies on a longest path.

    Backwards: an activity is critical when it ends with the network, or when a critical successor starts at the very
    instant at which it ends (the start is the maximum of such ends, so equality is exact). Starts of activities that
    are not critical are overwritten by -1, which no finish equals.
    """
    _, _, succ_starts, succs = links
    for i in range(len(counts) - 1, -1, -1):
        done = finish[i]
        first = succ_starts[i]
        last = succ_starts[i + 1]
        if first == last:
            for lane in range(LANES):
                mark[lane] = 1.0 if done[lane] == end[lane] else 0.0
        else:
            mark[:] = 0.0
            for link in range(first, last):
                after = start[succs[link]]
                for lane in range(LANES):
                    mark[lane] = 1.0 if done[lane] == after[lane] else mark[lane]
        begin = start[i]
        for lane in range(LANES):
            begin[lane] = begin[lane] if mark[lane] > 0.5 else -1.0
        total = 0.0
        for lane in range(LANES):
            total += mark[lane] if lane < used else 0.0
        counts[i] += total


@njit(cache=True, nogil=True)
def simulate_runs(links, releases, activities, risk_links, risks, groups, tables, skipped, runs, ends, counts):
    """The end of the network in each of ``runs`` (any run numbers), and critical counts unless ``counts`` is empty.

    ``links``       (pred_starts, preds, succ_starts, succs): compressed rows over activities in topological order.
    ``releases``    earliest starts.
    ``activities``  (kinds, parameters, keys, score_rows); ``risk_links`` (starts, risks) compressed rows.
    ``risks``       (kinds, parameters, probabilities, event_keys, impact_keys); ``skipped`` one left out, or -1.
    ``groups``      (starts, keys, factors, factor_starts) of the correlated activities.
    """
    size = len(releases)
    start = np.empty((size, LANES))
    finish = np.empty((size, LANES))
    end = np.empty(LANES)
    mark = np.empty(LANES)
    lanes = np.empty(LANES, np.int64)
    impacts = np.empty((len(risks[0]), LANES))
    scores = np.empty((len(groups[1]), LANES))
    own = np.empty((len(groups[1]), LANES))
    for first in range(0, len(runs), LANES):
        used = min(LANES, len(runs) - first)
        for lane in range(LANES):
            lanes[lane] = runs[first + min(lane, used - 1)]
        draw_risks(risks, tables, skipped, lanes, impacts)
        draw_scores(groups, lanes, own, scores)
        _forward(links, releases, activities, risk_links, tables, lanes, scores, impacts, start, finish, end)
        ends[first : first + used] = end[:used]
        if len(counts) > 0:
            _count_critical(links, start, finish, end, used, mark, counts)


@njit(cache=True, nogil=True)
def duration_block(activities, risk_links, risks, groups, tables, skipped, runs, durations):
    """``durations[activity, lane]`` for at most LANES run numbers ``runs``; lanes beyond them repeat the last run."""
    lanes = np.empty(LANES, np.int64)
    for lane in range(LANES):
        lanes[lane] = runs[min(lane, len(runs) - 1)]
    impacts = np.empty((len(risks[0]), LANES))
    scores = np.empty((len(groups[1]), LANES))
    draw_risks(risks, tables, skipped, lanes, impacts)
    draw_scores(groups, lanes, np.empty((len(groups[1]), LANES)), scores)
    for i in range(len(durations)):
        duration_row(i, activities, risk_links, tables, lanes, scores, impacts, durations[i])


@njit(cache=True, nogil=True)
def column(i, activities, risk_links, risks, groups, tables, out):
    """The durations of one activity in runs 0, 1, … ``len(out) - 1``."""
    lanes = np.empty(LANES, np.int64)
    row = np.empty(LANES)
    impacts = np.empty((len(risks[0]), LANES))
    scores = np.empty((len(groups[1]), LANES))
    own = np.empty((len(groups[1]), LANES))
    for first in range(0, len(out), LANES):
        used = min(LANES, len(out) - first)
        for lane in range(LANES):
            lanes[lane] = first + lane
        draw_risks(risks, tables, -1, lanes, impacts)
        draw_scores(groups, lanes, own, scores)
        duration_row(i, activities, risk_links, tables, lanes, scores, impacts, row)
        out[first : first + used] = row[:used]


@njit(cache=True, nogil=True, fastmath=_FAST)
def level_sums(keys, first, ranks, sums):
    """``sums[i] = (Σu, Σu², Σu·rank)`` over the runs ``first, first + 1, …`` for the draws of activity ``i``."""
    for i in range(len(keys)):
        key = keys[i]
        total = 0.0
        squares = 0.0
        products = 0.0
        for k in range(len(ranks)):
            u = _uniform(key, first + k) - 0.5
            total += u
            squares += u * u
            products += u * ranks[k]
        sums[i, 0] = total
        sums[i, 1] = squares
        sums[i, 2] = products


@njit(cache=True, nogil=True)
def occurrences(key, probability, runs):
    """The run numbers 0 … runs - 1 in which a risk with this event stream occurs."""
    found = np.empty(runs, np.int64)
    count = 0
    for run in range(runs):
        if _uniform(key, run) < probability:
            found[count] = run
            count += 1
    return found[:count].copy()
