import { z } from 'zod'
import type { Column, Panel } from '../market/panel.ts'
import { IsoDate } from '../units.ts'

const fraction = z.number().min(0).max(1)

/**
 * One stay of an instrument in the universe. It may be decided at the closes from `from` on and before `until`: the close of
 * `until` ends the stay, and what is held then is sold at the next open. An instrument without a row is always in.
 */
export const Membership = z.strictObject({
  symbol: z.string().min(1).max(24),
  from: IsoDate.optional(),
  until: IsoDate.optional(),
  /** It trades no more after `until`: what is held then is closed at its last traded close less a haircut. */
  delisted: z.literal(true).optional(),
  /** Of this delisting, where the book's own does not fit: 0 for a takeover in cash at the last price. */
  haircut: fraction.optional(),
})
export type Membership = z.infer<typeof Membership>

export const Delisting = z.strictObject({
  /** Part of the last traded close that is lost when a held asset stops trading. */
  haircut: fraction,
  /** Sessions of its exchange without a price after which a held asset counts as delisted, announced or not. */
  afterSessions: z.int().min(2),
})
export type Delisting = z.infer<typeof Delisting>

/**
 * What a book without terms of its own is given: 30 %, the mean loss on delisting for bad performance from New York
 * (Shumway, The delisting bias in CRSP data, Journal of Finance 52(1), 1997).
 */
export const defaultDelisting: Delisting = { haircut: 0.3, afterSessions: 20 }

/** Stays by symbol, each list oldest first; symbols without a row are absent. */
export type Universe = ReadonlyMap<string, readonly Membership[]>

const start = ({ from = '' }: Membership): string => from

const byStart = (a: Membership, b: Membership): number => (start(a) < start(b) ? -1 : start(a) > start(b) ? 1 : 0)

/** Rows of a book as a universe. */
export function universeOf(rows: readonly Membership[] = []): Universe {
  const bySymbol = Map.groupBy(rows, ({ symbol }) => symbol)
  for (const stays of bySymbol.values()) stays.sort(byStart)
  return bySymbol
}

/** The latest stay begun by a date; undefined before the first, and where there are no rows. Later dates are not looked at. */
export function stayAt(universe: Universe, symbol: string, date: IsoDate): Membership | undefined {
  return universe.get(symbol)?.findLast((stay) => start(stay) <= date)
}

/** Whether an instrument may be decided at the close of a date. Reads no date after it. */
export function isMember(universe: Universe, symbol: string, date: IsoDate): boolean {
  if (!universe.has(symbol)) return true
  const stay = stayAt(universe, symbol, date)
  return stay !== undefined && (stay.until === undefined || date < stay.until)
}

/**
 * Sessions of its exchange since an asset's last close, `session` included when it brings no price. At an open only the
 * open of `session` is read; at a close its close.
 *
 * @param most counting stops here
 */
export function silentSessions(
  panel: Panel,
  column: Column,
  session: number,
  { most, at }: { readonly most: number; readonly at: 'open' | 'close' },
): number {
  const price = at === 'open' ? column.open[session]! : column.close[session]!
  if (!Number.isNaN(price)) return 0
  const last = session === 0 ? -1 : column.markedOn[session - 1]!
  // Fewer days of any exchange than that cannot hold so many of its own.
  if (last < 0 || session - last < most) return 0
  const open = panel.isOpen[column.exchange]
  let count = 0
  for (let t = session; t > last && count < most; t--) count += open[t]!
  return count
}

/**
 * Sessions at whose open some asset of the panel has been without a price so long that whoever holds it must look: 1 there, 0
 * elsewhere. Each session's flag rests on prices up to its open.
 */
export function silentOn(panel: Panel, afterSessions: number): Uint8Array {
  const known = flags.get(panel)
  if (known?.afterSessions === afterSessions) return known.sessions
  const sessions = new Uint8Array(panel.sessions.length)
  for (const { open, close, exchange } of panel.columns) {
    const isOpen = panel.isOpen[exchange]
    let silent = -1
    for (let t = 0; t < sessions.length; t++) {
      if (silent >= 0 && Number.isNaN(open[t]!)) silent += isOpen[t]!
      if (silent >= afterSessions && Number.isNaN(open[t]!)) sessions[t] = 1
      if (!Number.isNaN(close[t]!)) silent = 0
    }
  }
  flags.set(panel, { afterSessions, sessions })
  return sessions
}

