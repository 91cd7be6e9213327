import type { Comparison, DecisionFigures, Evidence } from '../../src/journal/evidence-entry.ts'

/** The verdict and the decision figures of reports, written down by hand. */

const none = { difference: null, low: null, high: null }
const opponents = [
  { kind: 'benchmark', policy: 'buy-and-hold:SPY', shortName: 'SPY', priceOnly: false, netReturn: 0.034 },
  { kind: 'benchmark', policy: 'buy-and-hold:CAC.PA', shortName: 'CAC', priceOnly: false, netReturn: 0.009 },
  { kind: 'benchmark', policy: 'equal-weight', shortName: '1/N', priceOnly: false, netReturn: 0.0195 },
  { kind: 'benchmark', policy: 'do-nothing', shortName: 'cash', priceOnly: false, netReturn: 0 },
  { kind: 'control', policy: 'cvar', shortName: 'CVaR control', priceOnly: false, netReturn: 0.012 },
  { kind: 'control', policy: 'random:1', shortName: 'random', priceOnly: false, netReturn: -0.01 },
  { kind: 'mix', policy: 'buy-and-hold:SPY', shortName: 'SPY', priceOnly: false, netReturn: 0.022 },
] as const

const few = 'yearly figures, intervals and lengths begin at 60 net daily returns; there are 42'

/** After 42 returns: e-values and luck, and nothing that needs more. */
export const fewEvidence: Evidence = {
  returns: 42,
  sessionsPerYear: 252,
  comparisons: opponents.map((opponent, i) => ({ ...opponent, ...none, eValue: 0.91 + i / 10 })),
  skill: {
    eValue: 0.91,
    hardest: 0,
    probabilisticSharpe: null,
    deflatedSharpe: null,
    trials: 1,
    minTrackRecord: null,
    returnsToEvidence: null,
    allocators: { count: 1000, atLeastAsGood: 612, p: 613 / 1001 },
  },
  notes: {
    comparisons: few,
    probabilisticSharpe: few,
    deflatedSharpe: few,
    minTrackRecord: few,
    returnsToEvidence: few,
  },
  text: 'No evidence of skill yet: the smallest e-value is 0.910, against SPY after 42 returns, and evidence begins at 20.',
}

export const controlEvidence: Evidence = {
  ...fewEvidence,
  comparisons: fewEvidence.comparisons.filter(({ kind }) => kind !== 'control'),
  skill: null,
  notes: { comparisons: few },
  text: 'A control run: no claim of skill.',
}

const leads: readonly (readonly [difference: number, low: number, high: number, eValue: number])[] = [
  [0.055, -0.071, 0.182, 1.87],
  [0.11, -0.041, 0.26, 2.95],
  [0.081, -0.05, 0.212, 2.11],
  [0.14, -0.03, 0.31, 3.4],
  [0.09, -0.04, 0.22, 2.2],
  [0.16, 0.01, 0.31, 4.1],
  [0.024, -0.098, 0.149, 1.308],
]

/** After 96 returns, as the best of three trials. */
export const fullEvidence: Evidence = {
  returns: 96,
  sessionsPerYear: 252,
  comparisons: opponents.map((opponent, i): Comparison => {
    const [difference, low, high, eValue] = leads[i]!
    return { ...opponent, difference, low, high, eValue }
  }),
  skill: {
    eValue: 1.308,
    hardest: 6,
    probabilisticSharpe: 0.8132,
    deflatedSharpe: 0.4491,
    trials: 3,
    minTrackRecord: 310.2,
    returnsToEvidence: 1421,
    allocators: { count: 1000, atLeastAsGood: 388, p: 389 / 1001 },
  },
  notes: {},
  text:
    'No evidence of skill yet: the smallest e-value is 1.31, against SPY mixed with cash to the same exposure after 96 returns, ' +
    'and evidence begins at 20. Such an edge would need about 1,430 sessions in all (5.7 years).',
}

type Forward = DecisionFigures['forward'][number]
const forward = (
  side: Forward['side'],
  sessions: number,
  count: number,
  excess: number | null,
  more: Partial<Forward>,
) => ({
  side,
  sessions,
  count,
  dates: count,
  tooRecent: 0,
  asset: excess,
  benchmark: excess === null ? null : 0,
  excess,
  low: null,
  high: null,
  ahead: excess === null ? null : 0.5,
  because: null,
  ...more,
})

