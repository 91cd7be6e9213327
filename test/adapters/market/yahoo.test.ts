import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, mock, test } from 'node:test'
import { openYahooMarket, type YahooOptions } from '../../../src/adapters/market/yahoo.ts'
import { asTraded } from '../../../src/adapters/market/yahoo-history.ts'
import { InputError, MarketDataError } from '../../../src/errors.ts'
import type { Bar } from '../../../src/market/bar.ts'
import type { HistoryRequest, Listing } from '../../../src/market/price-source.ts'
import { sharedAbsent, sharedPath } from '../../support/shared.ts'
import { openYahooServer, type WireRow, type YahooListing, type YahooServer } from '../../support/yahoo-server.ts'

const spy: Listing = { symbol: 'SPY', currency: 'USD', exchange: 'XNYS' }
const lvmh: Listing = { symbol: 'MC.PA', currency: 'EUR', exchange: 'XPAR' }

const bar = (date: string, open: number, close = open): Bar => ({
  date,
  open,
  high: Math.max(open, close),
  low: Math.min(open, close),
  close,
  volume: 1000,
})
const row = (at: string, price: number | null, volume: number | null = 10): WireRow => ({
  at,
  open: price,
  high: price,
  low: price,
  close: price,
  volume,
})
const newYork = (bars: readonly Bar[], more: Partial<YahooListing> = {}): YahooListing => ({
  exchange: 'XNYS',
  currency: 'USD',
  bars,
  ...more,
})
const week = ['2020-03-09', '2020-03-10', '2020-03-11', '2020-03-12', '2020-03-13']

