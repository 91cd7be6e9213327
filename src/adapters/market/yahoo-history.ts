import type { Bar, Dividend, History, Split } from '../../market/bar.ts'
import { closeAt, dateIn, isSession, nextSession, openAt, zoneOf } from '../../market/calendar.ts'
import type { Listing } from '../../market/price-source.ts'
import type { Instant, IsoDate } from '../../units.ts'
import type { YahooAnswer, YahooRow } from './yahoo-answer.ts'

/** Yahoo shows Euronext a quarter of an hour late, so a close is in its answers only some time after the close. */
export const YAHOO_DELAY_MS = 15 * 60_000

/** A high or low may miss the open or close by this fraction, which rounding explains; beyond it the row is not believed. */
const WIDENING_MAX = 0.005

export type Cut = {
  readonly from: IsoDate
  readonly to: IsoDate
  readonly now: Instant
  /** When Yahoo gave the answer, in the caller's time. */
  readonly askedAt: Instant
  /** The later of `now` and the wall clock: Yahoo has put the splits up to then into its prices. */
  readonly today: Instant
}

/**
 * What Yahoo sent, as the days were traded.
 *
 * Yahoo divides every price before a split by its ratio (and multiplies the volume), so a row of 2014 knows the splits of 2020.
 * Each row is multiplied back by all splits after its date, also those after `cut.to`: price * product, volume / product,
 * dividend * product. Example: 101.24 before a 4:1 split was traded at 404.96.
 *
 * @param cut bars and events from `from` to `to`, of sessions that had closed (events: opened) by `now`
 */
export function historyFromYahoo(
  listing: Listing,
  answer: YahooAnswer,
  cut: Cut,
): { readonly history: History; readonly notes: readonly string[] } {
  const zone = zoneOf(listing.exchange)
  const notes = new Notes(listing.symbol)
  if (answer.zone !== null && answer.zone !== zone) {
    notes.say(
      `is in the time zone ${answer.zone}, the book has it on ${listing.exchange} (${zone}): check the exchange`,
    )
  }
  const onSession = (seconds: number): IsoDate => {
    const date = dateOfRow(seconds, zone)
    return isSession(listing.exchange, date) ? date : nextSession(listing.exchange, date)
  }
  const allSplits = answer.splits
    .map(({ at, numerator, denominator }) => ({ date: onSession(at), ratio: numerator / denominator }))
    .filter((split) => split.date <= dateIn(cut.today, zone))
    .sort((a, b) => (a.date < b.date ? -1 : 1))
  const factorOn = (date: IsoDate) =>
    allSplits.reduce((factor, split) => (split.date > date ? factor * split.ratio : factor), 1)

  const inForce = ({ date }: { readonly date: IsoDate }) =>
    date >= cut.from && date <= cut.to && openAt(listing.exchange, date) <= cut.now
  const dividends: Dividend[] = []
  for (const { at, amount } of answer.dividends) {
    const date = onSession(at)
    if (amount > 0) dividends.push({ date, amount: asTraded(amount, factorOn(date)) })
    else if (inForce({ date })) notes.drop('dividends that are not above zero', date)
  }
  const bars = barsOf(listing, answer, cut, factorOn, notes)
  const splits: readonly Split[] = allSplits.filter(inForce)
  checkSteps(bars, splits, notes)
  return {
    history: {
      symbol: listing.symbol,
      currency: listing.currency,
      bars,
      dividends: dividends.filter(inForce).sort((a, b) => (a.date < b.date ? -1 : 1)),
      splits,
    },
    notes: notes.all(),
  }
}

/** The day a row belongs to: its moment on the exchange's own clock, whatever day it is in UTC. */
export function dateOfRow(seconds: number, zone: string): IsoDate {
  return dateIn(instantOf(seconds), zone)
}

export function instantOf(seconds: number): Instant {
  return new Date(seconds * 1000).toISOString()
}

function barsOf(
  listing: Listing,
  answer: YahooAnswer,
  cut: Cut,
  factorOn: (date: IsoDate) => number,
  notes: Notes,
): readonly Bar[] {
  const { exchange } = listing
  const zone = zoneOf(exchange)
  const byDate = new Map<IsoDate, { readonly bar: Bar; readonly stampedAtOpen: boolean }>()
  for (const row of answer.rows) {
    const date = dateOfRow(row.at, zone)
    if (date < cut.from || date > cut.to) continue
    if (!isSession(exchange, date)) {
      notes.drop('rows on days the calendar calls closed', date)
      continue
    }
    if (isUnfinished(row, date, listing, cut)) continue
    const bar = barOf(row, date, factorOn(date), notes)
    if (bar === null) continue
    const stampedAtOpen = instantOf(row.at) === openAt(exchange, date)
    const before = byDate.get(date)
    if (before !== undefined) notes.drop('second rows of one day', date)
    // A finished day is stamped with its open; a live row of the same day with the time of its last trade.
    if (before === undefined || stampedAtOpen || !before.stampedAtOpen) byDate.set(date, { bar, stampedAtOpen })
  }
  return [...byDate.values()].map(({ bar }) => bar).sort((a, b) => (a.date < b.date ? -1 : 1))
}

