import { Snapshot } from '../../src/decision/snapshot.ts'

const listed: readonly (readonly [string, string, 'XPAR' | 'XNYS', 'EUR' | 'USD', number])[] = [
  ['SPY', 'SPDR S&P 500 ETF', 'XNYS', 'USD', 655.12],
  ['QQQ', 'Invesco QQQ (Nasdaq 100)', 'XNYS', 'USD', 590.4],
  ['GLD', 'SPDR Gold Shares', 'XNYS', 'USD', 371.05],
  ['TLT', 'iShares 20+ Year Treasury', 'XNYS', 'USD', 88.9],
  ['FEZ', 'SPDR EURO STOXX 50', 'XNYS', 'USD', 61.2],
  ['CAC.PA', 'Amundi CAC 40 UCITS ETF', 'XPAR', 'EUR', 78.33],
  ['MC.PA', 'LVMH', 'XPAR', 'EUR', 612.4],
  ['TTE.PA', 'TotalEnergies', 'XPAR', 'EUR', 55.18],
  ['SAN.PA', 'Sanofi', 'XPAR', 'EUR', 85.9],
  ['OR.PA', 'L’Oréal', 'XPAR', 'EUR', 371.2],
  ['AIR.PA', 'Airbus', 'XPAR', 'EUR', 203.05],
  ['SU.PA', 'Schneider Electric', 'XPAR', 'EUR', 233.1],
  ['AI.PA', 'Air Liquide', 'XPAR', 'EUR', 166.64],
  ['BNP.PA', 'BNP Paribas', 'XPAR', 'EUR', 72.9],
  ['CS.PA', 'AXA', 'XPAR', 'EUR', 39.83],
  ['RMS.PA', 'Hermès', 'XPAR', 'EUR', 2111],
  ['SAF.PA', 'Safran', 'XPAR', 'EUR', 297.7],
  ['DSY.PA', 'Dassault Systèmes', 'XPAR', 'EUR', 24.07],
  ['DG.PA', 'Vinci', 'XPAR', 'EUR', 118.2],
  ['SGO.PA', 'Saint-Gobain', 'XPAR', 'EUR', 87.16],
  ['KER.PA', 'Kering', 'XPAR', 'EUR', 290.05],
]