/** Runs with a server and a market on it that never waits long; the base is USD unless asked, so that no rate is needed. */
async function withYahoo(
  listings: Readonly<Record<string, YahooListing>>,
  run: (tools: {
    readonly server: YahooServer
    readonly market: (options?: Partial<YahooOptions>) => ReturnType<typeof openYahooMarket>
    readonly ask: (
      request: Partial<HistoryRequest>,
      options?: Partial<YahooOptions>,
    ) => ReturnType<ReturnType<typeof openYahooMarket>['history']>
  }) => Promise<void>,
): Promise<void> {
  const server = await openYahooServer(listings)
  const market = (options: Partial<YahooOptions> = {}) =>
    openYahooMarket({ url: server.url, cacheDirectory: null, timeoutMs: 2000, delayMs: 1, ...options })
  try {
    await run({
      server,
      market,
      ask: (request, options) =>
        market(options).history({
          listings: [spy],
          base: 'USD',
          from: '2020-03-09',
          to: '2020-03-13',
          now: '2020-03-16T12:00:00.000Z',
          ...request,
        }),
    })
  } finally {
    await server.close()
  }
}

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'yahoo-'))
  try {
    await run(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

describe('prices', () => {
  test('bars arrive as they were traded, without the noise of 32-bit floats', async () => {
    await withYahoo(
      { SPY: newYork([bar('2020-03-12', 256, 248.11), bar('2020-03-13', 263.09, 269.32)]) },
      async (yahoo) => {
        const { histories, absent, notes } = await yahoo.ask({})
        assert.deepEqual(histories, [
          {
            symbol: 'SPY',
            currency: 'USD',
            bars: [bar('2020-03-12', 256, 248.11), bar('2020-03-13', 263.09, 269.32)],
            dividends: [],
            splits: [],
          },
        ])
        assert.deepEqual([absent, notes], [[], []])
        const { query, path } = yahoo.server.requests[0]!
        assert.equal(path, '/v8/finance/chart/SPY')
        assert.equal(query.get('events'), 'div|split')
        assert.equal(query.get('includePrePost'), 'false')
      },
    )
  })

  test('a 4:1 split is undone before its date, prices, volume and dividends alike', async () => {
    // As traded: 400 and a dividend of 2.00 before the split of 2020-03-12, 101 and a dividend of 0.55 after.
    // Yahoo sends 100 and 0.50 for the days before, with four times the volume: its own figures are written out here.
    const wire: YahooListing = newYork([], {
      extraRows: [
        { at: '2020-03-10T13:30:00.000Z', open: 100, high: 102.5, low: 99, close: 101.25, volume: 4000 },
        { at: '2020-03-11T13:30:00.000Z', open: 100.5, high: 103, low: 100.5, close: 102, volume: 8000 },
        { at: '2020-03-12T13:30:00.000Z', open: 101, high: 104, low: 101, close: 103, volume: 5000 },
        { at: '2020-03-13T13:30:00.000Z', open: 103, high: 105, low: 102, close: 104, volume: 6000 },
      ],
      dividends: [
        { date: '2020-03-10', amount: 2 },
        { date: '2020-03-13', amount: 0.55 },
      ],
      splits: [{ date: '2020-03-12', ratio: 4 }],
    })
    await withYahoo({ SPY: wire }, async (yahoo) => {
      const [history] = (await yahoo.ask({})).histories
      assert.deepEqual(history, {
        symbol: 'SPY',
        currency: 'USD',
        bars: [
          { date: '2020-03-10', open: 400, high: 410, low: 396, close: 405, volume: 1000 },
          { date: '2020-03-11', open: 402, high: 412, low: 402, close: 408, volume: 2000 },
          { date: '2020-03-12', open: 101, high: 104, low: 101, close: 103, volume: 5000 },
          { date: '2020-03-13', open: 103, high: 105, low: 102, close: 104, volume: 6000 },
        ],
        dividends: [
          { date: '2020-03-10', amount: 2 },
          { date: '2020-03-13', amount: 0.55 },
        ],
        splits: [{ date: '2020-03-12', ratio: 4 }],
      })
    })
  })

  test('a price does not know a split that came after the range asked for', async () => {
    const bars = [bar('2020-03-10', 405), bar('2020-06-01', 40.5)]
    const listing = newYork(bars, {
      splits: [
        { date: '2020-03-30', ratio: 0.125 },
        { date: '2020-05-04', ratio: 4 },
        { date: '2020-05-20', ratio: 5 },
      ],
    })
    await withYahoo({ SPY: listing }, async (yahoo) => {
      const early = await yahoo.ask({ now: '2020-03-16T12:00:00.000Z' })
      assert.deepEqual(early.histories[0]!.bars, [bars[0]])
      assert.deepEqual(early.histories[0]!.splits, [])
      const late = await yahoo.ask({ to: '2020-06-01', now: '2020-06-02T12:00:00.000Z' })
      assert.deepEqual(late.histories[0]!.bars, bars)
      assert.deepEqual(late.histories[0]!.splits, listing.splits)
    })
  })

  test('real prices come back as traded through their real splits', { skip: sharedAbsent }, async () => {
    // USO was consolidated 1:8 on 2020-04-29, SLV split 10:1 in 2008; the files hold them unadjusted.
    for (const [symbol, date, ratio] of [
      ['USO', '2020-04-29', 0.125],
      ['SLV', '2008-07-24', 10],
    ] as const) {
      const text = await readFile(sharedPath(`bars/us_etf_2005_2020/${symbol}.csv`), 'utf8')
      const rows = text
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','))
      const bars = rows.map(([day, ...rest]) => {
        const [open, high, low, close, volume] = rest.map(Number)
        return { date: day!, open: open!, high: high!, low: low!, close: close!, volume: volume! }
      })
      const splits = rows
        .filter((cells) => Number(cells[7]) !== 1)
        .map((cells) => ({ date: cells[0]!, ratio: Number(cells[7]) }))
      assert.deepEqual(splits, [{ date, ratio }])
      await withYahoo({ [symbol]: newYork(bars, { splits }) }, async (yahoo) => {
        const { histories, notes } = await yahoo.ask({
          listings: [{ ...spy, symbol }],
          from: '2005-01-01',
          to: '2020-12-31',
          now: '2021-01-04T00:00:00.000Z',
        })
        assert.deepEqual(histories[0]!.splits, splits)
        assert.equal(histories[0]!.bars.length, bars.length, notes.join())
        histories[0]!.bars.forEach((found, i) => {
          const real = bars[i]!
          assert.equal(found.date, real.date)
          for (const name of ['open', 'close'] as const) {
            assert(Math.abs(found[name] / real[name] - 1) < 1e-7, `${found.date} ${found[name]} for ${real[name]}`)
          }
        })
      })
    }
  })

  test('a split that the prices do not show is said', async () => {
    const wire = newYork([], {
      extraRows: [row('2020-03-11T13:30:00.000Z', 400), row('2020-03-12T13:30:00.000Z', 100)],
      splits: [{ date: '2020-03-12', ratio: 4 }],
    })
    await withYahoo({ SPY: wire }, async (yahoo) => {
      const { notes } = await yahoo.ask({})
      assert.match(notes.join(), /SPY split 4 for 1 on 2020-03-12, but its price went down by a factor of 16\.00/)
    })
  })

  test('a 32-bit figure becomes the shortest number it stands for', () => {
    // 268.77 as a 32-bit float is 268.7699890136719; 100.01 / 3 is 33.336666107177734; 1/3 of a 64-bit 100.01 keeps 12 digits.
    assert.equal(asTraded(268.7699890136719, 1), 268.77)
    assert.equal(asTraded(268.77, 1), 268.77)
    assert.equal(asTraded(33.336666107177734, 3), 100.01)
    assert.equal(asTraded(100.01 / 3, 3), 100.01)
    assert.equal(asTraded(5318.7402, 1), 5318.7402)
  })
})

