import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryBodies } from '../../src/journal/entry.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
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
  assert.match(text, /Before costs, best Gold EUR \+31\.24, worst LVMH EUR -64\.10\./)
  assert.match(text, /Since the start EUR 10,213: \+2\.1 %, SPY \+3\.4 %, CAC \+0\.9 %\. No evidence of skill yet\./)
  // 3.75 + 0.60 + 1.05 and 21.25 + 4.10 + 8.75 + 5.40
  assert.match(text, /Costs EUR 39\.50 since the start \(at twice the costs EUR 10,174\)/)
  assert.match(text, /Costs EUR 5\.40, 3 trades, 1 stop, 3 cuts or refusals by the limits, 1 missed day\.\n/)
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
  // What did not happen is said, and the verdict of a control stays.
  assert.match(
    post.x.join('\n'),
    /Costs EUR 0\.00, 0 trades, 0 cuts or refusals by the limits, 0 missed days\.\n[\s\S]*, 0 completed trades, cash 34\.1 %/,
  )
  assert.match(post.x.join('\n'), /A control run: no claim of skill\./)
  const fields = DiscordPost.parse(post.discord).embeds[0]!.fields
  const value = (start: string) => fields.find(({ name }) => name.startsWith(start))!.value
  assert.equal(value('Cuts and refusals'), 'None.')
  assert.equal(value('Missed days'), 'None.')
  assert.ok(post.x.length <= 3)
})

test('long names and a price-only benchmark cost a third text, never a fact, and no text holds only notices', () => {
  const long = (policy: string, shortName: string) => ({
    ...controlStanding.benchmarks[0]!,
    policy,
    shortName,
    priceOnly: true,
  })
  const post = renderWeeklyPost({
    opened: controlOpened(),
    report: report({
      standing: {
        ...controlStanding,
        benchmarks: [
          long('buy-and-hold:SPY', 'A long name of an index'),
          long('buy-and-hold:CAC.PA', 'Another long name'),
        ],
      },
    }),
  })
  assert.equal(post.x.length, 3)
  const text = post.x.join('\n')
  for (const fact of [
    /EUR -326\.98, -3\.1 %, A long name of an index \(price only\) -8\.8 %, Another long name \(price only\) -11\.2 %/,
    /best Gold .* worst LVMH/,
    /A control run: no claim of skill\./,
    /Costs EUR 39\.50 since the start \(at twice the costs EUR 10,174\), 4 completed trades, 1 at a profit, cash 34\.1 % on/,
    /Costs EUR 5\.40, 3 trades, 1 stop, 3 cuts or refusals by the limits, 1 missed day\./,
    /4 completed trades, 1 at a profit, cash 34\.1 % on average\./,
  ])
    assert.match(text, fact)
  for (const single of post.x) {
    const told = single.replace(/^\d\/3 |Simulated prices\.|A control decides.*|Automated.*/g, '').trim()
    assert.notEqual(told, '')
  }
})

test('no ratio is shown in a weekly report, in any channel', () => {
  const post = renderWeeklyPost({ opened: opened(), report: report() })
  assert.doesNotMatch(`${post.x.join(' ')} ${JSON.stringify(post.discord)}`, /sharpe|sortino|calmar|ratio|alpha|beta/i)
})
