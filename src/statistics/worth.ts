import type { History } from '../market/bar.ts'
import type { RateHistory } from '../market/price-source.ts'
import type { IsoDate } from '../units.ts'

/** Which of a day's two official prices is meant. */
export type PriceKind = 'open' | 'close'

/** What one share bought at the start has become: splits multiply it, dividends buy more of it. Index = session; NaN = unknown. */
export type Worth = {
  /** At the session's price, NaN without a bar: shares * price. */
  readonly at: Float64Array
  /** What the first share has grown to in number. Equal on two sessions when nothing was paid or split between them. */
  readonly shares: Float64Array
  /** The session's price, in the currency asked for, NaN without a bar. */
  readonly price: Float64Array
  /** At the last close up to and including the session, NaN before the first: what holders of a halted share have. */
  readonly mark: Float64Array
}

/**
 * Total-return index of one asset over given sessions, from its bars as traded.
 *
 * A dividend (cash per share, counted after a split of the same day) is reinvested at the first price on or after its ex-date,
 * so that at[t] / at[s] - 1 = (split * (price_t + dividend) / price_s) - 1 for neighbours. It knows nothing of later days:
 * at[t] depends on bars, dividends and splits dated up to sessions[t] alone.
 *
 * @param sessions ascending, every date of the history's bars among them
 * @param rates units of another currency for one of the asset's; the last one published by a session counts there
 * Example: closes 100, 50, 51 with a split of 2 and a dividend of 1 on the second day -> 100, 2 * 51 = 102, 104.04
 */
export function worthOver(
  history: History,
  {
    sessions,
    prices,
    rates,
  }: { readonly sessions: readonly IsoDate[]; readonly prices: PriceKind; readonly rates?: RateHistory },
): Worth {
  const at = new Float64Array(sessions.length).fill(Number.NaN)
  const mark = new Float64Array(sessions.length).fill(Number.NaN)
  const shares = new Float64Array(sessions.length)
  const price = new Float64Array(sessions.length).fill(Number.NaN)
  const { bars, dividends, splits } = history
  const rateAt = rateReader(rates)
  let held = 1
  let cash = 0
  let lastClose = Number.NaN
  let [bar, dividend, split] = [0, 0, 0]
  for (let t = 0; t < sessions.length; t++) {
    const date = sessions[t]!
    for (; split < splits.length && splits[split]!.date <= date; split++) {
      held *= splits[split]!.ratio
      lastClose /= splits[split]!.ratio
    }
    // Whoever buys at the first bar has no claim to what was paid before it.
    for (; dividend < dividends.length && dividends[dividend]!.date <= date; dividend++) {
      if (!Number.isNaN(lastClose)) cash += held * dividends[dividend]!.amount
    }
    const rate = rateAt(date)
    const today = bars[bar]
    if (today !== undefined && today.date === date) {
      bar++
      held += cash / today[prices]
      cash = 0
      price[t] = today[prices] * rate
      at[t] = held * price[t]!
      lastClose = today.close
    }
    shares[t] = held
    mark[t] = (held * lastClose + cash) * rate
  }
  return { at, shares, price, mark }
}

function rateReader(rates: RateHistory | undefined): (date: IsoDate) => number {
  if (rates === undefined) return () => 1
  let next = 0
  let last = Number.NaN
  return (date) => {
    for (; next < rates.rates.length && rates.rates[next]!.date <= date; next++) last = rates.rates[next]!.rate
    return last
  }
}