describe('days', () => {
  test('a row belongs to the day of its exchange, in winter and in summer time', async () => {
    // New York opens at 14:30 UTC in winter, at 13:30 from 2020-03-08. Paris at 08:00 UTC, at 07:00 from 2020-03-29.
    const wire = {
      SPY: newYork([], {
        extraRows: [
          row('2020-03-06T14:30:00.000Z', 1),
          row('2020-03-09T13:30:00.000Z', 2),
          row('2020-03-10T23:30:00.000Z', 3),
        ],
      }),
      'MC.PA': {
        exchange: 'XPAR',
        currency: 'EUR',
        bars: [],
        extraRows: [
          row('2020-03-27T08:00:00.000Z', 1),
          row('2020-03-30T07:00:00.000Z', 2),
          row('2020-03-30T22:30:00.000Z', 3),
        ],
      } as YahooListing,
      'USDEUR=X': { exchange: 'FX', currency: 'EUR', bars: [bar('2020-03-09', 0.9)] } as YahooListing,
    }
    await withYahoo(wire, async (yahoo) => {
      const { histories } = await yahoo.ask({
        listings: [spy, lvmh],
        from: '2020-03-01',
        to: '2020-04-10',
        now: '2020-04-10T00:00:00.000Z',
      })
      // 23:30 UTC is still the same day in New York; 22:30 UTC in summer is half past midnight of the next day in Paris.
      assert.deepEqual(
        histories.map((history) => history.bars.map(({ date, open }) => [date, open])),
        [
          [
            ['2020-03-06', 1],
            ['2020-03-09', 2],
            ['2020-03-10', 3],
          ],
          [
            ['2020-03-27', 1],
            ['2020-03-30', 2],
            ['2020-03-31', 3],
          ],
        ],
      )
    })
  })

  test('the unfinished bar of today is left out until the session has closed', async () => {
    const finished = bar('2020-03-12', 256)
    const live = row('2020-03-13T17:00:03.000Z', 260)
    const full = { ...live, at: '2020-03-13T20:00:01.000Z', close: 261, high: 261 }
    const ofDay = (extraRow: WireRow) => ({ SPY: newYork([finished], { extraRows: [extraRow] }) })
    const dates = async (listings: Record<string, YahooListing>, now: string) => {
      let found: string[] = []
      await withYahoo(listings, async (yahoo) => {
        found = (await yahoo.ask({ now })).histories[0]!.bars.map(({ date }) => date)
      })
      return found
    }
    // New York closes at 16:00, which is 20:00 UTC in summer time.
    assert.deepEqual(await dates(ofDay(live), '2020-03-13T17:00:05.000Z'), ['2020-03-12'])
    assert.deepEqual(await dates(ofDay(live), '2020-03-13T19:59:59.999Z'), ['2020-03-12'])
    // Just after the close Yahoo may still show what it saw before it: its data lag.
    assert.deepEqual(await dates(ofDay(live), '2020-03-13T20:01:00.000Z'), ['2020-03-12'])
    assert.deepEqual(await dates(ofDay(full), '2020-03-13T20:01:00.000Z'), ['2020-03-12', '2020-03-13'])
    assert.deepEqual(await dates(ofDay(live), '2020-03-13T20:20:00.000Z'), ['2020-03-12', '2020-03-13'])
    // A bar stamped with its open is a finished one, whenever the session is over.
    const official = row('2020-03-13T13:30:00.000Z', 260)
    assert.deepEqual(await dates(ofDay(official), '2020-03-13T20:00:00.000Z'), ['2020-03-12', '2020-03-13'])
    assert.deepEqual(await dates(ofDay(official), '2020-03-13T19:00:00.000Z'), ['2020-03-12'])
  })

  test('of two rows of one day the finished one stays', async () => {
    const live = row('2020-03-13T17:00:03.000Z', 222)
    for (const extraRows of [
      [live, row('2020-03-13T13:30:00.000Z', 260)],
      [row('2020-03-13T13:30:00.000Z', 260), live],
    ]) {
      await withYahoo({ SPY: newYork([], { extraRows }) }, async (yahoo) => {
        const { histories, notes } = await yahoo.ask({})
        assert.deepEqual(
          histories[0]!.bars.map(({ date, close }) => [date, close]),
          [['2020-03-13', 260]],
        )
        assert.match(notes.join(), /SPY: second rows of one day dropped: 2020-03-13/)
      })
    }
  })

  test('rows without prices, with holes, below zero or on closed days are dropped and named', async () => {
    const extraRows = [
      row('2020-03-08T13:30:00.000Z', 255), // a Sunday
      row('2020-03-09T13:30:00.000Z', null, null),
      { ...row('2020-03-10T13:30:00.000Z', 280), close: null },
      row('2020-03-11T13:30:00.000Z', 0),
      row('2020-03-12T13:30:00.000Z', 256),
      { ...row('2020-03-13T13:30:00.000Z', 260), high: 200, low: 190 },
    ]
    await withYahoo({ SPY: newYork([], { extraRows }) }, async (yahoo) => {
      const { histories, notes } = await yahoo.ask({ from: '2020-03-01' })
      assert.deepEqual(
        histories[0]!.bars.map(({ date }) => date),
        ['2020-03-12'],
      )
      const all = notes.join('\n')
      assert.match(all, /days the calendar calls closed dropped: 2020-03-08/)
      assert.match(all, /rows without prices dropped: 2020-03-09/)
      assert.match(all, /figures missing dropped: 2020-03-10/)
      assert.match(all, /price not above zero or a negative volume dropped: 2020-03-11/)
      assert.match(all, /do not hold the open and close dropped: 2020-03-13/)
    })
  })

  test('a symbol whose rows are all empty is absent, not worth zero', async () => {
    await withYahoo({ SPY: newYork(week.map((date) => bar(date, 250))) }, async (yahoo) => {
      yahoo.server.inject({ kind: 'null-rows' })
      const { histories, absent, notes } = await yahoo.ask({})
      assert.deepEqual(histories, [])
      assert.deepEqual(
        absent.map(({ symbol }) => symbol),
        ['SPY'],
      )
      assert.match(notes.join(), /rows without prices dropped: 2020-03-09, .*2020-03-13/)
    })
  })

  test('dividends and splits count from the open of their day', async () => {
    const listing = newYork([bar('2020-03-12', 400), bar('2020-03-13', 100)], {
      dividends: [{ date: '2020-03-13', amount: 1 }],
      splits: [{ date: '2020-03-13', ratio: 4 }],
    })
    await withYahoo({ SPY: listing }, async (yahoo) => {
      const before = (await yahoo.ask({ now: '2020-03-13T13:29:59.999Z' })).histories[0]!
      assert.deepEqual([before.dividends, before.splits, before.bars.length], [[], [], 1])
      const within = (await yahoo.ask({ now: '2020-03-13T13:30:00.000Z' })).histories[0]!
      assert.deepEqual([within.dividends, within.splits, within.bars.length], [listing.dividends, listing.splits, 1])
      assert.equal(within.bars[0]!.close, 400)
    })
  })
})

