import type { Book } from '../catalysts/catalyst-book.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import { type BookMarket, openBookMarket } from '../decision/book-market.ts'
import { buildSnapshot } from '../decision/build-snapshot.ts'
import type { Solver } from '../decision/day.ts'
import type { Policy, View } from '../decision/policy.ts'
import { addDays, closeAt } from '../market/calendar.ts'
import type { MarketHistory } from '../market/price-source.ts'
import type { AllocatorBook } from '../portfolio/book.ts'
import type { Membership } from '../portfolio/membership.ts'
import { type Random, randomFrom } from '../random.ts'
import type { IsoDate } from '../units.ts'
import { simulate } from './simulate.ts'

/** What is done to everything dated after the sampled date. */
export const futures = ['removed', 'prices', 'rates', 'dividends and splits', 'universe', 'texts'] as const
export type Future = (typeof futures)[number]

/** A decision, or what it could see, that changed when only the future did. */
export type LookaheadFinding = {
  /** The close whose future was changed. */
  readonly date: IsoDate
  readonly future: Future
  /** First thing that differs, and how. */
  readonly what: 'orders' | 'snapshot'
  readonly decidedOn: IsoDate
  readonly expected: string
  readonly found: string
}

/**
 * Runs a policy again with the future removed or changed, and compares byte for byte what it decided and what it could see.
 *
 * @param texts signals from texts, for a policy that acts on them: those known after a date are part of its future
 * @param policy made anew for each market and its texts, since a policy may hold either
 * @param dates closes to sample; each is tried with every kind of future
 * @returns findings, none for a policy that reads the past alone
 */
export async function auditLookahead(input: {
  readonly book: Book
  readonly history: MarketHistory
  readonly range: { readonly from: IsoDate; readonly to: IsoDate }
  readonly first: IsoDate
  readonly dates: readonly IsoDate[]
  readonly texts?: readonly StoredSignal[]
  readonly policy: (market: BookMarket, texts: readonly StoredSignal[]) => Policy
  readonly guarded?: boolean
  readonly solve: Solver
  readonly seed: string
  readonly onDate?: (date: IsoDate) => void
}): Promise<{ readonly findings: readonly LookaheadFinding[]; readonly comparisons: number }> {
  const findings: LookaheadFinding[] = []
  let comparisons = 0
  const truth = await trace(input, input.history, input.range.to)
  for (const date of input.dates) {
    input.onDate?.(date)
    for (const future of futuresOf(input)) {
      const random = randomFrom('audit', input.seed, date, future)
      const changed = changeFuture(input.history, date, future, random)
      // The universe of coins is drawn from prices and volumes, which the other futures change.
      const book =
        future === 'universe' && input.book.kind === 'allocator'
          ? changeMembership(input.book, date, random)
          : input.book
      const texts = changeTexts(input.texts ?? [], date, future, random)
      const seen = await trace({ ...input, book, texts }, changed, date)
      comparisons++
      const finding = firstDifference(truth, seen, date)
      if (finding !== null) findings.push({ date, future, ...finding })
    }
  }
  return { findings, comparisons }
}

/** The futures that there are to change. */
export function futuresOf({ texts }: { readonly texts?: readonly StoredSignal[] }): readonly Future[] {
  return texts === undefined ? futures.filter((future) => future !== 'texts') : futures
}

/** Orders and snapshots by date, each as text. */
type Trace = { readonly orders: ReadonlyMap<IsoDate, string>; readonly snapshots: ReadonlyMap<IsoDate, string> }

async function trace(input: Parameters<typeof auditLookahead>[0], history: MarketHistory, to: IsoDate): Promise<Trace> {
  const market = openBookMarket(input.book, history, input.range)
  const { sessions } = market.panel
  const first = sessions.findIndex((date) => date >= input.first)
  const last = sessions.findLastIndex((date) => date <= to)
  const snapshots = new Map<IsoDate, string>()
  const sampled = new Set(input.dates)
  const { orders } = await simulate({
    market,
    policy: input.policy(market, input.texts ?? []),
    ...(input.guarded !== undefined && { guarded: input.guarded }),
    first,
    last,
    solve: input.solve,
    keepOrders: true,
    onClose: (view) => {
      const date = sessions[view.session]!
      if (sampled.has(date) && (to === date || to === input.range.to)) snapshots.set(date, snapshotText(view, date))
    },
  })
  const byDate = new Map<IsoDate, string>()
  for (const order of orders)
    byDate.set(order.decidedOn, `${byDate.get(order.decidedOn) ?? ''}${JSON.stringify(order)}\n`)
  return { orders: byDate, snapshots }
}

function snapshotText(view: View, date: IsoDate): string {
  return JSON.stringify(
    buildSnapshot(view, {
      sealedAt: `${date}T23:59:59.000Z`,
      day: view.session - view.firstSession + 1,
      marketLabel: 'audit',
      netReturn: view.equity / view.market.book.initialCash - 1,
      drawdown: 0,
      benchmarks: [],
      recentDecisions: [],
    }),
  )
}

