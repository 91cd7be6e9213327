/** A traded fill with what it cost, in the base currency, as a backtest has it. */
export type PricedFill = {
  /** |quantity| * price * rate. */
  readonly value: number
  /** Fee, half-spread and every other cost that grows in proportion to the value. */
  readonly proportional: number
  readonly impact: number
  /** Mean traded value a session of the asset, as known before the fill. */
  readonly volume: number
}

export type Capacity = {
  /** Capital at which costs take the whole gross profit; null when no capital does, 0 when no profit is left even without impact. */
  readonly capital: number | null
  /** Capital at which the first of the fills would reach the most that an order may be of the volume; null without fills. */
  readonly firstCapped: number | null
  /** Net return over the same period at multiples of the capital, ascending: it never rises with capital. */
  readonly curve: readonly { readonly capital: number; readonly netReturn: number }[]
  readonly because: string | null
}

const multiples = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000]

/**
 * How much capital a record could have carried. The same weights with k times the capital trade k times the value: proportional
 * costs grow with k, impact with k^1.5 (square-root law), the gross profit with k. So the net profit of one unit of capital is
 * (G - P - I sqrt(k)) / capital, and it is gone at k = ((G - P) / I)^2.
 *
 * The gross profit is taken as it was: impact that moves later prices, orders cut by their share of the volume, and compounding
 * are left out, so that this is an upper bound.
 *
 * @param capital the record's initial capital, base currency, above zero
 * @param grossProfit over the record, before all costs
 * Example: capital 10,000, gross 2,000, proportional 400, impact 200 -> k = (1600 / 200)^2 = 64: 640,000
 */
export function capacity(input: {
  readonly capital: number
  readonly grossProfit: number
  readonly fills: readonly PricedFill[]
  readonly volumeShareMax: number
}): Capacity {
  const { capital, grossProfit, fills, volumeShareMax } = input
  let proportional = 0
  let impact = 0
  let firstCapped: number | null = null
  for (const fill of fills) {
    proportional += fill.proportional
    impact += fill.impact
    const most = ((volumeShareMax * fill.volume) / fill.value) * capital
    if (firstCapped === null || most < firstCapped) firstCapped = most
  }
  const curve = multiples.map((k) => ({
    capital: capital * k,
    netReturn: (grossProfit - proportional - impact * Math.sqrt(k)) / capital,
  }))
  const left = grossProfit - proportional
  if (left <= 0) {
    const because =
      grossProfit <= 0 ? 'there is no gross profit for costs to take' : 'fee and spread alone take the gross profit'
    return { capital: 0, firstCapped, curve, because }
  }
  if (impact === 0) return { capital: null, firstCapped, curve, because: 'nothing traded had an impact' }
  return { capital: capital * (left / impact) ** 2, firstCapped, curve, because: null }
}
