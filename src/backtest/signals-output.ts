import type { CatalystKind } from '../catalysts/kinds.ts'
import type { PooledIc } from '../catalysts/pooled-ic.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { forecastsOn } from '../decision/policies/signals.ts'
import { type KindStudy, signalStudies } from './signal-events.ts'

/** What the signals of one kind have shown by the end of a backtest. */
export type KindEvidence = { readonly kind: CatalystKind; readonly horizonDays: number } & PooledIc

export type SignalsDocument = {
  /** Who read the texts: `baseline`, a model's name, or the file. */
  readonly extractor: string
  readonly signals: number
  /** Those about coins of this market with a direction, known within the backtest. */
  readonly usable: number
  readonly kinds: readonly KindEvidence[]
  /** One sentence: which kinds have shown an edge, or that none has. */
  readonly verdict: string
  readonly events: readonly KindStudy[]
  readonly notes: readonly string[]
}

/**
 * What a backtest on signals says of the signals themselves: pooled information coefficient of each kind at the last session, with
 * its 95 % interval. An edge is spoken of only where the whole interval lies above zero.
 *
 * @param last panel index of the backtest's last session
 */
export function signalsDocument(
  market: BookMarket,
  set: { readonly signals: readonly StoredSignal[]; readonly extractor: string; readonly notes: readonly string[] },
  last: number,
): SignalsDocument | undefined {
  const { coins } = market
  if (coins === undefined) return undefined
  const forecasts = forecastsOn(market, coins, set.signals)
  const kinds = forecasts.kinds.map((kind) => ({
    kind,
    horizonDays: forecasts.settings[kind].horizonDays,
    ...forecasts.ic(kind, last),
  }))
  const shown = kinds.filter(({ low }) => low !== null && low > 0)
  const wrong = kinds.filter(({ high }) => high !== null && high < 0)
  const words = (list: readonly KindEvidence[]) =>
    list
      .map(
        ({ kind, ic, low, high, n }) =>
          `${kind} (IC ${ic!.toFixed(3)}, ${low!.toFixed(3)} to ${high!.toFixed(3)}, ${n} events)`,
      )
      .join(', ')
  const verdict =
    shown.length > 0
      ? `The interval lies above zero for ${words(shown)}; ${kinds.length === 1 ? 'one kind was' : `${kinds.length} kinds were`} looked at, and of twenty without any edge one would seem to have one or the other way.`
      : 'No evidence that any kind of catalyst foretells returns.'
  return {
    extractor: set.extractor,
    signals: set.signals.length,
    usable: forecasts.usable,
    kinds,
    verdict: wrong.length === 0 ? verdict : `${verdict} The wrong way round: ${words(wrong)}.`,
    events: forecasts.marketSymbol === '' ? [] : signalStudies(market, forecasts, last),
    notes: [
      ...set.notes,
      `Signals speak of ${new Set(forecasts.signals.map(({ asset }) => asset)).size} of the ${market.tradable.length} coins of this market: what holds of few coins need not hold of others.`,
      'An information coefficient counts events whose horizon has ended, from the open at which an order could fill, against the market; errors are clustered by decision date.',
      ...(kinds.some(({ ic }) => ic === null) ? ['Kinds with events on fewer than 10 dates have no coefficient.'] : []),
    ],
  }
}