export const fewDecisions: DecisionFigures = {
  orders: 18,
  filled: 17,
  benchmark: 'SPY',
  forward: [
    forward('buy', 1, 10, 0.0021, {}),
    forward('buy', 5, 9, -0.0034, { tooRecent: 1 }),
    forward('buy', 20, 0, null, { tooRecent: 10 }),
    forward('sell', 1, 4, 0.0007, {}),
    forward('stop', 1, 3, -0.011, {}),
  ],
  holding: {
    trips: 4,
    profitable: 1,
    profit: -61.2,
    meanSessions: 11.25,
    buckets: [
      { from: 0, to: 5, trips: 1, profitable: 0, profit: -20 },
      { from: 6, to: 20, trips: 3, profitable: 1, profit: -41.2 },
      { from: 21, to: null, trips: 0, profitable: 0, profit: 0 },
    ],
  },
  turnoverPerYear: null,
  costsPerYear: null,
  cash: {
    sessions: 43,
    meanCashWeight: 0.3412,
    aboveCeiling: 6,
    drag: 4,
    capBound: 2,
    forgone: { drag: 0.0031, capBound: -0.0102 },
  },
  disposition: {
    saleDates: 3,
    realizedGains: 1,
    paperGains: 9,
    realizedLosses: 3,
    paperLosses: 7,
    gainsRealized: null,
    lossesRealized: null,
    difference: null,
    low: null,
    high: null,
    because: 'at least 20 gains and 20 losses on sessions with a sale are asked; there are 10 and 10',
    lossAversion: { value: null, low: null, high: null, gainsSold: 1, lossesSold: 3, kept: null, because: 'too few' },
  },
  keywords: {
    texts: 20,
    periods: [
      { name: '2020-02', texts: 10 },
      { name: '2020-03', texts: 10 },
    ],
    rates: [
      { concept: 'drawdown', mentions: [0, 0] },
      { concept: 'volatility', mentions: [5, 9] },
      { concept: 'RSI', mentions: [4, 2] },
    ],
  },
  stability: null,
}

export const fullDecisions: DecisionFigures = {
  ...fewDecisions,
  orders: 61,
  filled: 60,
  forward: [
    forward('buy', 1, 26, 0.0012, { low: -0.0031, high: 0.0052 }),
    forward('buy', 5, 24, -0.0034, { low: -0.012, high: 0.005, tooRecent: 2 }),
    forward('buy', 20, 19, 0.0141, { tooRecent: 7 }),
    forward('sell', 1, 21, 0.0007, { low: -0.004, high: 0.0054 }),
    forward('sell', 5, 20, -0.0041, {}),
    forward('sell', 20, 15, 0.002, {}),
    forward('stop', 1, 4, -0.011, {}),
    forward('stop', 5, 4, 0.0206, {}),
    forward('stop', 20, 3, 0.0312, {}),
  ],
  holding: {
    trips: 30,
    profitable: 14,
    profit: 61.2,
    meanSessions: 15.5,
    buckets: [
      { from: 0, to: 5, trips: 8, profitable: 3, profit: -20 },
      { from: 6, to: 20, trips: 15, profitable: 7, profit: 31.2 },
      { from: 21, to: null, trips: 7, profitable: 4, profit: 50 },
    ],
  },
  turnoverPerYear: 3.42,
  costsPerYear: 0.0181,
  cash: {
    sessions: 97,
    meanCashWeight: 0.3412,
    aboveCeiling: 14,
    drag: 9,
    capBound: 5,
    forgone: { drag: 0.0031, capBound: -0.0102 },
  },
  disposition: {
    saleDates: 22,
    realizedGains: 12,
    paperGains: 28,
    realizedLosses: 8,
    paperLosses: 32,
    gainsRealized: 0.3,
    lossesRealized: 0.2,
    difference: 0.1,
    low: -0.05,
    high: 0.25,
    because: null,
    lossAversion: { value: 1.4, low: 0.9, high: 2.2, gainsSold: 22, lossesSold: 21, kept: 1.3, because: null },
  },
  keywords: {
    texts: 60,
    periods: [
      { name: '2020-03', texts: 20 },
      { name: '2020-04', texts: 20 },
      { name: '2020-05', texts: 20 },
    ],
    rates: [
      { concept: 'drawdown', mentions: [1, 0, 2] },
      { concept: 'volatility', mentions: [16, 15, 12] },
      { concept: 'RSI', mentions: [4, 2, 3] },
      { concept: 'news', mentions: [0, 0, 0] },
    ],
  },
  stability: { dates: 2, calls: 4, agreement: 0.667 },
}
