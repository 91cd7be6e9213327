import { figure, harmless, percent, price, signedPercent, table } from './prompt-figures.ts'
import type { Snapshot } from './snapshot.ts'

/** Which book, which day, what prices, and when orders would fill. */
export function headerBlock({ book, date, day, market, currency, nextOpens, sealedAt }: Snapshot): string {
  const opens = nextOpens.map(({ exchange, opensAt }) => `${exchange} at ${opensAt.slice(0, 16)}Z`)
  return [
    `Book ${harmless(book, 40)}, day ${day}, decision after the session of ${date}. Data sealed ${sealedAt.slice(0, 16)}Z.`,
    `Prices: ${harmless(market, 80)}. The book's currency is ${currency}.`,
    `Next opens: ${opens.join(', ') || 'none known'}.`,
  ].join('\n')
}

export function ratesBlock({ rates, currency, date }: Snapshot): string {
  const rows = rates
    .filter((row) => row.currency !== currency)
    .map((row) => {
      const stale = row.date === date ? '' : ` (of ${row.date})`
      return `1 ${row.currency} = ${figure(row.rate, 4)} ${currency}${stale}`
    })
  return rows.join('\n') || `none needed: everything is quoted in ${currency}`
}

export function regimeBlock({ regime }: Snapshot): string {
  const { volatility, trend, correlation, volatilityPercentile, adx14, meanCorrelation60, because } = regime
  const standIn = because === null ? '' : `\nNote: ${harmless(because, 200)}`
  return (
    `Volatility ${volatility} (percentile ${figure(volatilityPercentile, 0)} over the past year), ` +
    `trend ${trend} (ADX14 ${figure(adx14, 1)}), correlation ${correlation} (mean over 60 sessions ${figure(meanCorrelation60, 2)}).` +
    standIn
  )
}

const assetColumns = [
  'symbol',
  'name',
  'close',
  'currency',
  '1-day %',
  'vs SMA20 %',
  'vs SMA50 %',
  'vs SMA200 %',
  'RSI14',
  '%B',
  'volatility % a year',
  'below its high %',
  'half-Kelly % of equity',
]

/** One line an asset; what is unknown or stale is told below the table. */
export function assetsBlock({ assets, date }: Snapshot): string {
  const rows = assets.map(({ symbol, name, close, currency, features, halfKelly }) => {
    const against = (mean: number | null | undefined) =>
      signedPercent(close === null || mean === null || mean === undefined ? null : close / mean - 1)
    return [
      symbol,
      harmless(name, 40),
      price(close),
      currency,
      signedPercent(features?.dailyReturn ?? null),
      against(features?.sma20),
      against(features?.sma50),
      against(features?.sma200),
      figure(features?.rsi14 ?? null, 0),
      figure(features?.bollinger20?.percentB ?? null, 2),
      percent(features?.volatility20 ?? null, 0),
      percent(features?.drawdown ?? null),
      percent(halfKelly, 0),
    ]
  })
  const notes = assets.flatMap(({ symbol, note, date: of }) => {
    if (note !== null) return [`${symbol}: ${harmless(note, 160)}`]
    return of === date ? [] : [`${symbol}: ${of === null ? 'no close is known' : `the close is of ${of}`}`]
  })
  const gaps = rows.some((row) => row.includes('n/a'))
    ? ['n/a: the window of past sessions is not full yet, or there is no close.']
    : []
  return [table(assetColumns, rows, 'none'), ...notes, ...gaps].join('\n')
}

const pairsMost = 8
const pairsLeast = 5

/** The mean and the ends of the matrix: the middle of some hundred pairs decides nothing and costs thousands of tokens. */
export function correlationsBlock({ correlation20 }: Snapshot): string {
  const { symbols, matrix } = correlation20
  const pairs = symbols
    .flatMap((first, i) => symbols.slice(i + 1).map((second, k) => ({ first, second, value: matrix[i]?.[i + 1 + k] })))
    .filter((pair): pair is typeof pair & { value: number } => typeof pair.value === 'number')
    .toSorted((a, b) => b.value - a.value)
  if (pairs.length === 0) return 'n/a: fewer than 20 common sessions'
  const mean = pairs.reduce((sum, pair) => sum + pair.value, 0) / pairs.length
  const shown = (list: typeof pairs) =>
    list.map((pair) => `${pair.first} ${pair.second} ${figure(pair.value, 2)}`).join(', ')
  const highest = pairs.slice(0, pairsMost)
  const lowest = pairs.slice(Math.max(pairsMost, pairs.length - pairsLeast)).toReversed()
  return [
    `Mean of ${pairs.length} pairs: ${figure(mean, 2)}.`,
    `Highest: ${shown(highest)}.`,
    ...(lowest.length === 0 ? [] : [`Lowest: ${shown(lowest)}.`]),
  ].join('\n')
}
