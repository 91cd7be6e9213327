import type { CatalystFigures, Performance } from '../journal/catalyst-report-entry.ts'
import type { Labels } from './labels.ts'
import { count, fixed, money, percent, sentence, signed, signedPercent } from './text.ts'

/** What a report says of the book's own risk and of its catalysts, in lines. Every figure comes from its entry. */

/** Example: 'Sharpe 0.84, Sortino 1.31, volatility 38.2 % a year. Largest drawdown 12.4 %.' */
export function performanceLines({ sharpe, sortino, volatility, maxDrawdown, because }: Performance): string[] {
  const ratios = [
    sharpe === null ? '' : `Sharpe ${signed(sharpe, 2)}`,
    sortino === null ? '' : `Sortino ${signed(sortino, 2)}`,
    volatility === null ? '' : `volatility ${percent(volatility)} a year`,
  ].filter((text) => text !== '')
  return [
    ratios.length === 0 ? '' : `${ratios.join(', ')}.`,
    `Largest drawdown ${percent(maxDrawdown)}.`,
    because === null ? '' : sentence(because),
  ]
}

/** The verdict on the texts, one line a kind with its coefficient, and who read them. */
export function coefficientLines(figures: CatalystFigures, labels: Labels): string[] {
  const read = `${count(figures.signals, 'signal')} by ${labels.quote(figures.extractor, 60)}, ${fixed(figures.usable, 0)} about coins of this market.`
  const rows = figures.kinds.map(({ kind, ic, low, high, n, shrunk }) =>
    ic === null || low === null || high === null
      ? `${kind}: ${count(n, 'event')}, too few dates for a coefficient`
      : `${kind}: IC ${signed(ic, 3)} (${signed(low, 3)} to ${signed(high, 3)}), ${count(n, 'event')}, ${shrunk > 0 ? `${fixed(shrunk, 3)} used` : 'moves no money'}`,
  )
  return [`**${sentence(labels.quote(figures.verdict, 420))}**`, read, ...rows]
}

/** What came after the texts of each kind, from the first open that an order could fill. */
export function eventLines({ events }: CatalystFigures): string[] {
  return events.flatMap(({ kind, n, days }) => {
    const parts = days
      .filter(({ day }) => day >= 1)
      .map(({ day, mean, low, high }) => {
        const interval = low === null || high === null ? '' : ` (${signedPercent(low)} to ${signedPercent(high)})`
        return `day ${day} ${signedPercent(mean)}${interval}`
      })
    return parts.length === 0 ? [] : [`${kind}, ${count(n, 'event')}: ${parts.join(', ')}`]
  })
}

/** Example: 'Costs would eat the gross profit so far at a capital of about USD 64,000, an upper bound.' */
export function capacityLines({ capacity }: CatalystFigures, currency: string): string[] {
  const { capital, firstCapped, because } = capacity
  const reason = because === null ? '' : `: ${because}`
  const first =
    firstCapped === null
      ? ''
      : `The first order would have met its share of the volume at about ${money(currency, 100 * twoDigits(firstCapped))}.`
  if (capital === null) return [`No capital was found at which costs eat the gross profit${reason}.`, first]
  return capital === 0
    ? [`No capital earns its costs so far${reason}.`, first]
    : [
        `Costs would eat the gross profit so far at a capital of ${money(currency, capital * 100)}, an upper bound.`,
        first,
      ]
}

/** One sentence for X. Example: 'Catalysts: no kind has shown an edge in 212 events.' */
export function catalystsText({ kinds }: CatalystFigures): string {
  const shown = kinds.filter(({ low }) => low !== null && low > 0)
  const events = kinds.reduce((sum, { n }) => sum + n, 0)
  if (shown.length === 0) return `Catalysts: no kind has shown an edge in ${count(events, 'event')}.`
  const named = shown.map(({ kind, ic, low, high }) => {
    return `${kind} IC ${signed(ic!, 2)} (${signed(low!, 2)} to ${signed(high!, 2)})`
  })
  return `Catalysts: ${named.join(', ')}; ${count(kinds.length, 'kind')} looked at.`
}

/** More digits would tell a precision that no estimate of impact has. */
function twoDigits(value: number): number {
  return Number(value.toPrecision(2))
}
