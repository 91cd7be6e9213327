import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { openCsvMarket } from '../../../src/adapters/market/csv.ts'
import { InputError } from '../../../src/errors.ts'
import type { HistoryRequest, Listing } from '../../../src/market/price-source.ts'

const root = mkdtempSync(join(tmpdir(), 'primer-csv-'))
after(() => rmSync(root, { recursive: true }))

/** A directory with these files in it. */
function directory(files: Record<string, string | Uint8Array>): string {
  const path = mkdtempSync(join(root, 'd-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

const header = 'date,open,high,low,close,volume,dividend,split\n'
/** Three sessions of March 2020 in a round-number share. */
const good = `${header}2020-03-11,100,102,99,101,1000,0,1\n2020-03-12,90,95,88,89,2000,0.5,1\n2020-03-13,92,97,91,96,1500,,\n`
const rates = `${header}2020-03-11,1.1,1.1,1.1,1.1,0,0,1\n2020-03-12,1.25,1.25,1.25,1.25,0,0,1\n2020-03-13,1.2,1.2,1.2,1.2,0,0,1\n`

const mc: Listing = { symbol: 'MC.PA', currency: 'EUR', exchange: 'XPAR' }
const spy: Listing = { symbol: 'SPY', currency: 'USD', exchange: 'XNYS' }
const request = (listings: readonly Listing[], changes: Partial<HistoryRequest> = {}): HistoryRequest => ({
  listings,
  base: 'EUR',
  from: '2020-01-01',
  to: '2020-12-31',
  now: '2021-01-01T00:00:00.000Z',
  ...changes,
})
const history = (files: Record<string, string | Uint8Array>, listings: readonly Listing[] = [mc]) =>
  openCsvMarket(directory(files)).history(request(listings))

/** The sentences with which the files are refused. */
async function faults(files: Record<string, string | Uint8Array>, listings?: readonly Listing[]) {
  const thrown = await history(files, listings).then(
    () => assert.fail('the files were accepted'),
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof InputError, String(thrown))
  return thrown.faults
}
const faultsIn = (rows: string) => faults({ 'MC.PA.csv': header + rows })

describe('a directory of CSV files', () => {
  it('is read into bars, dividends and splits, zero dividends and splits of one being none', async () => {
    const rows = '2020-03-12,90,95,88,89,2000,0.5,1\n2020-03-13,720,760,704,712,1.5e2,0,0.125\n'
    const { histories, absent, notes } = await history({ 'MC.PA.csv': header + rows })
    assert.deepEqual(histories, [
      {
        symbol: 'MC.PA',
        currency: 'EUR',
        bars: [
          { date: '2020-03-12', open: 90, high: 95, low: 88, close: 89, volume: 2000 },
          { date: '2020-03-13', open: 720, high: 760, low: 704, close: 712, volume: 150 },
        ],
        dividends: [{ date: '2020-03-12', amount: 0.5 }],
        splits: [{ date: '2020-03-13', ratio: 0.125 }],
      },
    ])
    assert.deepEqual(absent, [])
    assert.deepEqual(notes, [])
  })

  it('says what it is', () => {
    const path = directory({ 'SPY.csv': good })
    const { spec, label, nature } = openCsvMarket(path)
    assert.deepEqual({ spec, label, nature }, { spec: `csv:${path}`, label: 'CSV files', nature: 'recorded' })
  })

  it('may have a byte order mark, Windows or old Mac line ends, quotes, blanks, capitals and any order of columns', async () => {
    const expected = (await history({ 'MC.PA.csv': good })).histories
    const variants = [
      `\uFEFF${good.replaceAll('\n', '\r\n')}`,
      good.replaceAll('\n', '\r'),
      `${good.replaceAll('\n', '\r\n')}\r\n\r\n`,
      good.trimEnd(),
      good.replaceAll(',', ' , '),
      good.replace(header, header.toUpperCase()).replaceAll('101', '"101"'),
      'volume,close,date,low,high,open,split,dividend\n1000,101,2020-03-11,99,102,100,1,0\n2000,89,2020-03-12,88,95,90,1,.5\n1500,96,2020-03-13,91,97,92,,\n',
    ]
    for (const text of variants) assert.deepEqual((await history({ 'MC.PA.csv': text })).histories, expected, text)
  })

  it('needs no dividend and no split column, and says which columns it ignored', async () => {
    const text = 'Date,Open,High,Low,Close,Adj Close,Volume\n2020-03-11,100,102,99,101,95,1000\n'
    const { histories, notes } = await history({ 'MC.PA.csv': text, 'SAN.PA.csv': text }, [
      mc,
      { ...mc, symbol: 'SAN.PA' },
    ])
    assert.deepEqual(
      histories.map(({ bars, dividends, splits }) => [bars.length, dividends.length, splits.length]),
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
    )
    assert.deepEqual(notes, ['MC.PA.csv, SAN.PA.csv: column "adj close" is not known and was ignored.'])
  })

  it('names its files as a URL would, or plainly where the system allows it', async () => {
    for (const name of ['%5EFCHI.csv', '%5eFCHI.csv', '^FCHI.csv']) {
      const { histories } = await history({ [name]: good }, [{ ...mc, symbol: '^FCHI' }])
      assert.equal(histories[0]?.symbol, '^FCHI', name)
    }
    const { histories } = await history({ 'GRS%2FUSD.csv': good }, [{ ...mc, symbol: 'GRS/USD' }])
    assert.equal(histories[0]?.symbol, 'GRS/USD')
    const both = await faults({ '%5EFCHI.csv': good, '^FCHI.csv': good }, [{ ...mc, symbol: '^FCHI' }])
    assert.deepEqual(both, ['%5EFCHI.csv: ^FCHI.csv is ^FCHI as well; keep one of them'])
  })

  it('never leaves the directory, whatever a symbol is called', async () => {
    const path = directory({ 'MC.PA.csv': good })
    mkdirSync(join(path, 'inner'))
    writeFileSync(join(path, 'inner', 'SPY.csv'), good)
    const market = openCsvMarket(join(path, 'inner'))
    const { histories, absent } = await market.history(request([{ ...mc, symbol: '../MC.PA' }]))
    assert.equal(histories.length, 0)
    assert.equal(absent[0]?.symbol, '../MC.PA')
  })

  it('tells which symbols it lacks and why, and goes on with the others', async () => {
    const path = directory({ 'MC.PA.csv': good, 'spy.csv': good, 'OLD.csv': good.replaceAll('2020', '1999') })
    const listings = [mc, spy, { ...mc, symbol: 'OLD' }, { ...mc, symbol: '^FCHI' }]
    const { histories, absent } = await openCsvMarket(path).history(request(listings))
    assert.deepEqual(
      histories.map(({ symbol }) => symbol),
      ['MC.PA'],
    )
    assert.deepEqual(absent, [
      { symbol: 'SPY', because: `no SPY.csv in ${path}; spy.csv is another symbol` },
      {
        symbol: 'OLD',
        because:
          'OLD.csv has bars from 1999-03-11 to 1999-03-13, none from 2020-01-01 to 2020-12-31 that was known at 2021-01-01T00:00:00.000Z',
      },
      { symbol: '^FCHI', because: `no %5EFCHI.csv in ${path}` },
    ])
  })

  it('a row without prices is a day without a bar, noted, whose dividend and split count', async () => {
    const rows = '2020-03-11,100,102,99,101,1000,0,1\n2020-03-12,,,,,,2.5,2\n2020-03-13,92,97,91,96,1500,0,1\n'
    const { histories, notes } = await history({ 'MC.PA.csv': header + rows })
    const [found] = histories
    assert.deepEqual(
      found?.bars.map(({ date }) => date),
      ['2020-03-11', '2020-03-13'],
    )
    assert.deepEqual(found?.dividends, [{ date: '2020-03-12', amount: 2.5 }])
    assert.deepEqual(found?.splits, [{ date: '2020-03-12', ratio: 2 }])
    assert.deepEqual(notes, ['MC.PA.csv: 1 row without prices: no bar on 2020-03-12.'])
  })

  it('keeps bars on days the calendar calls closed, and says so once for all symbols', async () => {
    // 10 April 2020 was Good Friday: closed in Paris and in New York. 14 July is a session in Paris.
    const text = `${header}2020-04-09,1,1,1,1,0,0,1\n2020-04-10,1,1,1,1,0,0,1\n2020-07-14,1,1,1,1,0,0,1\n`
    const listings = [mc, { ...mc, symbol: 'AI.PA' }]
    const { histories, notes } = await history({ 'MC.PA.csv': text, 'AI.PA.csv': text }, listings)
    assert.equal(histories[0]?.bars.length, 3)
    assert.deepEqual(notes, [
      'Bars on a day that the calendar of XPAR calls closed, kept as given: 2020-04-10, in MC.PA, AI.PA.',
    ])
  })

  it('a close above the high by a rounding error is taken, and the high holds it', async () => {
    const { histories, notes } = await history({ 'MC.PA.csv': `${header}2020-03-12,90,95,88,95.00001,10,0,1\n` })
    assert.deepEqual(histories[0]?.bars, [
      { date: '2020-03-12', open: 90, high: 95.00001, low: 88, close: 95.00001, volume: 10 },
    ])
    assert.deepEqual(notes, ['MC.PA.csv: high or low moved by a rounding error to hold open and close on 2020-03-12.'])
  })

  it('reads each file once', async () => {
    const path = directory({ 'MC.PA.csv': good })
    const market = openCsvMarket(path)
    const before = await market.history(request([mc]))
    writeFileSync(join(path, 'MC.PA.csv'), 'gone')
    assert.deepEqual(await market.history(request([mc])), before)
  })
})

describe('what is not yet known', () => {
  const files = { 'MC.PA.csv': good, 'SPY.csv': good, 'EURUSD%3DX.csv': rates }
  const market = openCsvMarket(directory(files))
  const dates = async (now: string) => {
    const { histories, rates: found } = await market.history(request([mc, spy], { now }))
    const last = (symbol: string) => histories.find((it) => it.symbol === symbol)?.bars.at(-1)?.date
    return { paris: last('MC.PA'), newYork: last('SPY'), rate: found[0]?.rates.at(-1)?.date }
  }

  it('a bar appears at its exchange’s close, a rate at 16:00 in Paris', async () => {
    // 12 March 2020: Paris is at UTC+1, New York at UTC-4. ECB 15:00 UTC, Paris 17:35 = 16:35 UTC, New York 16:00 = 20:00 UTC.
    const yesterday = { paris: '2020-03-11', newYork: '2020-03-11', rate: '2020-03-11' }
    assert.deepEqual(await dates('2020-03-12T14:59:59.999Z'), yesterday)
    assert.deepEqual(await dates('2020-03-12T15:00:00.000Z'), { ...yesterday, rate: '2020-03-12' })
    assert.deepEqual(await dates('2020-03-12T16:34:59.999Z'), { ...yesterday, rate: '2020-03-12' })
    const paris = { ...yesterday, rate: '2020-03-12', paris: '2020-03-12' }
    assert.deepEqual(await dates('2020-03-12T16:35:00.000Z'), paris)
    assert.deepEqual(await dates('2020-03-12T19:59:59.999Z'), paris)
    assert.deepEqual(await dates('2020-03-12T20:00:00.000Z'), { ...paris, newYork: '2020-03-12' })
  })

  it('a dividend appears when its ex-date opens, before that day’s bar', async () => {
    const amounts = async (now: string) => {
      const { histories } = await market.history(request([mc], { now }))
      return [histories[0]?.bars.length, histories[0]?.dividends.length]
    }
    assert.deepEqual(await amounts('2020-03-12T07:59:59.999Z'), [1, 0])
    assert.deepEqual(await amounts('2020-03-12T08:00:00.000Z'), [1, 1])
    assert.deepEqual(await amounts('2020-03-12T16:35:00.000Z'), [2, 1])
  })

  it('the price of the moment is the open once opened and the close once closed, and says when it was made', async () => {
    const quote = async (now: string) => (await market.quotes([mc], now)).map(({ price, at }) => [price, at])
    assert.deepEqual(await quote('2020-03-11T07:59:59.999Z'), [])
    assert.deepEqual(await quote('2020-03-12T07:59:59.999Z'), [[101, '2020-03-11T16:35:00.000Z']])
    assert.deepEqual(await quote('2020-03-12T08:00:00.000Z'), [[90, '2020-03-12T08:00:00.000Z']])
    assert.deepEqual(await quote('2020-03-12T16:35:00.000Z'), [[89, '2020-03-12T16:35:00.000Z']])
    assert.deepEqual(await quote('2020-03-15T12:00:00.000Z'), [[96, '2020-03-13T16:35:00.000Z']])
    assert.deepEqual(await market.quotes([{ ...mc, symbol: 'NONE' }], '2020-03-15T12:00:00.000Z'), [])
  })

  it('nothing outside the dates asked for is returned', async () => {
    const asked = request([mc, spy], { from: '2020-03-12', to: '2020-03-12' })
    const { histories, rates: found } = await market.history(asked)
    assert.deepEqual(
      histories.map(({ bars, dividends }) => [bars.length, dividends.length]),
      [
        [1, 1],
        [1, 1],
      ],
    )
    assert.deepEqual(
      found[0]?.rates.map(({ date }) => date),
      ['2020-03-12'],
    )
  })

  it('the range is that of the symbols asked for, and null without any', async () => {
    const path = directory({ 'MC.PA.csv': good, 'SPY.csv': good.replaceAll('2020', '2019') })
    const range = openCsvMarket(path).range
    assert.deepEqual(await range([mc]), { from: '2020-03-11', to: '2020-03-13' })
    assert.deepEqual(await range([mc, spy]), { from: '2019-03-11', to: '2020-03-13' })
    assert.equal(await range([{ ...mc, symbol: 'NONE' }]), null)
  })

  it('no moment shows anything that a later moment takes back', async () => {
    const minute = fc.integer({ min: Date.UTC(2020, 2, 10) / 60_000, max: Date.UTC(2020, 2, 15) / 60_000 })
    const at = async (minutes: number) => {
      const found = await market.history(request([mc, spy], { now: new Date(minutes * 60_000).toISOString() }))
      const facts = found.histories.flatMap((it) =>
        [...it.bars, ...it.dividends].map((fact) => JSON.stringify([it.symbol, fact])),
      )
      return [...facts, ...found.rates.flatMap((it) => it.rates.map((rate) => JSON.stringify(rate)))]
    }
    await fc.assert(
      fc.asyncProperty(minute, minute, async (one, other) => {
        const [earlier, later] = [await at(Math.min(one, other)), await at(Math.max(one, other))]
        for (const fact of earlier) assert.ok(later.includes(fact), fact)
      }),
    )
  })
})

describe('rates', () => {
  it('EURUSD=X is dollars for one euro, so that a dollar is its inverse in euros', async () => {
    const { rates: found } = await history({ 'SPY.csv': good, 'EURUSD%3DX.csv': rates }, [spy])
    assert.equal(found.length, 1)
    const [{ currency, base, rates: known }] = found as [(typeof found)[0]]
    assert.deepEqual([currency, base], ['USD', 'EUR'])
    // 1 / 1.25 = 0.8 euros for a dollar on 12 March, published at 16:00 CET.
    assert.deepEqual(known[1], { date: '2020-03-12', rate: 0.8, knownAt: '2020-03-12T15:00:00.000Z' })
  })

  it('USDEUR=X serves where that is absent, and is taken as it stands', async () => {
    const { rates: found } = await history({ 'SPY.csv': good, 'USDEUR=X.csv': rates }, [spy])
    assert.equal(found[0]?.rates[1]?.rate, 1.25)
  })

  it('every currency among the symbols with prices has one, and no other', async () => {
    const listings: Listing[] = [
      mc,
      spy,
      { symbol: 'HSBA.L', currency: 'GBP', exchange: 'XPAR' },
      { symbol: 'NESN.SW', currency: 'CHF', exchange: 'XPAR' },
    ]
    const files = {
      'MC.PA.csv': good,
      'SPY.csv': good,
      'HSBA.L.csv': good,
      'EURUSD=X.csv': rates,
      'EURGBP=X.csv': rates,
    }
    const { rates: found } = await history(files, listings)
    assert.deepEqual(
      found.map(({ currency }) => currency),
      ['GBP', 'USD'],
    )
  })

  it('mixed currencies without a rate are refused, naming the file to add', async () => {
    const path = directory({ 'MC.PA.csv': good, 'SPY.csv': good })
    await assert.rejects(openCsvMarket(path).history(request([mc, spy])), (error) => {
      assert.ok(error instanceof InputError)
      assert.deepEqual(error.faults, [
        `mixed currencies without a rate: SPY trade in USD and the book counts in EUR; add EURUSD%3DX.csv (USD for 1 EUR) or USDEUR%3DX.csv to ${path}`,
      ])
      return true
    })
  })

  it('a file of rates that holds none of the days asked for is noted', async () => {
    const { notes } = await history({ 'SPY.csv': good, 'EURUSD=X.csv': rates.replaceAll('2020', '2010') }, [spy])
    assert.deepEqual(notes, ['No rate of USD in EUR is known from 2020-01-01 to 2020-12-31.'])
  })

  it('a fault in a file of rates is a fault like any other', async () => {
    const broken = rates.replace('1.25,1.25', '0,0')
    const found = await faults({ 'SPY.csv': good, 'EURUSD%3DX.csv': broken }, [spy])
    assert.match(found[0] ?? '', /^EURUSD%3DX.csv line 3, column open: 0 is not a price/)
  })
})

describe('bad files are refused whole', () => {
  const cases: readonly [title: string, rows: string, expected: readonly string[]][] = [
    ['text in numbers', '2020-03-12,90,95,88,n/a,10,0,1', ['column close: "n/a" is not a number']],
    ['a comma for the point', '2020-03-12,"90,5",95,88,89,10,0,1', ['column open: "90,5" is not a number']],
    ['NaN', '2020-03-12,90,NaN,88,89,10,0,1', ['column high: "NaN" is not a number']],
    ['Infinity', '2020-03-12,90,Infinity,88,89,10,0,1', ['column high: "Infinity" is not a number']],
    ['a number too large to hold', '2020-03-12,90,1e999,88,89,10,0,1', ['column high: "1e999" is not a number']],
    ['a hexadecimal number', '2020-03-12,0x5A,95,88,89,10,0,1', ['column open: "0x5A" is not a number']],
    ['a price of zero', '2020-03-12,90,95,0,89,10,0,1', ['column low: 0 is not a price']],
    ['a negative price', '2020-03-12,-90,95,88,89,10,0,1', ['column open: -90 is not a price']],
    ['a price that is missing beside others', '2020-03-12,90,95,,89,10,0,1', ['column low: is empty while others']],
    ['a high below the low', '2020-03-12,90,85,88,89,10,0,1', ['column high: 85 is below the low of 88']],
    ['an open above the high', '2020-03-12,96,95,88,89,10,0,1', ['column open: 96 lies outside low 88 to high 95']],
    ['a close below the low', '2020-03-12,90,95,88,87.9,10,0,1', ['column close: 87.9 lies outside low 88 to high 95']],
    ['a negative volume', '2020-03-12,90,95,88,89,-10,0,1', ['column volume: -10 is negative']],
    ['an empty volume', '2020-03-12,90,95,88,89,,0,1', ['column volume: is empty; write 0']],
    ['a negative dividend', '2020-03-12,90,95,88,89,10,-1,1', ['column dividend: -1 is negative']],
    ['a split of zero', '2020-03-12,90,95,88,89,10,0,0', ['column split: 0 is not above zero']],
    ['a negative split', '2020-03-12,90,95,88,89,10,0,-2', ['column split: -2 is not above zero']],
    ['a date that does not exist', '2021-02-30,90,95,88,89,10,0,1', ['column date: "2021-02-30" is not a date']],
    ['a date in another form', '12/03/2020,90,95,88,89,10,0,1', ['column date: "12/03/2020" is not a date']],
    ['a row cut short', '2020-03-12,90,95', [': 3 cells where the header names 8 columns']],
    [
      'two faults in one row',
      '2020-03-12,x,95,88,89,-10,0,1',
      ['column open: "x" is not', 'column volume: -10 is negative'],
    ],
  ]
  for (const [title, rows, expected] of cases) {
    it(`${title}, told with file, line and column`, async () => {
      const found = await faultsIn(`2020-03-11,90,95,88,89,10,0,1\n${rows}\n`)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [index, part] of expected.entries()) {
        assert.ok(found[index]?.startsWith('MC.PA.csv line 3'), found[index])
        assert.ok(found[index]?.includes(part), found[index])
      }
    })
  }

  const row = (date: string) => `${date},90,95,88,89,10,0,1\n`

  it('a date that is there twice', async () => {
    const found = await faultsIn(row('2020-03-11') + row('2020-03-12') + row('2020-03-12'))
    assert.deepEqual(found, ['MC.PA.csv line 4, column date: 2020-03-12 is already on line 3; keep one of them'])
  })

  it('dates out of order', async () => {
    const found = await faultsIn(row('2020-03-11') + row('2020-03-13') + row('2020-03-12'))
    assert.deepEqual(found, [
      'MC.PA.csv line 4, column date: 2020-03-12 comes after 2020-03-13; sort the rows, oldest first',
    ])
  })

  it('lines are counted as an editor does, empty ones and broken cells included', async () => {
    const found = await faultsIn(
      `${row('2020-03-11')}\n\n"2020-03-12\n",90,95,88,89,10,0,1\n2020-03-13,x,95,88,89,10,0,1\n`,
    )
    assert.match(found.at(-1) ?? '', /^MC.PA.csv line 7, column open: "x"/)
  })

  it('missing columns, all of them at once', async () => {
    const found = await faults({ 'MC.PA.csv': 'date,open,high,low\n2020-03-11,1,1,1\n2020-03-12,1,1,1\n' })
    assert.deepEqual(found, [
      'MC.PA.csv line 1: column close is missing; the header reads "date,open,high,low"',
      'MC.PA.csv line 1: column volume is missing; the header reads "date,open,high,low"',
    ])
  })

  it('columns parted by semicolons, and a file without a header', async () => {
    assert.equal((await faults({ 'MC.PA.csv': good.replaceAll(',', ';') })).length, 6)
    assert.match((await faults({ 'MC.PA.csv': good.replace(header, '') }))[0] ?? '', /line 1: column date is missing/)
  })

  it('a column that is there twice', async () => {
    const found = await faults({ 'MC.PA.csv': 'date,open,high,low,close,close,volume\n2020-03-11,1,1,1,1,2,1\n' })
    assert.deepEqual(found, ['MC.PA.csv line 1: column close is there twice; keep one'])
  })

  it('an empty file; one with a header alone is an asset without prices, as when a file is cut before its first bar', async () => {
    assert.match((await faults({ 'MC.PA.csv': '' }))[0] ?? '', /^MC.PA.csv: the file is empty/)
    assert.match((await faults({ 'MC.PA.csv': '\uFEFF\r\n' }))[0] ?? '', /^MC.PA.csv: the file is empty/)
    const { histories, absent } = await history({ 'MC.PA.csv': header })
    assert.deepEqual([histories.length, absent[0]?.symbol], [0, 'MC.PA'])
  })

  it('a quote that never closes, at its line', async () => {
    const found = await faultsIn(`${row('2020-03-11')}2020-03-12,"90,95,88,89,10,0,1\n`)
    assert.match(found[0] ?? '', /^MC.PA.csv: Quote Not Closed.*line \d+/)
  })

  it('one line without end', async () => {
    const found = await faults({ 'MC.PA.csv': `${header}${'1'.repeat(1_000_000)}` })
    assert.match(found[0] ?? '', /^MC.PA.csv: Max Record Size.*line 2; mend that line$/)
  })

  it('bytes that are no text', async () => {
    const found = await faults({ 'MC.PA.csv': new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0xff, 10, 0, 7]) })
    assert.match(found[0] ?? '', /line 1: column date is missing/)
    for (const sentence of found) assert.doesNotMatch(sentence, /\p{Cc}/u)
  })

  it('a file above 64 MB', async () => {
    const path = directory({ 'MC.PA.csv': good })
    truncateSync(join(path, 'MC.PA.csv'), 65 * 1024 * 1024)
    await assert.rejects(openCsvMarket(path).history(request([mc])), /MC.PA.csv: 65 MB is above the limit of 64 MB/)
  })

  it('a folder in a file’s place', async () => {
    const path = directory({ 'SPY.csv': good })
    mkdirSync(join(path, 'MC.PA.csv'))
    await assert.rejects(openCsvMarket(path).history(request([mc])), /MC.PA.csv: it is not a file/)
  })

  it('the faults of all files together, none hidden by a file that is wrong on every line, with a count of the rest', async () => {
    const days = Array.from({ length: 300 }, (_, day) =>
      new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10),
    )
    const upsideDown = header + days.toReversed().map(row).join('')
    const found = await faults({ 'MC.PA.csv': upsideDown, 'AI.PA.csv': good.replace('101', 'x'), 'SPY.csv': good }, [
      mc,
      { ...mc, symbol: 'AI.PA' },
      spy,
    ])
    assert.match(found[0] ?? '', /^mixed currencies without a rate/)
    assert.ok(found.some((sentence) => sentence.startsWith('AI.PA.csv line 2, column close')))
    assert.ok(found.length <= 51)
    // 299 descents, one text, one missing rate: 301 in all.
    assert.equal(found.at(-1), `and ${301 - (found.length - 1)} more`)
  })

  it('the fault is told again when asked again, and files that are not asked for do not matter', async () => {
    const market = openCsvMarket(directory({ 'MC.PA.csv': 'rubbish', 'AI.PA.csv': good }))
    await assert.rejects(market.history(request([mc])), InputError)
    await assert.rejects(market.quotes([mc], '2020-03-15T12:00:00.000Z'), InputError)
    await assert.rejects(market.range([mc]), InputError)
    assert.equal((await market.history(request([{ ...mc, symbol: 'AI.PA' }]))).histories.length, 1)
  })
})

describe('a directory that is none', () => {
  it('is refused when it does not exist, is a file, or holds no CSV file', () => {
    assert.throws(
      () => openCsvMarket(join(root, 'nowhere')),
      /nowhere does not exist; name a directory of SYMBOL.csv files/,
    )
    const path = directory({ 'notes.txt': 'hello' })
    assert.throws(() => openCsvMarket(join(path, 'notes.txt')), /is not a directory/)
    assert.throws(() => openCsvMarket(path), /no SYMBOL.csv in/)
    assert.throws(() => openCsvMarket(path), InputError)
  })
})
