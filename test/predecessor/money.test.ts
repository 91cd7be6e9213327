import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { journalHead, journalShow, journalVerify } from '../../src/commands/journal.ts'
import { replayBook } from '../../src/commands/replay.ts'
import { status } from '../../src/commands/status.ts'
import { parseAnswer } from '../../src/decision/answer.ts'
import { startRun, viewAt } from '../../src/decision/day.ts'
import { guard } from '../../src/decision/guardrails/guard.ts'
import { doNothing } from '../../src/decision/policies/buy-and-hold.ts'
import { wishesOf } from '../../src/decision/policies/model.ts'
import { InputError } from '../../src/errors.ts'
import { parseBook } from '../../src/portfolio/book.ts'
import { decisionText, replies } from '../support/model-server.ts'
import { flat as flatDays, marketOf } from '../support/world.ts'
import { backtested, bytesOf, type Fund, ioOf, withFolder, withFund, wordsOf } from './fund.ts'
import { closing, flat, type Prices, weekdays, writePrices } from './prices.ts'

// Two weeks in which New York and Paris are open from Monday to Friday.
const dates = weekdays('2024-06-03', '2024-06-14')
const [monday, tuesday, wednesday, thursday, friday] = dates as [string, string, string, string, string]
const dollar = flat(dates, 1.25)
const buy = (symbol: string, pct: number) => ({ symbol, side: 'buy', pct }) as const
const sell = (symbol: string, pct: number) => ({ symbol, side: 'sell', pct }) as const
const near = (actual: number, expected: number, within: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual}, expected ${expected}`)

test('SPY at USD 765.65 is never worth EUR 765.65 [1]', async () => {
  await withFund({ SPY: flat(dates, 765.65), 'EURUSD=X': dollar, 'CAC.PA': flat(dates, 50) }, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.decide(tuesday)
    // 1.25 dollars a euro: a share costs EUR 612.52. EUR 2,000 with their costs: (2000 - 1.25) / 1.0004 / 612.52 = 3.26185 shares.
    // 3.2618 * 612.52 = 1997.917736, spread and FX 4 bps 0.799167, commission 1.25: EUR 1999.966903, so 1999.97 leave the cash.
    const { cash, equity, positions } = await fund.replayed()
    assert.deepEqual(
      positions.map(({ symbol, quantity }) => [symbol, quantity]),
      [['SPY', 3.2618]],
    )
    assert.equal(cash, 8000.03)
    near(equity, 8000.03 + 1997.917736, 1e-6, 'equity')
    const words = [...fund.posts('decision'), ...fund.posts('fills')].map(wordsOf).join('\n')
    assert.match(words, /USD 765\.65/)
    assert.doesNotMatch(words, /(EUR|€)\s*765/)
    assert.match(fund.decision(tuesday).prompt!.messages[1]!.content, /SPY[^\n]*765\.65[^\n]*USD/)
  })
})

test('when the dollar loses a fifth, so do the dollars held, and the loss is called one of currency [1]', async () => {
  const rates = { ...dollar, [wednesday]: { open: 1.5625, close: 1.5625 } }
  await withFund({ SPY: flat(dates, 765.65), 'EURUSD=X': rates }, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.job('fill', wednesday)
    // 3.2618 shares * 765.65 / 1.5625 = 1598.3341888, a fifth less than 1997.917736.
    near(fund.close(wednesday).equity, 8000.03 + 1598.3341888, 1e-6, 'equity')
    const { asset, currency } = fund.close(wednesday).positions[0]!.unrealized
    near(asset, 0, 1e-9, 'from the asset')
    near(currency, -399.5835472, 1e-6, 'from the currency')
  })
})

test('a book with dollars in it does not run on prices without a rate: it is refused, not taken as 1:1 [1]', async () => {
  await withFund({ SPY: flat(dates, 765.65) }, async (fund) => {
    await assert.rejects(fund.decide(monday, buy('SPY', 20)), (error: Error) => {
      assert.ok(error instanceof InputError)
      assert.match(error.message, /SPY.*USD.*EUR/s)
      return true
    })
    assert.equal(fund.entries('opened').length, 0)
  })
})

test('getting in costs what the broker and the state take, by hand, and the benchmark pays it too [2]', async () => {
  await withFolder(async (folder) => {
    const market = writePrices(folder, {
      SPY: flat(dates, 765.65),
      'EURUSD=X': dollar,
      'MC.PA': flat(dates, 100),
      'AIR.PA': flat(dates, 100),
    })
    const run = (policy: string) => backtested({ policy, from: monday, to: dates.at(-1)!, market: `csv:${market}` })
    // LVMH: 5 bps + 3 bps + 30 bps of tax. 10000 / 1.0038 / 100 = 99.62143: 99.6214 shares, worth 9962.14, cost 37.856132,
    // so EUR 10,000.00 are gone.
    assert.equal((await run('buy-and-hold:MC.PA')).finalEquity, 9962.14)
    // Airbus is Dutch: 8 bps. 99.92 shares, worth 9992.00, cost 7.9936: 9999.99 are gone and a cent is left.
    assert.equal((await run('buy-and-hold:AIR.PA')).finalEquity, 9992.01)
    // SPY: 5 + 1 + 3 bps. 10000 / 1.0009 / 612.52 = 16.31131: 16.3113 shares, worth 9990.997476, and a cent.
    const spy = await run('buy-and-hold:SPY')
    near(spy.finalEquity, 9991.007476, 1e-6, 'SPY')
    assert.equal(spy.benchmarks['buy-and-hold:SPY']!.finalEquity, spy.finalEquity)
  })
})

test('while no price moves, all that is lost is the costs, and who trades more has less [2]', async () => {
  await withFolder(async (folder) => {
    const long = weekdays('2024-06-03', '2024-12-20')
    const market = writePrices(folder, {
      SPY: flat(long, 500),
      'EURUSD=X': flat(long, 1.25),
      'MC.PA': flat(long, 700),
      'AIR.PA': flat(long, 150),
    })
    const spans = { from: long[0]!, to: long.at(-1)!, market: `csv:${market}` }
    const busy = await backtested({ ...spans, policy: 'random:7', guardrails: 'none' })
    assert.ok(busy.fills.length >= 30, `${busy.fills.length} fills`)
    let paid = 0
    for (const [date, equity] of busy.equity) {
      const today = busy.fills.filter((fill) => fill.date === date)
      for (const fill of today) {
        assert.ok(fill.costs.commission! >= 1.25 && fill.costs.spread! > 0, `${fill.symbol} on ${date} traded for free`)
        paid += Object.values(fill.costs).reduce((sum, cost) => sum + cost, 0)
      }
      near(equity, 10_000 - paid, 0.005 * busy.fills.length, `equity on ${date}`)
    }
    const idle = await backtested({ ...spans, policy: 'do-nothing' })
    assert.equal(idle.finalEquity, 10_000)
    assert.ok(busy.finalEquity < 10_000 - 30 * 1.25)
  })
})

const threeDays: Prices = { SPY: flat(dates, 500), 'EURUSD=X': dollar, 'CAC.PA': flat(dates, 50) }

async function refusedUntouched(fund: Fund, refusal: RegExp): Promise<void> {
  const before = bytesOf(fund.home)
  const refuses = (work: Promise<unknown>) =>
    assert.rejects(work, (error: Error) => {
      // Exit code 2 on the command line: what is there is wrong, and nothing was changed.
      assert.ok(error instanceof InputError, String(error))
      assert.match(error.message, refusal)
      return true
    })
  for (const job of ['allocate', 'fill', 'monitor']) await refuses(fund.job(job, wednesday))
  // A week is reported when it is over.
  await refuses(fund.job('report', friday))
  assert.deepEqual(bytesOf(fund.home), before)
}

function edit(fund: Fund, ...statements: readonly string[]): void {
  const database = new DatabaseSync(join(fund.home, 'journal.db'))
  for (const statement of statements) database.exec(statement)
  database.close()
}

test('one digit changed in the journal stops every job with the number of the entry, and not a byte is written [3]', async () => {
  await withFund(threeDays, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.decide(tuesday)
    const { seq } = fund.entries('close')[1]!
    edit(fund, `UPDATE entries SET body = replace(body, '"cashCents":800', '"cashCents":900') WHERE seq = ${seq}`)
    await refusedUntouched(fund, new RegExp(`entry ${seq}\\b`))
    await assert.rejects(
      replayBook({ book: 'allocator', databaseUrl: `sqlite:${join(fund.home, 'journal.db')}` }, ioOf({})),
      new RegExp(`entry ${seq}\\b`),
    )
  })
})

for (const [what, ruin] of Object.entries<(file: string) => void>({
  'replaced by another file': (file) => writeFileSync(file, '{"cash": 10000, "positions": {}}'),
  'cut in half': (file) => writeFileSync(file, readFileSync(file).subarray(0, readFileSync(file).length >> 1)),
  emptied: (file) => writeFileSync(file, ''),
  deleted: (file) => rmSync(file),
})) {
  test(`a journal that was ${what} is never taken for a new fund with EUR 10,000 [3]`, async () => {
    await withFund(threeDays, async (fund) => {
      await fund.decide(monday, buy('SPY', 20))
      await fund.decide(tuesday)
      const file = join(fund.home, 'journal.db')
      ruin(file)
      await assert.rejects(fund.decide(wednesday), (error: Error) => {
        assert.ok(error instanceof InputError, String(error))
        assert.match(error.message, /journal/)
        return true
      })
      const opened = new Set(what === 'deleted' || what === 'emptied' ? openedBooks(file) : [])
      assert.equal(opened.size, 0, 'a new fund was opened')
    })
  })
}

function openedBooks(file: string): readonly string[] {
  try {
    const database = new DatabaseSync(file, { readOnly: true })
    const rows = database.prepare("SELECT book FROM entries WHERE kind = 'opened'").all()
    database.close()
    return rows.map((row) => String(row.book))
  } catch {
    return []
  }
}

test('days cut off the end of the journal are not decided a second time as if they had never been [3]', async () => {
  await withFund(threeDays, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    const { seq } = fund.entries('post').at(-1)!
    await fund.decide(tuesday)
    edit(fund, `DELETE FROM steps WHERE seq > ${seq}`, `DELETE FROM entries WHERE seq > ${seq}`)
    await refusedUntouched(fund, /published|head/i)
  })
})

test('in a folder without a journal a new record begins only with a word on where, and how much [3]', async () => {
  await withFund(threeDays, async (fund) => {
    await fund.job('fill', monday)
    const first = fund.said.filter((line) => line.includes('new record'))
    assert.equal(first.length, 1, fund.said.join('\n'))
    assert.ok(first[0]!.includes(fund.home) && first[0]!.includes('EUR 10000.00'), first[0])
    await fund.job('fill', tuesday)
    assert.equal(fund.said.filter((line) => line.includes('new record')).length, 1)
  })
})

test('a two-for-one split is no crash: no stop, no sale, no alert, the same equity [4]', async () => {
  // 100 until Wednesday, 50 from Thursday's open on, two shares for one.
  const spy = {
    ...closing(dates, [100, 100, 100, ...Array(7).fill(50)]),
    [thursday]: { open: 50, close: 50, split: 2 },
  }
  await withFund({ SPY: spy, 'EURUSD=X': dollar, 'CAC.PA': flat(dates, 50) }, async (fund) => {
    await fund.decide(monday, buy('SPY', 25))
    await fund.job('fill', wednesday)
    const before = fund.close(wednesday)
    // New York opens at 13:30 UTC.
    await fund.watch(`${thursday}T15:00:00.000Z`, { SPY: 50, 'CAC.PA': 50 })
    await fund.decide(thursday)
    await fund.job('monitor', thursday)
    assert.deepEqual(
      fund.entries('alert').flatMap(({ body }) => body.alerts),
      [],
    )
    assert.equal(fund.close(thursday).positions[0]!.quantity, 2 * before.positions[0]!.quantity)
    near(fund.close(thursday).equity, before.equity, 1e-9, 'equity')
    assert.deepEqual(fund.decision(thursday).orders, [])
    assert.match(wordsOf(fund.posts('fills').at(-1)!), /2 for 1/)
    assert.doesNotMatch(fund.posts('fills').concat(fund.posts('decision')).map(wordsOf).join(), /-50/)
  })
})

test('a dividend is money: the price falls by it, the fund does not, and the benchmark has it too [4]', async () => {
  // Closes at 100, ex-dividend of USD 2 on Wednesday, 98 from then on.
  const spy = {
    ...closing(dates, [100, 100, ...Array(8).fill(98)]),
    [wednesday]: { open: 98, close: 98, dividend: 2 },
  }
  await withFolder(async (folder) => {
    const market = `csv:${writePrices(folder, { SPY: spy, 'EURUSD=X': dollar })}`
    const run = await backtested({ policy: 'buy-and-hold:SPY', from: monday, to: dates.at(-1)!, market })
    const on = (date: string) => run.equity.find(([day]) => day === date)![1]
    // 10000 / 1.0009 / 80 = 124.8876: 124.8876 shares at EUR 80; EUR 1.60 a share is 199.82 on the whole.
    assert.deepEqual(
      run.dividends.map(({ date, amount }) => [date, amount]),
      [[wednesday, 199.82]],
    )
    near(on(wednesday), on(tuesday), 0.005, 'equity over the ex-date')
    assert.deepEqual(run.benchmarks['buy-and-hold:SPY']!.equity, run.equity)
  })
})

test('three buys of 20 % of cash spend EUR 2,000 each, in whichever order the answer lists them [5]', async () => {
  const prices = {
    'EURUSD=X': dollar,
    SPY: flat(dates, 500),
    'CAC.PA': flat(dates, 50),
    'MC.PA': flat(dates, 700),
  }
  const wishes = [buy('SPY', 20), buy('CAC.PA', 20), buy('MC.PA', 20)]
  const results: string[] = []
  for (const order of [wishes, wishes.toReversed()]) {
    await withFund(prices, async (fund) => {
      await fund.decide(monday, ...order)
      await fund.job('fill', tuesday)
      const spent = fund.fills().map(({ symbol, cashChangeCents }) => [symbol, -cashChangeCents] as const)
      assert.equal(spent.length, 3)
      // One step of 0.0001 share of LVMH is 7 cents.
      for (const [symbol, spentCents] of spent) near(spentCents, 200_000, 10, symbol)
      const { positions, cash } = await fund.replayed()
      results.push(JSON.stringify([cash, positions.map(({ symbol, quantity }) => [symbol, quantity]).sort()]))
    })
  }
  assert.equal(results[0], results[1])
})

test('what a sale brings pays for a purchase at the same opening, in either order of the answer [5]', async () => {
  // Four purchases leave EUR 1,500 of cash free above nothing; the floor keeps a decision from counting on a sale, so the
  // purchase is decided from cash at hand and the sale only adds to it: the order in the answer changes neither.
  const outcomes: string[] = []
  for (const flip of [false, true]) {
    await withFund({ 'EURUSD=X': dollar, SPY: flat(dates, 500), 'CAC.PA': flat(dates, 50) }, async (fund) => {
      await fund.decide(monday, buy('CAC.PA', 25))
      for (const date of dates.slice(1, 5)) await fund.job('fill', date)
      const both = [sell('CAC.PA', 100), buy('SPY', 25)]
      // Bought on Tuesday: on the Monday after, five sessions will have passed by the next open.
      await fund.decide(dates[5]!, ...(flip ? both.toReversed() : both))
      await fund.job('fill', dates[6]!)
      const { cash, positions } = await fund.replayed()
      assert.deepEqual(
        positions.map(({ symbol }) => symbol),
        ['SPY'],
      )
      outcomes.push(JSON.stringify([cash, positions]))
    })
  }
  assert.equal(outcomes[0], outcomes[1])
})

for (const [what, broken] of [
  ['a sale without a percentage', { symbol: 'SPY', side: 'sell', reason: 'Enough.' }],
  ['a percentage written as text', { symbol: 'SPY', side: 'sell', pct: '50', reason: 'Half.' }],
] as const) {
  test(`${what} sells nothing, and the purchase named before it is not executed either [6]`, async () => {
    await withFund(threeDays, async (fund) => {
      await fund.decide(monday, buy('SPY', 20))
      await fund.job('fill', tuesday)
      const purchase = { symbol: 'CAC.PA', side: 'buy', pct: 20, reason: 'Cheap.' }
      await fund.answered(wednesday, replies.decision(purchase, broken))
      const { outcome, because, orders, actions } = fund.decision(wednesday)
      assert.deepEqual([outcome, orders, actions], ['no-decision', [], []])
      assert.match(because!, /not valid twice/)
      await fund.job('fill', thursday)
      assert.deepEqual(
        (await fund.replayed()).positions.map(({ symbol, quantity }) => [symbol, quantity]),
        // EUR 2,000 at EUR 400 a share: (2000 - 1.25) / 1.0004 / 400 = 4.99488.
        [['SPY', 4.9948]],
      )
    })
  })
}

test('an order that is refused, cut or never filled is in the journal and in the post, not lost [7]', async () => {
  // Gold is halted from Tuesday on: a bar on Monday only. Seven sessions later its order has expired.
  const prices = { ...threeDays, GLD: { [monday]: { open: 200, close: 200 } } }
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('DOGE', 10), buy('GLD', 10), buy('SPY', 60), sell('CAC.PA', 50))
    const { orders, clamps } = fund.decision(monday)
    assert.deepEqual(
      orders.map(({ symbol, amountCents }) => [symbol, amountCents]),
      [
        ['GLD', 100_000],
        ['SPY', 250_000],
      ],
    )
    assert.deepEqual(
      clamps.map(({ symbol, rule, before, after }) => [symbol, rule, before, after]),
      [
        ['DOGE', 'unknown-symbol', 100_000, 0],
        ['SPY', 'max-weight', 600_000, 250_000],
        ['CAC.PA', 'no-position', 0, 0],
      ],
    )
    const [decision] = fund.posts('decision')
    for (const name of ['DOGE', 'Gold', 'SPY', 'CAC']) {
      assert.ok(JSON.stringify(decision!.discord).includes(name), `${name} is not on Discord`)
    }
    // X has no room for the names of all; it says how many, and that SPY was cut.
    assert.match(decision!.x.join(' '), /SPY for EUR 2,500 \(cut.*refused 2 wishes/s)
    for (const date of dates.slice(1, 7)) await fund.job('fill', date)
    const lapsed = fund.entries('session').flatMap(({ body }) => body.events.lapsed)
    // New York opened without a price for it on Tuesday, Wednesday, Thursday, Friday and Monday: five times.
    assert.deepEqual(
      lapsed.map(({ symbol, side, kind }) => [symbol, side, kind]),
      [['GLD', 'buy', 'expired']],
    )
    const told = fund.posts('fills').find((post) => /[Ee]xpired/.test(post.x.join()))
    assert.match(wordsOf(told!), /Gold/)
  })
})

test('whatever a model answers, it gets at most a quarter of equity in one asset, keeps the cash floor and its three trades [8]', () => {
  // Equity 10,000 in cash, normal volatility (history does not reach): floor 1,500, three orders, tickets from 100.
  const symbols = ['A', 'B', 'C', 'D', 'E']
  const market = marketOf(symbols.map((symbol) => ({ symbol, days: flatDays(dates, 100) })))
  const view = viewAt(market, startRun(market, doNothing), 3, 0)
  const action = fc.record({
    symbol: fc.constantFrom(...symbols, '^FCHI', 'DOGE', 'A '),
    side: fc.constantFrom('buy', 'sell'),
    pct: fc.oneof(
      { arbitrary: fc.integer({ min: 1, max: 100 }), weight: 30 },
      { arbitrary: fc.constantFrom(900, 0, -5), weight: 1 },
    ),
    reason: fc.constant(''),
  })
  let executed = 0
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const parsed = parseAnswer(decisionText(...actions))
      const isFair = actions.every(({ pct }) => pct > 0 && pct <= 100)
      assert.equal(parsed.kind, isFair ? 'answer' : 'invalid')
      if (parsed.kind === 'invalid') return
      const { orders } = guard(view, wishesOf(parsed.answer.actions, view), true)
      executed += orders.length
      assert.ok(orders.length <= 3)
      assert.equal(new Set(orders.map(({ symbol }) => symbol)).size, orders.length)
      for (const { symbol, side, amountCents } of orders) {
        assert.ok(symbols.includes(symbol) && side === 'buy')
        assert.ok(amountCents! >= 10_000 && amountCents! <= 250_000, String(amountCents))
      }
      assert.ok(orders.reduce((sum, order) => sum + order.amountCents!, 0) <= 850_000)
    }),
    { numRuns: 300 },
  )
  assert.ok(executed > 100, 'hardly anything was executed, so hardly anything was tested')
})

test('an index cannot be bought: not by a book, not by a policy, not by a model; as a benchmark it is called price-only [8]', async () => {
  const book = JSON.parse(readFileSync(new URL('../../books/allocator.json', import.meta.url), 'utf8'))
  const instruments = [...book.instruments, { ...book.instruments[5], symbol: '^FCHI' }]
  assert.throws(() => parseBook({ ...book, instruments }, 'my.json'), /\^FCHI is an index and cannot be bought/)
  const prices = { SPY: flat(dates, 500), 'EURUSD=X': dollar, '^FCHI': flat(dates, 7600), 'MC.PA': flat(dates, 700) }
  await withFund(prices, async (fund) => {
    const market = `csv:${fund.market}`
    const policy = 'buy-and-hold:^FCHI'
    await assert.rejects(backtested({ policy, from: monday, to: thursday, market }), /index and cannot be bought/)
    await fund.decide(monday, buy('^FCHI', 20))
    assert.deepEqual(fund.decision(monday).orders, [])
    assert.equal(fund.decision(monday).clamps[0]!.rule, 'unknown-symbol')
    const standIn = fund.decision(monday).standing.benchmarks.find((benchmark) => benchmark.policy === policy)
    assert.equal(standIn!.priceOnly, true)
  })
})

test('a missing quote never takes money out of a benchmark, on its first day or later [9]', async () => {
  // Four assets whose price never moves: whoever holds them has 10,000 less costs, whatever quotes are missing.
  const long = weekdays('2024-06-03', '2024-08-30', ['2024-06-19', '2024-07-04'])
  const without = (...missing: readonly string[]) =>
    flat(
      long.filter((date) => !missing.includes(date)),
      50,
    )
  await withFolder(async (folder) => {
    const market = writePrices(folder, {
      'CAC.PA': without(long[0]!, '2024-07-01', '2024-07-02'),
      'MC.PA': without(long[0]!, long[1]!, '2024-07-15'),
      'AIR.PA': without('2024-07-01', '2024-08-01'),
      'OR.PA': without(),
    })
    const spans = { from: long[0]!, to: long.at(-1)!, market: `csv:${market}` }
    const run = await backtested({ ...spans, policy: 'equal-weight' })
    let paid = 0
    for (const [date, equity] of run.equity) {
      const today = run.fills.filter((fill) => fill.date === date)
      for (const { costs } of today) paid += Object.values(costs).reduce((sum, cost) => sum + cost, 0)
      near(equity, 10_000 - paid, 0.005 * run.fills.length, `equity on ${date}`)
    }
    assert.deepEqual(run.benchmarks['equal-weight']!.equity, run.equity)
    // All four are held in the end, each a quarter: 2,500 less the share of costs.
    assert.equal(new Set(run.fills.map(({ symbol }) => symbol)).size, 4)
    assert.ok(run.finalEquity > 9_900, String(run.finalEquity))
  })
})

test('looking does not change the fund: no byte moves for status, replay, journal or backtest [9]', async () => {
  await withFund(threeDays, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.decide(tuesday)
    const before = bytesOf(fund.home)
    const databaseUrl = `sqlite:${join(fund.home, 'journal.db')}`
    const io = ioOf(fund.environment)
    await status(io)
    await replayBook({ book: 'allocator', databaseUrl }, io)
    await journalVerify({ home: fund.home, databaseUrl }, io)
    await journalShow({ databaseUrl }, io)
    await journalHead({ databaseUrl }, io)
    await backtested({ policy: 'equal-weight', from: monday, to: thursday, market: `csv:${fund.market}` })
    assert.deepEqual(bytesOf(fund.home), before)
    const empty = join(fund.home, '..', 'elsewhere')
    mkdirSync(empty)
    await status(ioOf({ ...fund.environment, PRIMER_HOME: empty }))
    assert.deepEqual(bytesOf(empty), {})
  })
})