describe('currencies', () => {
  test('pence are refused, every fault at once', async () => {
    const london = { ...newYork([bar('2020-03-12', 100)]), currency: 'GBp' }
    await withYahoo({ 'VOD.L': london, SPY: { ...london, currency: null } }, async (yahoo) => {
      const listings = [{ symbol: 'VOD.L', currency: 'GBP', exchange: 'XNYS' } as const, spy]
      await assert.rejects(yahoo.ask({ listings, base: 'GBP', from: '2020-03-01' }), (error) => {
        assert(error instanceof InputError)
        assert.match(error.faults[0]!, /^Yahoo quotes VOD\.L in GBp \(pence\), the book expects GBP/)
        assert.match(error.faults[1]!, /^Yahoo does not say in which currency it quotes SPY/)
        return true
      })
    })
  })

  test('a symbol quoted in another currency than the book expects is refused', async () => {
    await withYahoo({ SPY: newYork([bar('2020-03-12', 256)], { currency: 'EUR' }) }, async (yahoo) => {
      await assert.rejects(yahoo.ask({}), /Yahoo quotes SPY in EUR, the book expects USD/)
      await assert.rejects(yahoo.market().quotes([spy], '2020-03-13T15:00:00.000Z'), /Yahoo quotes SPY in EUR/)
    })
  })

  test("the rate of a day is the euro's open at midnight in London, today's included", async () => {
    // 1.25 dollars for a euro are 0.8 euros for a dollar. London is on summer time from 2020-03-29: midnight is 23:00 UTC.
    const rates: YahooListing = {
      exchange: 'FX',
      currency: 'USD',
      bars: [],
      extraRows: [
        { ...row('2020-03-27T00:00:00.000Z', 1.25), close: 1.3, high: 1.3 },
        row('2020-03-28T00:00:00.000Z', 1.5), // a Saturday
        { ...row('2020-03-29T23:00:00.000Z', 1.28), close: 1.1, low: 1.1 },
        row('2020-03-30T23:00:00.000Z', null),
        { ...row('2020-04-01T09:12:00.000Z', 1.6), close: 1.7, high: 1.7 },
      ],
    }
    await withYahoo({ SPY: newYork([bar('2020-03-27', 250)]), 'EURUSD=X': rates }, async (yahoo) => {
      const found = await yahoo.ask({
        base: 'EUR',
        from: '2020-03-20',
        to: '2020-04-02',
        now: '2020-04-01T09:12:30.000Z',
      })
      assert.deepEqual(found.rates, [
        {
          base: 'EUR',
          currency: 'USD',
          rates: [
            { date: '2020-03-27', rate: 0.8, knownAt: '2020-03-27T00:00:00.000Z' },
            { date: '2020-03-30', rate: 1 / 1.28, knownAt: '2020-03-29T23:00:00.000Z' },
            { date: '2020-04-01', rate: 0.625, knownAt: '2020-03-31T23:00:00.000Z' },
          ],
        },
      ])
      assert.match(found.notes.join(), /EURUSD=X: days without a rate dropped: 2020-03-31/)
    })
  })
})

