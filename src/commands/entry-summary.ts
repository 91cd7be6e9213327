import type { Entry, EntryBodies, EntryKind } from '../journal/entry.ts'
import { periodReportOf } from '../journal/report-entry.ts'
import { fromCents } from '../units.ts'
import { publicSummaries } from './entry-summary-public.ts'

/** What an entry records, in one short line for a list. */
export function entrySummary(entry: Entry): string {
  const summary = summaries[entry.kind] as (body: EntryBodies[EntryKind]) => string
  return summary(entry.body)
}

const summaries: { readonly [K in EntryKind]: (body: EntryBodies[K]) => string } = {
  opened: (body) =>
    `${body.title}: ${body.currency} ${money(body.initialCashCents)}, ${body.policy} decides, market ${body.market.label}`,
  session: ({ date, events }) =>
    `${date}: ${several(events.fills.length, 'fill')}${some(events.dividends.length, 'dividend')}${some(events.splits.length, 'split')}${some(events.lapsed.length, 'lapsed order')}${some(events.waiting.length, 'waiting order')}`,
  close: ({ date, standing }) => `${date}: equity ${money(standing.equityCents)}, ${percent(standing.netReturn)} net`,
  snapshot: ({ date, sha256 }) => `${date}: sealed as ${sha256.slice(0, 16)}...`,
  attempt: (body) =>
    `${body.date}: attempt ${body.attempt} of ${body.model}: ${body.outcome}${body.detail === '' ? '' : `, ${cut(body.detail)}`}`,
  decision: (body) =>
    `${body.date}: ${body.outcome} by ${body.policy}: ${several(body.orders.length, 'order')}${some(body.clamps.length, 'clamp')}${some(body.stops.length, 'stop')}${body.because === null ? '' : `; ${cut(body.because)}`}`,
  alert: ({ date, alerts }) =>
    `${date}: ${alerts.map((alert) => `${alert.symbol} ${alert.kind} ${percent(alert.value)}`).join(', ')}`,
  report: (body) => {
    const { period, periodReturn, equityEndCents, trades } = periodReportOf(body)
    return `${period.name}: ${percent(periodReturn)}, equity ${money(equityEndCents)}, ${several(trades, 'trade')}`
  },
  post: ({ purpose, of }) => `${purpose} post of entry ${of.seq}`,
  trial: ({ model, policy, from, to }) => `${policy} by ${cut(model)}, first run ${from} to ${to}`,
  ...publicSummaries,
}

function money(cents: number): string {
  return fromCents(cents).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

function percent(fraction: number): string {
  return `${fraction < 0 ? '' : '+'}${(fraction * 100).toFixed(1)} %`
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function some(count: number, what: string): string {
  return count === 0 ? '' : `, ${several(count, what)}`
}

/** One line of somebody else's text. */
function cut(text: string): string {
  const flat = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return flat.length > 80 ? `${flat.slice(0, 77)}...` : flat
}