/** A panel never changes, and a backtest asks once a session. */
const flags = new WeakMap<Panel, { readonly afterSessions: number; readonly sessions: Uint8Array }>()

/** Whether an asset had no price for so long that it counts as delisted at the close of a session. */
export function isGone(panel: Panel, column: Column, session: number, { afterSessions }: Delisting): boolean {
  return silentSessions(panel, column, session, { most: afterSessions, at: 'close' }) >= afterSessions
}

/** What a held asset that trades no more is closed at, in its own currency, and why; known at the open of the session. */
export type Closing = { readonly price: number; readonly because: string }

/**
 * The closing of a held asset that stopped trading, null while it trades: at once where the universe says so, else when
 * its exchange has opened `afterSessions` times without a price for it. The price is its last traded close, in shares of
 * today, less the haircut. Nothing of the session is read but its open and its splits.
 */
export function closingAt(
  input: { readonly panel: Panel; readonly universe: Universe; readonly terms: Delisting },
  column: Column,
  session: number,
): Closing | null {
  const { panel, universe, terms } = input
  const today = panel.sessions[session]!
  const stay = universe.size === 0 ? undefined : stayAt(universe, column.symbol, today)
  const announced = stay?.delisted === true && stay.until !== undefined && stay.until < today ? stay : null
  if (announced === null) {
    const silent = silentSessions(panel, column, session, { most: terms.afterSessions, at: 'open' })
    if (silent < terms.afterSessions) return null
  } else if (panel.isOpen[column.exchange][session] !== 1) return null
  const lastClose = column.mark[session - 1]! / column.split[session]!
  const lastDate = panel.sessions[column.markedOn[session - 1]!]!
  const haircut = announced?.haircut ?? terms.haircut
  const why =
    announced === null
      ? `no price in ${terms.afterSessions} sessions of its exchange`
      : `delisted after ${announced.until}`
  return {
    price: lastClose * (1 - haircut),
    because: `${why}: closed at its last close, ${Number(lastClose.toPrecision(10))} of ${lastDate}, less ${Number((haircut * 100).toFixed(4))} %`,
  }
}

/** A fault in a list of stays, with the row that has it. */
export type MembershipFault = { readonly index: number; readonly field: keyof Membership; readonly message: string }

/** What no single row shows: unknown symbols, dates that fall, stays that overlap. Rows are raw, in their order. */
export function membershipFaults(
  rows: readonly Partial<Record<keyof Membership, unknown>>[],
  known: ReadonlySet<unknown>,
): readonly MembershipFault[] {
  const faults: MembershipFault[] = []
  const ends = new Map<unknown, { readonly until: string; readonly index: number }>()
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
  const ordered = rows
    .map((row, index) => ({ row, index }))
    .sort((a, b) => text(a.row.from, '').localeCompare(text(b.row.from, '')))
  for (const { row, index } of ordered) {
    const fault = (field: keyof Membership, message: string) => faults.push({ index, field, message })
    const from = text(row.from, '')
    const until = text(row.until, '9999-12-31')
    if (typeof row.symbol === 'string' && !known.has(row.symbol))
      fault('symbol', `${row.symbol} is not among the instruments`)
    if (until <= from) fault('until', `must lie after from, and ${until} does not lie after ${from}`)
    if (row.delisted === true && row.until === undefined)
      fault('delisted', 'says that it trades no more after until, and there is no until')
    if (row.haircut !== undefined && row.delisted !== true)
      fault('haircut', 'is that of a delisting: add "delisted": true')
    const before = ends.get(row.symbol)
    if (before !== undefined && from <= before.until)
      fault('from', `overlaps row ${before.index} of ${String(row.symbol)}, which ends on ${before.until}`)
    ends.set(row.symbol, { until, index })
  }
  return faults.sort((a, b) => a.index - b.index)
}
