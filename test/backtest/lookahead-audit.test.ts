import assert from 'node:assert/strict'
import { test } from 'node:test'
import { solve } from '../../src/adapters/highs.ts'
import { openSimulatedMarket } from '../../src/adapters/market/simulated.ts'
import { auditLookahead, type Future } from '../../src/backtest/lookahead.ts'
import { readBook } from '../../src/books.ts'
import type { StoredSignal } from '../../src/catalysts/stored-signal.ts'
import type { BookMarket } from '../../src/decision/book-market.ts'
import { listingsOf, openBookMarket } from '../../src/decision/book-market.ts'
import { equalWeight } from '../../src/decision/policies/equal-weight.ts'
import { parsePolicy } from '../../src/decision/policies/parse.ts'
import type { Policy, View } from '../../src/decision/policy.ts'
import { addDays } from '../../src/market/calendar.ts'

const book = readBook('allocator')
const range = { from: '2023-01-02', to: '2024-09-30' }
const history = await openSimulatedMarket('5').history({
  listings: listingsOf(book),
  base: 'EUR',
  ...range,
  now: '2024-10-01T00:00:00.000Z',
})
const dates = openBookMarket(book, history, range)
  .panel.sessions.filter((date) => date >= '2024-06-03')
  .filter((_, i) => i % 20 === 7)

const audit = (policy: (market: BookMarket) => Policy) =>
  auditLookahead({ book, history, range, first: '2024-06-03', dates, policy, guarded: false, solve, seed: '1' })

/** Buys EUR 200 of SPY whenever a fact of the next session says so: a leak of one kind. */
const leaky = (knows: (view: View) => boolean) => (): Policy => ({
  name: 'leaky',
  guarded: false,
  prepare: (view) => ({
    kind: 'wishes',
    summary: '',
    wishes:
      knows(view) && view.freeCashCents > 20_000
        ? [{ side: 'buy', symbol: 'SPY', amountCents: 20_000, reason: '' }]
        : [],
  }),
})
const spy = (view: View) => view.market.panel.bySymbol.get('SPY')!

const leaks: readonly { readonly what: string; readonly kind: Future; readonly knows: (view: View) => boolean }[] = [
  {
    what: 'tomorrow’s close',
    kind: 'prices',
    knows: (view) => spy(view).close[view.session + 1]! > spy(view).close[view.session]!,
  },
  {
    what: 'tomorrow’s rate',
    kind: 'rates',
    knows: (view) => spy(view).rate[view.session + 1]! > spy(view).rate[view.session]!,
  },
  {
    what: 'a dividend or split still to come',
    kind: 'dividends and splits',
    knows: (view) =>
      spy(view)
        .dividend.subarray(view.session + 1)
        .some((amount) => amount > 20) ||
      spy(view)
        .split.subarray(view.session + 1)
        .some((ratio) => ratio === 4),
  },
  {
    what: 'that another asset will stop trading',
    kind: 'universe',
    knows: (view) => view.market.panel.columns.filter((column) => Number.isNaN(column.close.at(-1)!)).length > 3,
  },
  {
    what: 'how many sessions the data still has',
    kind: 'removed',
    knows: (view) => view.market.panel.sessions.length - view.session > 30,
  },
]

for (const { what, kind, knows } of leaks) {
  test(`the audit finds a policy that knows ${what}`, async () => {
    const { findings } = await audit(leaky(knows))
    assert.ok(
      findings.some((finding) => finding.future === kind && finding.what === 'orders'),
      `no finding of kind ${kind} among ${findings.length}`,
    )
  })
}

test('the audit finds a snapshot that shows a later price', async () => {
  // The last session's close written over an earlier one, as a wrongly adjusted history would have it.
  const leaked = (market: BookMarket): Policy => {
    const column = market.panel.bySymbol.get('GLD')!
    const last = column.mark.at(-1)!
    for (const date of dates) column.mark[market.panel.indexOf.get(date)!] = last
    return equalWeight('monthly')
  }
  const { findings } = await audit(leaked)
  assert.ok(findings.length > 0)
})

test('the audit raises no false alarm on the controls', async () => {
  for (const spec of ['equal-weight', 'buy-and-hold:SPY', 'random:4', 'cvar', 'do-nothing']) {
    const { findings, comparisons } = await auditLookahead({
      book,
      history,
      range,
      first: '2024-06-03',
      dates: dates.slice(0, 2),
      policy: (market) => parsePolicy(spec, market),
      solve,
      seed: '2',
    })
    assert.deepEqual(findings, [], spec)
    assert.equal(comparisons, 10)
  }
})

test('the audit finds a policy that reads texts before they are known, and not one that waits for them', async () => {
  const texts = dates.flatMap((date): StoredSignal[] => [
    { asset: 'SPY', kind: 'other', knownAt: `${date}T12:00:00.000Z`, score: 0.5, entry: null },
    { asset: 'SPY', kind: 'other', knownAt: `${addDays(date, 2)}T12:00:00.000Z`, score: 0.5, entry: null },
  ])
  const reader = (daysAhead: number) => (_: BookMarket, known: readonly StoredSignal[]) =>
    leaky(({ market, session }) => {
      const day = addDays(market.panel.sessions[session]!, daysAhead)
      return known.some(({ knownAt, score }) => knownAt.slice(0, 10) === day && score === 0.5)
    })()
  const look = (daysAhead: number) =>
    auditLookahead({
      book,
      history,
      range,
      first: '2024-06-03',
      dates,
      texts,
      policy: reader(daysAhead),
      guarded: false,
      solve,
      seed: '1',
    })
  assert.deepEqual((await look(0)).findings, [])
  const { findings } = await look(2)
  assert.ok(findings.some(({ future, what }) => future === 'texts' && what === 'orders'))
})
