import type { Panel } from '../market/panel.ts'
import type { Instant, IsoDate } from '../units.ts'
import { type FeatureMatrix, faded, firstAtOrAfter, freshScores, standardized } from './features.ts'
import { type CatalystKind, catalystKinds, type KindSettings } from './kinds.ts'
import { type Outcomes, type PooledIc, pooledIc } from './pooled-ic.ts'
import { openToOpen, residualAt } from './residuals.ts'
import type { StoredSignal } from './stored-signal.ts'

/** Outcomes beyond so many standard deviations are cut, so that one redenomination does not make a kind's record. */
const outcomeMost = 5

/** Everything that a book's signals say over a panel, ready to be read session by session. */
export type Forecasts = {
  readonly kinds: readonly CatalystKind[]
  readonly settings: Readonly<Record<CatalystKind, KindSettings>>
  /** Signals about these assets that became known while the panel lasts. */
  readonly usable: number
  /** All that were given. */
  readonly signals: readonly StoredSignal[]
  /** What residuals are taken against. */
  readonly marketSymbol: string
  /** Standardized scores of a kind, rows = sessions, columns = assets in the order given. */
  readonly scores: Readonly<Partial<Record<CatalystKind, FeatureMatrix>>>
  readonly outcomes: Readonly<Partial<Record<CatalystKind, Outcomes>>>
  /** What was known of a kind at a session's close. */
  readonly ic: (kind: CatalystKind, session: number) => PooledIc
  /**
   * Expected simple return of each asset over `horizonDays` from the next fill on, at the close of a session: the sum over kinds
   * of IC * residual volatility * sqrt(h) * score, times the part of the kind's own horizon h that lies within `horizonDays`.
   * 0 where nothing is known or nothing has ever been shown.
   */
  readonly expectedReturns: (session: number, horizonDays: number) => Float64Array
  /** The same with what it is made of. */
  readonly expectation: (session: number, horizonDays: number) => Expectation
}

/** Expected returns of all assets at one session's close. */
export type Expectation = {
  readonly returns: Float64Array
  /** Horizon of the kinds that speak, weighted by how much each says: the days over which a trade's costs are spread. 0 without any. */
  readonly horizons: Float64Array
  /** Kind that says most of each asset; null where none does. */
  readonly kinds: readonly (CatalystKind | null)[]
}

/**
 * @param assets symbols of the panel, the columns of all matrices
 * @param marketSymbol what residuals are taken against
 * @param dataEnd when the data of a session end: a signal known by then may be used in its decision
 * @param entrySession session at whose open the orders of a session's decision fill
 */
export function forecastsOf(input: {
  readonly signals: readonly StoredSignal[]
  readonly panel: Panel
  readonly assets: readonly string[]
  readonly marketSymbol: string
  readonly settings: Readonly<Record<CatalystKind, KindSettings>>
  readonly dataEnd: (date: IsoDate) => Instant
  readonly entrySession: (session: number) => number
}): Forecasts {
  const { panel, assets, settings } = input
  const times = panel.sessions.map(input.dataEnd)
  const signals = ofTraded(input.signals, panel, times)
  const present = new Set(signals.map(({ kind }) => kind))
  const kinds = catalystKinds.filter((kind) => present.has(kind))
  const scores: Partial<Record<CatalystKind, FeatureMatrix>> = {}
  const outcomes: Partial<Record<CatalystKind, Outcomes>> = {}
  for (const kind of kinds) {
    // Compared are the texts of one day; what has faded since is carried along, and no part of the comparison.
    const fresh = standardized(freshScores(signals, { kind, assets, times, settings: settings[kind] }))
    scores[kind] = faded(fresh, { times, settings: settings[kind] })
    outcomes[kind] = outcomesOf({ ...input, signals, kind, matrix: fresh, times })
  }
  const known = new Map<string, PooledIc>()
  const ic = (kind: CatalystKind, session: number): PooledIc => {
    const key = `${kind}/${session}`
    let found = known.get(key)
    if (found === undefined) {
      found = pooledIc(outcomes[kind]!, session)
      known.set(key, found)
    }
    return found
  }
  const market = panel.bySymbol.get(input.marketSymbol)
  const usable = signals.filter(({ asset, knownAt }) => {
    return assets.includes(asset) && knownAt <= (times.at(-1) ?? '') && knownAt > (times[0] ?? '')
  }).length
  return {
    kinds,
    settings,
    usable,
    signals,
    marketSymbol: input.marketSymbol,
    scores,
    outcomes,
    ic,
    expectedReturns: (session, horizonDays) => expectation(session, horizonDays).returns,
    expectation,
  }

  function expectation(session: number, horizonDays: number): Expectation {
    const returns = new Float64Array(assets.length)
    const horizons = new Float64Array(assets.length)
    const said = new Float64Array(assets.length)
    const loudest: (CatalystKind | null)[] = assets.map(() => null)
    const most = new Float64Array(assets.length)
    for (const kind of kinds) {
      const { shrunk } = ic(kind, session)
      if (shrunk === 0 || market === undefined) continue
      const { horizonDays: own } = settings[kind]
      const matrix = scores[kind]!
      for (const [index, asset] of assets.entries()) {
        const at = session * matrix.assets + index
        if (matrix.known[at] !== 1) continue
        const residual = residualAt(panel.bySymbol.get(asset)!, market, session)
        if (residual === null) continue
        const part = shrunk * residual.volatility * Math.sqrt(own) * matrix.values[at]! * Math.min(1, horizonDays / own)
        returns[index]! += part
        horizons[index]! += Math.abs(part) * own
        said[index]! += Math.abs(part)
        if (Math.abs(part) <= most[index]!) continue
        most[index] = Math.abs(part)
        loudest[index] = kind
      }
    }
    for (let i = 0; i < assets.length; i++) if (said[i]! > 0) horizons[i]! /= said[i]!
    return { returns, horizons, kinds: loudest }
  }
}