function firstDifference(truth: Trace, seen: Trace, date: IsoDate): Omit<LookaheadFinding, 'date' | 'future'> | null {
  const dates = [...new Set([...truth.orders.keys(), ...seen.orders.keys()])]
    .filter((decidedOn) => decidedOn <= date)
    .sort()
  for (const decidedOn of dates) {
    const expected = truth.orders.get(decidedOn) ?? ''
    const found = seen.orders.get(decidedOn) ?? ''
    if (expected !== found)
      return { what: 'orders', decidedOn, expected: short(expected, found), found: short(found, expected) }
  }
  const expected = truth.snapshots.get(date) ?? ''
  const found = seen.snapshots.get(date) ?? ''
  return expected === found
    ? null
    : { what: 'snapshot', decidedOn: date, expected: short(expected, found), found: short(found, expected) }
}

/** The part of a text around its first difference from another. */
function short(text: string, other: string): string {
  if (text === '') return 'nothing'
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  return text.slice(Math.max(0, at - 60), at + 60).trim()
}

/** Texts with all that became known after the data of `date` ended removed, or said otherwise, of other assets, at other times. */
function changeTexts(
  texts: readonly StoredSignal[],
  date: IsoDate,
  future: Future,
  random: Random,
): readonly StoredSignal[] {
  if (future !== 'texts' && future !== 'removed') return texts
  const dataEnd = closeAt('CRYPTO', date)
  const later = texts.filter(({ knownAt }) => knownAt > dataEnd)
  const past = texts.filter(({ knownAt }) => knownAt <= dataEnd)
  if (future === 'removed') return past
  const kept = later.flatMap((text): StoredSignal[] => {
    const draw = random()
    if (draw < 1 / 3) return []
    const other = later[Math.floor(random() * later.length)]!
    return [
      { ...text, asset: draw < 2 / 3 ? other.asset : text.asset, knownAt: other.knownAt, score: 2 * random() - 1 },
    ]
  })
  return [...past, ...kept]
}

/**
 * The book with another future of its universe: stays that begin after `date` begin at another time or never, those that end
 * after it end sooner, later or never, and trade on afterwards or not. What is dated up to it stays as it is.
 */
export function changeMembership(book: AllocatorBook, date: IsoDate, random: Random): AllocatorBook {
  const later = () => addDays(date, 1 + Math.floor(700 * random()))
  const known = new Set((book.universe ?? []).map(({ symbol }) => symbol))
  const begun = (book.universe ?? []).filter(({ from }) => from === undefined || from <= date)
  const ended = begun.map((stay): Membership => {
    if (stay.until !== undefined && stay.until <= date) return stay
    const { until: _, delisted: __, haircut: ___, ...open } = stay
    const draw = random()
    if (draw < 1 / 3) return open
    return { ...open, until: later(), ...(draw > 2 / 3 && { delisted: true, haircut: random() }) }
  })
  const begins = [...known].flatMap((symbol) => {
    const waits = !begun.some((stay) => stay.symbol === symbol)
    // Without any row it would be in for ever, the past included.
    return waits ? [{ symbol, from: random() < 0.5 ? later() : '9999-12-31' }] : []
  })
  const unlisted = book.instruments.filter(({ symbol }) => !known.has(symbol) && random() < 0.5)
  const ends = unlisted.map(({ symbol }): Membership => ({ symbol, until: later(), delisted: true }))
  return { ...book, universe: [...ended, ...begins, ...ends] }
}

/** The history with all that is dated after `date` removed or made different. What is dated up to it stays as it is. */
export function changeFuture(history: MarketHistory, date: IsoDate, future: Future, random: Random): MarketHistory {
  const past = (row: { readonly date: IsoDate }) => row.date <= date
  const factor = () => 0.5 + 1.5 * random()
  switch (future) {
    case 'removed':
      return {
        ...history,
        histories: history.histories.map((one) => ({
          ...one,
          bars: one.bars.filter(past),
          dividends: one.dividends.filter(past),
          splits: one.splits.filter(past),
        })),
        rates: history.rates.map((one) => ({ ...one, rates: one.rates.filter(past) })),
      }
    case 'prices':
      return {
        ...history,
        histories: history.histories.map((one) => ({
          ...one,
          bars: one.bars.map((bar) => {
            if (past(bar)) return bar
            const by = factor()
            return {
              ...bar,
              open: bar.open * by,
              high: bar.high * by,
              low: bar.low * by,
              close: bar.close * by,
              volume: bar.volume * by,
            }
          }),
        })),
      }
    case 'rates':
      return {
        ...history,
        rates: history.rates.map((one) => ({
          ...one,
          rates: one.rates.map((rate) => (past(rate) ? rate : { ...rate, rate: rate.rate * factor() })),
        })),
      }
    case 'dividends and splits':
      return {
        ...history,
        histories: history.histories.map((one) => {
          const later = one.bars.filter((bar) => !past(bar))
          const pick = later[Math.floor(random() * later.length)]
          const added = pick === undefined ? [] : [pick.date]
          return {
            ...one,
            dividends: [
              ...one.dividends.filter(past),
              ...added.map((day) => ({ date: day, amount: pick!.close * 0.1 })),
            ],
            splits: [...one.splits.filter(past), ...added.map((day) => ({ date: day, ratio: 4 }))],
          }
        }),
      }
    case 'texts':
      return history
    case 'universe':
      return {
        ...history,
        histories: history.histories.map((one) => (random() < 0.5 ? { ...one, bars: one.bars.filter(past) } : one)),
      }
  }
}
