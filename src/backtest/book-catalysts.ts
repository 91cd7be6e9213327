import type { StoredSignal } from '../catalysts/stored-signal.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { survivorsNote } from '../decision/catalyst-market.ts'
import type { CatalystFigures } from '../journal/catalyst-report-entry.ts'
import type { BookState } from '../journal/replay.ts'
import { sumCosts } from '../portfolio/costs.ts'
import { fromCents } from '../units.ts'
import { capacityOf } from './coin-output.ts'
import { signalsDocument } from './signals-output.ts'

/** Days of the event window that a report records. */
const daysKept: readonly number[] = [-1, 1, 2, 5, 10, 20]

/**
 * What a live book's texts have shown by its last close, and what capital its record could have carried; the same lines as in a
 * backtest.
 *
 * @param set what the book's extractor has found; what became known after the last session is left out
 * @param last panel index of the book's last session
 */
export function bookCatalysts(
  market: BookMarket,
  state: BookState,
  set: { readonly signals: readonly StoredSignal[]; readonly extractor: string; readonly notes: readonly string[] },
  last: number,
): CatalystFigures | undefined {
  const { coins, panel } = market
  if (coins === undefined || last < 0) return undefined
  const end = `${panel.sessions[last]!}T23:59:59.999Z`
  const signals = set.signals.filter(({ knownAt }) => knownAt <= end)
  const shown = signalsDocument(market, { ...set, signals }, last)!
  const initial = fromCents(state.opened.initialCashCents)
  const equity = state.closes.at(-1)?.equity ?? initial
  const { capital, firstCapped, because } = capacityOf(coins.book, state.fills, {
    capital: initial,
    grossProfit: equity + sumCosts(state.costs) - initial,
  })
  return {
    extractor: shown.extractor,
    signals: shown.signals,
    usable: shown.usable,
    verdict: shown.verdict,
    kinds: shown.kinds.map(({ kind, horizonDays, n, dates, ic, low, high, shrunk }) => {
      return { kind, horizonDays, n, dates, ic, low, high, shrunk }
    }),
    events: shown.events
      .filter(({ n }) => n > 0)
      .map(({ kind, n, dates, dropped, cumulative }) => ({
        kind,
        n,
        dates,
        dropped,
        days: cumulative
          .filter(({ day }) => daysKept.includes(day))
          .map(({ day, mean, low, high }) => ({ day, mean, low, high })),
      })),
    capacity: { capital, firstCapped, because },
    notes: [...shown.notes, survivorsNote],
  }
}
