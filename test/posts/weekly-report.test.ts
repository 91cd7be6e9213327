import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryBodies } from '../../src/journal/entry.ts'
import { renderWeeklyPost } from '../../src/posts/weekly-report.ts'
import { assertGolden, postAsText } from './golden.ts'
import { controlOpened, controlStanding, entry, opened, standing } from './sample-entries.ts'

function report(overrides: Partial<EntryBodies['report']> = {}) {
  return entry(
    'report',
    {
      week: '2020-W11',
      from: '2020-03-09',
      to: '2020-03-13',
      sessions: 5,
      equityStartCents: 1_054_000,
      equityEndCents: 1_021_302,
      weekReturn: -0.031023,
      benchmarkWeekReturns: {
        'buy-and-hold:SPY': -0.0882,
        'buy-and-hold:CAC.PA': -0.1124,
        'equal-weight': -0.0951,
        'do-nothing': 0,
      },
      standing,
      best: { symbol: 'GLD', profit: 31.24 },
      worst: { symbol: 'MC.PA', profit: -64.1 },
      costsWeek: { commission: 3.75, spread: 0.6, fx: 1.05 },
      costsSinceStart: { commission: 21.25, spread: 4.1, fx: 8.75, tax: 5.4 },
      equityAtTwiceTheCosts: 10_173.52,
      trades: 3,
      stops: 1,
      clampsByRule: { 'weekly-trades': 2, 'max-weight': 1 },
      missedDays: [{ date: '2020-03-10', because: "the model's answer was cut off twice" }],
      roundTrips: { count: 4, profitable: 1, meanSessions: 11.25 },
      cashDrag: { meanCashWeight: 0.3412, sessionsAboveCeiling: 6 },
      realized: { asset: -80.2, currency: 3.15 },
      unrealized: { asset: 310.4, currency: -12.05 },
      dividendsCents: 1234,
      positions: [],
      ...overrides,
    },
    { seq: 530, hash: 'd'.repeat(64) },
  )
}

test('the weekly report says the week, the benchmarks, the extremes, the costs and what doubled costs would leave', () => {
  const post = renderWeeklyPost({ opened: opened(), report: report() })
  const text = post.x.join('\n')
  assert.match(text, /Week 2020-W11, day 43: EUR -326\.98, -3\.1 %, SPY -8\.8 %, CAC -11\.2 %\./)
  assert.match(text, /Best Gold EUR \+31\.24, worst LVMH EUR -64\.10\./)
  assert.match(text, /Since the start EUR 10,213: \+2\.1 %, SPY \+3\.4 %, CAC \+0\.9 %\. No evidence of skill yet\./)
  // 3.75 + 0.60 + 1.05 and 21.25 + 4.10 + 8.75 + 5.40
  assert.match(text, /Costs EUR 5\.40, EUR 39\.50 since the start; at twice the costs EUR 10,174\./)
  assert.match(
    text,
    /3 trades, 1 stop, 3 clamps, 1 missed day, 4 round trips, 1 with a profit, cash 34\.1 % on average\./,
  )
  assert.ok(post.x.length <= 2)
  assertGolden('weekly.txt', postAsText(post))
})

test('a week of a control without positions says so and claims nothing', () => {
  const post = renderWeeklyPost({
    opened: controlOpened(),
    report: report({
      best: null,
      worst: null,
      standing: controlStanding,
      trades: 0,
      stops: 0,
      clampsByRule: {},
      missedDays: [],
      costsWeek: {},
      costsSinceStart: {},
      roundTrips: { count: 0, profitable: 0, meanSessions: null },
    }),
  })
  assert.match(post.x.join('\n'), /Nothing was held\./)
  for (const text of post.x) assert.match(text, /Simulated prices\./)
  assert.match(post.x.at(-1)!, /Simulated prices\. A control decides \(cvar\), no model\.\nAutomated/)
  assert.ok(post.x.length <= 2)
})

test('no ratio is shown in a weekly report, in any channel', () => {
  const post = renderWeeklyPost({ opened: opened(), report: report() })
  assert.doesNotMatch(`${post.x.join(' ')} ${JSON.stringify(post.discord)}`, /sharpe|sortino|calmar|ratio|alpha|beta/i)
})