/**
 * Without what was said of an asset before its first price: that it would be traded one day was not known, so it must not take part in
 * what is compared.
 */
function ofTraded(signals: readonly StoredSignal[], panel: Panel, times: readonly Instant[]): readonly StoredSignal[] {
  const firsts = new Map<string, Instant>()
  return signals.filter(({ asset, knownAt }) => {
    let first = firsts.get(asset)
    if (first === undefined) {
      const session = panel.bySymbol.get(asset)?.close.findIndex((close) => !Number.isNaN(close)) ?? -1
      // The data of the first price's own session begin where those of the one before end.
      first = session < 0 ? '9999' : (times[session - 1] ?? '')
      firsts.set(asset, first)
    }
    return knownAt > first
  })
}

/** One outcome for each asset and session at which new signals of the kind could first be used, by exit. */
function outcomesOf(input: {
  readonly signals: readonly StoredSignal[]
  readonly kind: CatalystKind
  readonly matrix: FeatureMatrix
  readonly times: readonly Instant[]
  readonly panel: Panel
  readonly assets: readonly string[]
  readonly marketSymbol: string
  readonly settings: Readonly<Record<CatalystKind, KindSettings>>
  readonly entrySession: (session: number) => number
}): Outcomes {
  const { panel, matrix } = input
  const market = panel.bySymbol.get(input.marketSymbol)
  const columns = new Map(input.assets.map((asset, index) => [asset, index]))
  const timesMs = input.times.map((time) => Date.parse(time))
  const horizon = input.settings[input.kind].horizonDays
  const seen = new Set<number>()
  const found: { decided: number; exit: number; score: number; outcome: number }[] = []
  for (const signal of input.signals) {
    const column = columns.get(signal.asset)
    if (signal.kind !== input.kind || column === undefined || market === undefined) continue
    const decided = firstAtOrAfter(timesMs, Date.parse(signal.knownAt))
    // What was known before the first session has no date of its own here.
    if (decided === 0 && timesMs[0]! - Date.parse(signal.knownAt) > 86_400_000) continue
    const entry = input.entrySession(decided)
    const exit = entry + horizon
    const at = decided * matrix.assets + column
    // Several texts that become known together are one event.
    if (decided >= matrix.rows || exit >= panel.sessions.length || seen.has(at)) continue
    seen.add(at)
    const asset = panel.bySymbol.get(signal.asset)!
    const residual = residualAt(asset, market, decided)
    const own = openToOpen(asset, entry, exit)
    const others = openToOpen(market, entry, exit)
    if (residual === null || Number.isNaN(own) || Number.isNaN(others)) continue
    const z = (own - residual.beta * others) / (residual.volatility * Math.sqrt(horizon))
    const outcome = Math.max(-outcomeMost, Math.min(outcomeMost, z))
    found.push({ decided, exit, score: matrix.values[at]!, outcome })
  }
  centerCompared(found, matrix)
  found.sort((a, b) => a.exit - b.exit || a.decided - b.decided)
  return {
    decided: Int32Array.from(found, ({ decided }) => decided),
    exit: Int32Array.from(found, ({ exit }) => exit),
    score: Float64Array.from(found, ({ score }) => score),
    outcome: Float64Array.from(found, ({ outcome }) => outcome),
  }
}

/** Scores that were standardized across the assets of a session speak of their order: so do their outcomes, less the mean of all. */
function centerCompared(found: { readonly decided: number; outcome: number }[], { compared }: FeatureMatrix): void {
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { decided, outcome } of found) {
    if (compared?.[decided] !== 1) continue
    const own = sums.get(decided) ?? { sum: 0, count: 0 }
    sums.set(decided, { sum: own.sum + outcome, count: own.count + 1 })
  }
  for (const event of found) {
    const own = sums.get(event.decided)
    if (own !== undefined) event.outcome -= own.sum / own.count
  }
}
