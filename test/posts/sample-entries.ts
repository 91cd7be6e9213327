import type { Entry, EntryBodies, EntryKind } from '../../src/journal/entry.ts'

/** A small book written down by hand: day 43 of design.md, "What a post looks like". */

const names: readonly (readonly [symbol: string, name: string, shortName: string, currency: string])[] = [
  ['SPY', 'SPDR S&P 500 ETF', 'SPY', 'USD'],
  ['TLT', 'iShares 20+ Year Treasury', 'TLT', 'USD'],
  ['GLD', 'SPDR Gold Shares', 'Gold', 'USD'],
  ['CAC.PA', 'Amundi CAC 40 UCITS ETF', 'CAC', 'EUR'],
  ['MC.PA', 'LVMH', 'LVMH', 'EUR'],
  ['AIR.PA', 'Airbus SE', 'Airbus', 'EUR'],
  ['KER.PA', 'Kering', 'Kering', 'EUR'],
]

export const designHash = `a1b2c3d4e5f60718293a4b5c6d7e8f90${'0123456789abcdef'.repeat(2)}`

export function entry<K extends EntryKind>(
  kind: K,
  body: EntryBodies[K],
  overrides: { hash?: string; seq?: number } = {},
) {
  return {
    seq: overrides.seq ?? 512,
    at: '2020-03-12T20:21:07.000Z',
    kind,
    book: 'allocator',
    body,
    previousHash: 'f'.repeat(64),
    hash: overrides.hash ?? designHash,
  } as Entry<K>
}

export function opened(overrides: Partial<EntryBodies['opened']> = {}): Entry<'opened'> {
  return entry('opened', {
    title: 'Daily allocator',
    currency: 'EUR',
    initialCashCents: 1_000_000,
    bookHash: '1'.repeat(64),
    policy: 'model',
    decider: 'model',
    market: { spec: 'yahoo', label: 'Yahoo, official closes', nature: 'live' },
    firstSession: '2020-01-13',
    instruments: names.map(([symbol, name, shortName, currency]) => ({ symbol, name, shortName, currency })),
    benchmarks: [
      { policy: 'buy-and-hold:SPY', shortName: 'SPY', priceOnly: false },
      { policy: 'buy-and-hold:CAC.PA', shortName: 'CAC', priceOnly: false },
      { policy: 'equal-weight', shortName: '1/N', priceOnly: false },
      { policy: 'do-nothing', shortName: 'cash', priceOnly: false },
    ],
    notes: [],
    ...overrides,
  })
}

/** The `cvar` control on simulated prices, as `primer demo` runs without a key. */
export function controlOpened(): Entry<'opened'> {
  return opened({
    policy: 'cvar',
    decider: 'control',
    market: { spec: 'simulated:7', label: 'simulated prices, seed 7', nature: 'simulated' },
  })
}

export const standing: EntryBodies['decision']['standing'] = {
  day: 43,
  equityCents: 1_021_302,
  netReturn: 0.021302,
  drawdown: 0.0124,
  benchmarks: [
    { policy: 'buy-and-hold:SPY', shortName: 'SPY', equityCents: 1_034_011, netReturn: 0.034011, priceOnly: false },
    { policy: 'buy-and-hold:CAC.PA', shortName: 'CAC', equityCents: 1_008_960, netReturn: 0.00896, priceOnly: false },
    { policy: 'equal-weight', shortName: '1/N', equityCents: 1_019_500, netReturn: 0.0195, priceOnly: false },
    { policy: 'do-nothing', shortName: 'cash', equityCents: 1_000_000, netReturn: 0, priceOnly: false },
  ],
  verdict: { kind: 'no-evidence', eValue: 0.91, text: 'No evidence of skill yet.' },
}

export const controlStanding: EntryBodies['decision']['standing'] = {
  ...standing,
  verdict: { kind: 'control', eValue: null, text: 'A control run: no claim of skill.' },
}

const stopOrder = {
  id: '2020-03-12/1',
  symbol: 'MC.PA',
  side: 'sell',
  quantity: 2.4119,
  decidedOn: '2020-03-12',
  reason: 'stop',
  waited: 0,
} as const
export const stopOrders: EntryBodies['decision']['orders'] = [stopOrder]
export const stops: EntryBodies['decision']['stops'] = [
  { symbol: 'MC.PA', close: 345.2, averageCost: 364.52, change: -0.053 },
]

export function buyOrder(
  place: number,
  symbol: string,
  amountCents: number,
): EntryBodies['decision']['orders'][number] {
  return {
    id: `2020-03-12/${place}`,
    symbol,
    side: 'buy',
    amountCents,
    decidedOn: '2020-03-12',
    reason: 'policy',
    waited: 0,
  }
}

export function decision(
  overrides: Partial<EntryBodies['decision']> = {},
  entryOverrides: { hash?: string } = {},
): Entry<'decision'> {
  return entry(
    'decision',
    {
      date: '2020-03-12',
      policy: 'model',
      outcome: 'decision',
      because: null,
      summary: 'Long bonds are the one diversifier that still works. Cash stays high until volatility falls.',
      actions: [
        {
          symbol: 'TLT',
          side: 'buy',
          pct: 10,
          reason:
            'Its 20-day correlation with SPY is -0.42 and the portfolio CVaR of 2.9 % comes from equities alone. A tenth of cash lowers it without timing anything.',
        },
        {
          symbol: 'SPY',
          side: 'buy',
          pct: 15,
          reason: 'RSI 14 at 24 and a close below the lower Bollinger band: scale in, one third now.',
        },
      ],
      clamps: [
        {
          rule: 'weekly-trades',
          symbol: 'SPY',
          side: 'buy',
          before: 61_500,
          after: 0,
          because: 'weekly trade cap: 2 in high volatility, all used in 2020-W11',
        },
      ],
      orders: [stopOrder, buyOrder(2, 'TLT', 41_000)],
      cancelled: [],
      missed: [],
      stops,
      holds: 8,
      regime: {
        date: '2020-03-12',
        volatility: 'high',
        trend: 'trending',
        correlation: 'normal',
        volatilityPercentile: 98.6,
        adx14: 41.2,
        meanCorrelation60: 0.58,
        because: null,
      },
      cashDrag: { cashWeight: 0.4014, floor: 0.3, ceiling: 0.5 },
      snapshotSha256: '2'.repeat(64),
      prompt: null,
      standing,
      benchmarkOrders: {},
      ...overrides,
    },
    entryOverrides,
  )
}

/** The close of the decision: SPY is held already, so wanting it is wanting more of it. */
export function close(overrides: Partial<EntryBodies['close']> = {}): Entry<'close'> {
  return entry(
    'close',
    {
      date: '2020-03-12',
      cashCents: 410_002,
      equity: 10_213.02,
      positions: [
        {
          symbol: 'SPY',
          quantity: 5.1,
          price: 248.11,
          priceDate: '2020-03-12',
          currency: 'USD',
          rate: 0.894,
          value: 1131.23,
          weight: 0.1108,
          averageCost: 255.02,
          unrealized: { asset: -31.4, currency: 4.1 },
        },
      ],
      costs: { commission: 21.25, spread: 4.1, fx: 8.75 },
      dividendsCents: 321,
      benchmarks: {},
      standing,
      holdings: { cashCents: 410_002, positions: [], pending: [], exits: {} },
      ...overrides,
    },
    { seq: 510, hash: 'c'.repeat(64) },
  )
}