/**
 * Today's row until the session has closed. Its stamp is the last trade's, so the time of day proves nothing: the calendar does.
 * Within Yahoo's delay after the close, a row stamped before the close still lacks the closing auction.
 */
function isUnfinished(row: YahooRow, date: IsoDate, listing: Listing, cut: Cut): boolean {
  const close = closeAt(listing.exchange, date)
  if (close > cut.now) return true
  const stamp = instantOf(row.at)
  const awaited = Date.parse(cut.askedAt) < Date.parse(close) + YAHOO_DELAY_MS
  return awaited && stamp > openAt(listing.exchange, date) && stamp < close
}

function barOf(row: YahooRow, date: IsoDate, factor: number, notes: Notes): Bar | null {
  const { open, high, low, close, volume } = row
  if (open === null && high === null && low === null && close === null) {
    notes.drop('rows without prices', date)
    return null
  }
  if (open === null || high === null || low === null || close === null || volume === null) {
    notes.drop('rows with some figures missing', date)
    return null
  }
  if (![open, high, low, close].every((price) => Number.isFinite(price) && price > 0) || !(volume >= 0)) {
    notes.drop('rows with a price not above zero or a negative volume', date)
    return null
  }
  const bar = {
    date,
    open: asTraded(open, factor),
    high: asTraded(high, factor),
    low: asTraded(low, factor),
    close: asTraded(close, factor),
    volume: Math.round(volume / factor),
  }
  const top = Math.max(bar.open, bar.close)
  const bottom = Math.min(bar.open, bar.close)
  if (bar.high >= top && bar.low <= bottom) return bar
  if (bar.high < top * (1 - WIDENING_MAX) || bar.low > bottom * (1 + WIDENING_MAX) || bar.low > bar.high) {
    notes.drop('rows whose high and low do not hold the open and close', date)
    return null
  }
  notes.mention('days whose high or low was widened to hold the open and close', date)
  return { ...bar, high: Math.max(bar.high, top), low: Math.min(bar.low, bottom) }
}

/**
 * A figure of Yahoo's multiplied back, rid of the noise of its 32-bit floats.
 *
 * @param factor product of the later splits' ratios
 * Example: asTraded(268.7699890136719, 1) -> 268.77, the shortest number that this 32-bit float stands for;
 * asTraded(33.336666107177734, 3) -> 100.01, to the 7 digits that such a float carries
 */
export function asTraded(value: number, factor: number): number {
  const single = Math.fround(value) === value
  if (factor !== 1) return Number((value * factor).toPrecision(single ? 7 : 12))
  if (!single) return value
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits))
    if (Math.fround(shorter) === value) return shorter
  }
  return value
}

/** A split that the prices do not show means that Yahoo adjusted its history in part only: a reader must know. */
function checkSteps(bars: readonly Bar[], splits: readonly Split[], notes: Notes): void {
  for (const { date, ratio } of splits) {
    const after = bars.findIndex((bar) => bar.date >= date)
    if (after < 1 || Math.abs(Math.log(ratio)) < Math.log(1.5)) continue
    const step = bars[after - 1]!.close / bars[after]!.open
    if (Math.abs(Math.log(step / ratio)) > Math.abs(Math.log(ratio)) / 2) {
      notes.say(
        `split ${ratio} for 1 on ${date}, but its price went down by a factor of ${step.toFixed(2)}: check the days before`,
      )
    }
  }
}

/** Facts about one symbol, the rows of one kind gathered in one sentence. */
class Notes {
  readonly #symbol: string
  readonly #said: string[] = []
  readonly #dates = new Map<string, IsoDate[]>()

  constructor(symbol: string) {
    this.#symbol = symbol
  }

  say(fact: string): void {
    this.#said.push(`Yahoo: ${this.#symbol} ${fact}.`)
  }

  drop(what: string, date: IsoDate): void {
    this.mention(`${what} dropped`, date)
  }

  mention(what: string, date: IsoDate): void {
    const dates = this.#dates.get(what)
    if (dates === undefined) this.#dates.set(what, [date])
    else dates.push(date)
  }

  all(): readonly string[] {
    const gathered = [...this.#dates].map(([what, dates]) => {
      const shown = dates.slice(0, 5).join(', ')
      const more = dates.length > 5 ? ` and ${dates.length - 5} more` : ''
      return `Yahoo, ${this.#symbol}: ${what}: ${shown}${more}.`
    })
    return [...this.#said, ...gathered]
  }
}