describe('quotes', () => {
  test('a quote is the price and time of the last trade; a symbol without one is left out', async () => {
    const at = '2020-03-13T15:04:05.000Z'
    const listings = {
      SPY: newYork([bar('2020-03-12', 256)], { quote: { price: 261.5, at } }),
      QQQ: newYork([bar('2020-03-12', 190)], { quote: null }),
      TLT: newYork([bar('2020-03-12', 160)], { quote: { price: 160, at: '2020-03-13T15:30:00.000Z' } }),
    }
    await withYahoo(listings, async (yahoo) => {
      const wanted = ['SPY', 'QQQ', 'TLT', 'NONE'].map((symbol) => ({ ...spy, symbol }))
      assert.deepEqual(await yahoo.market().quotes(wanted, '2020-03-13T15:05:00.000Z'), [
        { symbol: 'SPY', currency: 'USD', price: 261.5, at },
      ])
    })
  })
})

describe('a server that fails', () => {
  const good = { SPY: newYork([bar('2020-03-12', 256)]) }

  test('an unknown symbol is absent with the reason, and the others arrive', async () => {
    await withYahoo(good, async (yahoo) => {
      const { histories, absent } = await yahoo.ask({ listings: [{ ...spy, symbol: 'GONE' }, spy] })
      assert.equal(histories.length, 1)
      assert.deepEqual(absent, [
        { symbol: 'GONE', because: 'Yahoo has nothing under GONE: No data found, symbol may be delisted' },
      ])
      assert.equal(yahoo.server.requests.length, 2)
    })
  })

  for (const [name, fault] of [
    ['429', { kind: 'status', status: 429 }],
    ['500', { kind: 'status', status: 500, body: '<html>' }],
    ['503', { kind: 'status', status: 503, body: '{"finance":{"error":{"code":"Unavailable","description":"x"}}}' }],
    ['a cut connection', { kind: 'cut' }],
    ['a web page', { kind: 'html' }],
    ['an empty body', { kind: 'empty' }],
    ['columns of different length', { kind: 'misfit-columns' }],
  ] as const) {
    test(`three times ${name}, then an answer: the bars arrive and nothing is printed`, async () => {
      await withYahoo(good, async (yahoo) => {
        const printed = (['log', 'error', 'warn', 'info', 'debug', 'dir'] as const).map((method) =>
          mock.method(console, method, () => {}),
        )
        try {
          yahoo.server.inject(fault, { times: 3 })
          assert.equal((await yahoo.ask({})).histories.length, 1)
          assert.equal(yahoo.server.requests.length, 4)
          assert.deepEqual(
            printed.flatMap((method) => method.mock.calls),
            [],
          )
        } finally {
          mock.restoreAll()
        }
      })
    })
  }

  test('after the last attempt the error says what was tried, what came back and what to do', async () => {
    await withYahoo(good, async (yahoo) => {
      const failing = async (fault: Parameters<YahooServer['inject']>[0], expected: RegExp) => {
        yahoo.server.inject(fault, { times: 4 })
        await assert.rejects(yahoo.ask({}, { timeoutMs: 100 }), (error) => {
          assert(error instanceof MarketDataError)
          assert.match(error.message, expected)
          assert(!error.message.includes(yahoo.server.url))
          assert.equal(error.retryable, true)
          return true
        })
      }
      await failing(
        { kind: 'status', status: 429 },
        /^Asked Yahoo for SPY: too many requests \(HTTP 429\); wait .* Tried 4 times\.$/,
      )
      await failing({ kind: 'hang' }, /no answer within 100 ms; check YAHOO_URL.* Tried 4 times/)
      await failing({ kind: 'html' }, /an HTML page instead of JSON/)
      assert.equal(yahoo.server.requests.length, 12)
    })
  })

  test('a server that is not there is named as such', async () => {
    const market = openYahooMarket({ url: 'http://127.0.0.1:9', cacheDirectory: null, attempts: 2, delayMs: 1 })
    const request = {
      listings: [spy],
      base: 'USD',
      from: '2020-03-09',
      to: '2020-03-13',
      now: '2020-03-16T12:00:00.000Z',
    }
    await assert.rejects(market.history(request), /the connection failed \(.+\); check YAHOO_URL .* Tried 2 times/)
  })

  test('a refusal is not asked again, and an endless answer is cut off', async () => {
    await withYahoo(good, async (yahoo) => {
      yahoo.server.inject({ kind: 'status', status: 403 })
      await assert.rejects(yahoo.ask({}), (error) => error instanceof MarketDataError && !error.retryable)
      yahoo.server.inject({ kind: 'endless' })
      await assert.rejects(yahoo.ask({}, { timeoutMs: 9000 }), /more than 20 MB/)
      assert.equal(yahoo.server.requests.length, 2)
    })
  })

  test('at most two requests are open at once, and the first that gives up stops the others', async () => {
    const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`)
    const listings = Object.fromEntries(symbols.map((symbol) => [symbol, newYork([bar('2020-03-12', 256)])]))
    await withYahoo(listings, async (yahoo) => {
      const wanted = symbols.map((symbol) => ({ ...spy, symbol }))
      assert.equal((await yahoo.ask({ listings: wanted })).histories.length, 12)
      assert.equal(yahoo.server.mostAtOnce(), 2)
      const before = yahoo.server.requests.length
      yahoo.server.inject({ kind: 'status', status: 403 }, { times: 1000 })
      await assert.rejects(yahoo.ask({ listings: wanted }), MarketDataError)
      assert(yahoo.server.requests.length - before <= 4)
    })
  })

  test('a symbol cannot leave its place in the address', async () => {
    await withYahoo(good, async (yahoo) => {
      const { absent } = await yahoo.ask({
        listings: [
          { ...spy, symbol: '../SPY?x=' },
          { ...spy, symbol: '^FCHI' },
        ],
      })
      assert.equal(absent.length, 2)
      assert.deepEqual(yahoo.server.requests.map(({ symbol }) => symbol).sort(), ['../SPY?x=', '^FCHI'])
      await assert.rejects(yahoo.ask({ listings: [{ ...spy, symbol: '..' }] }), InputError)
    })
  })
})

describe('the cache', () => {
  const listings = { SPY: newYork(week.map((date, i) => bar(date, 250 + i))) }
  const bars = (found: Awaited<ReturnType<ReturnType<typeof openYahooMarket>['history']>>) =>
    found.histories[0]!.bars.map(({ date }) => date)

  test('the same question on the same day is asked once, also by another process', async () => {
    await withDirectory(async (cacheDirectory) => {
      await withYahoo(listings, async (yahoo) => {
        const today = () => '2020-03-16T12:00:00.000Z'
        const first = await yahoo.ask({}, { cacheDirectory, today })
        assert.deepEqual(await yahoo.ask({}, { cacheDirectory, today }), first)
        assert.deepEqual(bars(await yahoo.ask({ from: '2020-03-11' }, { cacheDirectory, today })), week.slice(2))
        assert.equal(yahoo.server.requests.length, 1)
        // An earlier start is another question, and so is the next day.
        await yahoo.ask({ from: '2020-03-02' }, { cacheDirectory, today })
        assert.equal(yahoo.server.requests.length, 2)
        await yahoo.ask({ now: '2020-03-17T12:00:00.000Z' }, { cacheDirectory, today })
        assert.equal(yahoo.server.requests.length, 3)
        assert.deepEqual(await readdir(cacheDirectory), ['yahoo-SPY.json'])
      })
    })
  })

  test('what was fetched before the close is fetched again after it', async () => {
    await withDirectory(async (cacheDirectory) => {
      await withYahoo(listings, async (yahoo) => {
        const ask = async (now: string) => {
          yahoo.server.setClock(now)
          return bars(await yahoo.ask({ now }, { cacheDirectory, today: () => now }))
        }
        assert.deepEqual(await ask('2020-03-13T14:00:00.000Z'), week.slice(0, 4))
        assert.deepEqual(await ask('2020-03-13T19:00:00.000Z'), week.slice(0, 4))
        assert.equal(yahoo.server.requests.length, 1)
        assert.deepEqual(await ask('2020-03-13T20:00:00.000Z'), week)
        assert.equal(yahoo.server.requests.length, 2)
        // A quarter of an hour later Yahoo has what happened at the close; then the day is settled.
        await ask('2020-03-13T20:20:00.000Z')
        await ask('2020-03-13T23:00:00.000Z')
        assert.equal(yahoo.server.requests.length, 3)
      })
    })
  })

  for (const [name, spoil] of [
    ['truncated', (text: string) => text.slice(0, text.length / 2)],
    ['changed', (text: string) => text.replace('250', '520')],
    ['emptied', () => ''],
    ['replaced by other JSON', () => '[]'],
  ] as const) {
    test(`a ${name} cache file is never trusted: Yahoo is asked again, and a note says so`, async () => {
      await withDirectory(async (cacheDirectory) => {
        await withYahoo(listings, async (yahoo) => {
          const first = await yahoo.ask({}, { cacheDirectory })
          const path = join(cacheDirectory, 'yahoo-SPY.json')
          const text = await readFile(path, 'utf8')
          assert.notEqual(spoil(text), text)
          await writeFile(path, spoil(text))
          const second = await yahoo.ask({}, { cacheDirectory })
          assert.deepEqual(second.histories, first.histories)
          assert.match(second.notes.join(), /The cached answer for SPY was damaged; Yahoo was asked again/)
          assert.equal(yahoo.server.requests.length, 2)
          assert.deepEqual((await yahoo.ask({}, { cacheDirectory })).notes, [])
          assert.equal(yahoo.server.requests.length, 2)
        })
      })
    })
  }

  test('a directory that cannot be written costs the cache, not the prices', async () => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, 'file'), '')
      await withYahoo(listings, async (yahoo) => {
        const { histories, notes } = await yahoo.ask({}, { cacheDirectory: join(directory, 'file', 'cache') })
        assert.equal(histories.length, 1)
        assert.match(notes.join(), /could not be cached \(.*E[A-Z]+/)
      })
    })
  })
})