/** A snapshot of the allocator book with every kind of row in it: 21 assets, one stale, one unknown. Made-up figures. */
export function sampleSnapshot(changed: Partial<Snapshot> = {}): Snapshot {
  const knownAt = '2026-11-20T21:00:00.000Z'
  const assets: Snapshot['assets'] = listed.map(([symbol, name, exchange, currency, close], i) => ({
    symbol,
    name,
    exchange,
    currency,
    close,
    date: '2026-11-20',
    knownAt,
    note: null,
    features: {
      dailyReturn: (i - 10) / 1000,
      sma20: close * 0.99,
      sma50: close * 1.01,
      sma200: close / 1.1,
      rsi14: 40 + i,
      bollinger20: { lower: close * 0.95, middle: close, upper: close * 1.05, percentB: 0.5 },
      volatility20: 0.15 + i / 100,
      drawdown: i / 100,
    },
    halfKelly: i % 3 === 0 ? 0 : 0.125,
  }))
  const stale = assets[19]!
  assets[19] = { ...stale, date: '2026-11-19', note: 'no price today: this close is of 2026-11-19' }
  assets[20] = {
    ...assets[20]!,
    close: null,
    date: null,
    knownAt: null,
    note: 'no close is known by 2026-11-20',
    features: null,
    halfKelly: null,
  }
  const correlation = (i: number, j: number): number | null =>
    i === j ? 1 : i === 20 || j === 20 ? null : 0.9 - Math.abs(i - j) / 20
  return Snapshot.parse({
    book: 'allocator',
    date: '2026-11-20',
    sealedAt: '2026-11-20T21:20:00.000Z',
    day: 43,
    currency: 'EUR',
    market: 'Yahoo',
    nextOpens: [
      { exchange: 'XPAR', date: '2026-11-23', opensAt: '2026-11-23T08:00:00.000Z' },
      { exchange: 'XNYS', date: '2026-11-23', opensAt: '2026-11-23T14:30:00.000Z' },
    ],
    rates: [
      { currency: 'EUR', rate: 1, date: '2026-11-20', knownAt, note: null },
      { currency: 'USD', rate: 0.86207, date: '2026-11-20', knownAt, note: null },
    ],
    assets,
    correlation20: {
      symbols: assets.map((asset) => asset.symbol),
      matrix: assets.map((_, i) => assets.map((__, j) => correlation(i, j))),
    },
    regime: {
      date: '2026-11-20',
      volatility: 'normal',
      trend: 'trending',
      correlation: 'normal',
      volatilityPercentile: 61.4,
      adx14: 27.31,
      meanCorrelation60: 0.512,
      because: null,
    },
    portfolio: {
      equity: 10_213.4,
      cash: 4000,
      cashWeight: 0.3916,
      netReturn: 0.02134,
      drawdown: 0.0312,
      positions: [
        {
          symbol: 'SPY',
          quantity: 4.2,
          weight: 0.2322,
          averageCost: 640,
          close: 655.12,
          change: 0.023625,
          sessionsHeld: 12,
          prospectValue: 2.131,
          unrealizedAsset: 54.74,
          unrealizedCurrency: -12.3,
        },
        {
          symbol: 'MC.PA',
          quantity: 2,
          weight: 0.1199,
          averageCost: 640,
          close: 612.4,
          change: -0.043125,
          sessionsHeld: 3,
          prospectValue: -8.142,
          unrealizedAsset: -55.2,
          unrealizedCurrency: 0,
        },
      ],
      pending: [
        {
          id: '2026-11-18/1',
          symbol: 'KER.PA',
          side: 'buy',
          amountCents: 50_000,
          decidedOn: '2026-11-18',
          reason: 'policy',
          waited: 1,
        },
      ],
    },
    risk: {
      observations: 252,
      var95: 0.0101,
      cvar95: 0.0152,
      var99: 0.0181,
      cvar99: null,
      because: 'CVaR 99 needs more sessions',
    },
    limits: {
      stopLoss: 0.05,
      maxWeight: 0.25,
      cashFloor: 0.15,
      cashCeiling: 0.3,
      tradesThisWeek: 1,
      tradesLeft: 2,
      minimumTicket: 100,
      minimumHoldingSessions: 5,
      reentryCooldownSessions: 10,
      blocked: [
        { symbol: 'MC.PA', side: 'sell', because: 'held 3 of at least 5 sessions by the next open' },
        { symbol: 'GLD', side: 'buy', because: 'sold out 4 sessions before the next open, re-entry after 10' },
        { symbol: 'TLT', side: 'buy', because: 'sold out 4 sessions before the next open, re-entry after 10' },
      ],
      stops: [],
    },
    benchmarks: [
      { policy: 'buy-and-hold:SPY', shortName: 'SPY', netReturn: 0.034, priceOnly: false },
      { policy: 'buy-and-hold:CAC.PA', shortName: 'CAC', netReturn: 0.009, priceOnly: true },
    ],
    recentDecisions: [
      { date: '2026-11-18', outcome: 'no-decision', actions: [], clamps: [], since: [] },
      {
        date: '2026-11-19',
        outcome: 'decision',
        actions: [
          { symbol: 'SPY', side: 'buy', pct: 10, reason: 'Close 3.1 % above its SMA200.' },
          { symbol: 'QQQ', side: 'buy', pct: 20, reason: 'Same trend.' },
        ],
        clamps: [
          { rule: 'weekly-trades', symbol: 'QQQ', side: 'buy', before: 80_000, after: 0, because: 'weekly trade cap' },
        ],
        since: [
          { symbol: 'SPY', side: 'buy', return: 0.0121 },
          { symbol: 'QQQ', side: 'buy', return: null },
        ],
      },
    ],
    analystNotes: [],
    textFactors: [],
    ...changed,
  })
}
