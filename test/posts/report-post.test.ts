import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryBodies } from '../../src/journal/entry.ts'
import type { PeriodReport } from '../../src/journal/report-entry.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import { weightedLength } from '../../src/posts/length.ts'
import { renderReportPost } from '../../src/posts/report-post.ts'
import { assertGolden, postAsText } from './golden.ts'
import { controlOpened, controlStanding, entry, opened, standing } from './sample-entries.ts'
import { controlEvidence, fewDecisions, fewEvidence, fullDecisions, fullEvidence } from './sample-evidence.ts'

const period: EntryBodies['report'] & PeriodReport = {
  period: { kind: 'week', name: '2020-W11' },
  from: '2020-03-09',
  to: '2020-03-13',
  sessions: 5,
  equityStartCents: 1_054_000,
  equityEndCents: 1_021_302,
  periodReturn: -0.031023,
  benchmarkReturns: {
    'buy-and-hold:SPY': -0.0882,
    'buy-and-hold:CAC.PA': -0.1124,
    'equal-weight': -0.0951,
    'do-nothing': 0,
  },
  standing,
  best: { symbol: 'GLD', profit: 31.24 },
  worst: { symbol: 'MC.PA', profit: -64.1 },
  costsPeriod: { commission: 3.75, spread: 0.6, fx: 1.05 },
  costsSinceStart: { commission: 21.25, spread: 4.1, fx: 8.75, tax: 5.4 },
  equityAtTwiceTheCosts: 10_173.52,
  trades: 3,
  stops: 1,
  turnover: { period: 0.0421, sinceStart: 0.612 },
  clampsByRule: { 'weekly-trades': 2, 'max-weight': 1 },
  missedDays: [{ date: '2020-03-10', because: "the model's answer was cut off twice" }],
  roundTrips: { count: 4, profitable: 1, meanSessions: 11.25 },
  cashDrag: { meanCashWeight: 0.3412, sessionsAboveCeiling: 6 },
  realized: { asset: -80.2, currency: 3.15 },
  unrealized: { asset: 310.4, currency: -12.05 },
  dividendsCents: 1234,
  positions: [],
  evidence: fewEvidence,
  decisions: fewDecisions,
  decisionsBecause: null,
}

function report(overrides: Partial<PeriodReport> = {}) {
  return entry('report', { ...period, ...overrides }, { seq: 530, hash: 'd'.repeat(64) })
}

/** The same week as the version before wrote it. */
function firstReport() {
  const { period: week, periodReturn, benchmarkReturns, costsPeriod, ...rest } = period
  const { turnover: _, evidence: __, decisions: ___, decisionsBecause: ____, ...same } = rest
  const body = {
    ...same,
    week: week.name,
    weekReturn: periodReturn,
    benchmarkWeekReturns: benchmarkReturns,
    costsWeek: costsPeriod,
  }
  return entry('report', body, { seq: 530, hash: 'd'.repeat(64) })
}

test('the weekly report says the week, the benchmarks, the extremes, the costs and what doubled costs would leave', () => {
  const post = renderReportPost({ opened: opened(), report: report() })
  const text = post.x.join('\n')
  assert.match(text, /Week 2020-W11, day 43: EUR -326\.98, -3\.1 %, SPY -8\.8 %, CAC -11\.2 %\./)
  assert.match(text, /Before costs, best Gold EUR \+31\.24, worst LVMH EUR -64\.10\./)
  assert.match(text, /Since the start EUR 10,213: \+2\.1 %, SPY \+3\.4 %, CAC \+0\.9 %\. No evidence of skill yet\./)
  // 3.75 + 0.60 + 1.05 and 21.25 + 4.10 + 8.75 + 5.40
  assert.match(text, /Costs EUR 39\.50 since the start \(at twice the costs EUR 10,174\)/)
  assert.match(
    text,
    /Costs EUR 5\.40, 3 trades, 1 stop, turnover 4\.2 %, 3 cuts or refusals by the limits, 1 missed day\.\n/,
  )
  // The claim of a model is never left out for want of room.
  assert.match(
    text,
    /Smallest e-value 0\.910, against SPY \(20 is evidence\)\. 612 of 1,000 random choices of assets did as well\./,
  )
  assert.ok(post.x.length <= 3)
  assertGolden('weekly.txt', postAsText(post))
})

test('a week of a control without positions says so and claims nothing', () => {
  const post = renderReportPost({
    opened: controlOpened(),
    report: report({
      best: null,
      worst: null,
      standing: controlStanding,
      trades: 0,
      stops: 0,
      clampsByRule: {},
      missedDays: [],
      costsPeriod: {},
      turnover: { period: 0, sinceStart: 0 },
      evidence: controlEvidence,
      decisions: null,
      decisionsBecause: 'the market at hand is not the one that was booked: it has no prices of MC.PA',
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
    /Costs EUR 0\.00, 0 trades, turnover 0 %, 0 cuts or refusals by the limits, 0 missed days\.\n[\s\S]*, 0 completed trades, cash 34\.1 %/,
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
  const post = renderReportPost({
    opened: controlOpened(),
    report: report({
      evidence: controlEvidence,
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
    /Costs EUR 5\.40, 3 trades, 1 stop, turnover 4\.2 %, 3 cuts or refusals by the limits, 1 missed day\./,
    /4 completed trades, 1 at a profit, cash 34\.1 % on average, above its ceiling on 6 of 43 closes\./,
  ])
    assert.match(text, fact)
  for (const single of post.x) {
    const told = single.replace(/^\d\/3 |Simulated prices\.|d{4}$|A control decides.*|Automated.*/gm, '').trim()
    assert.notEqual(told, '')
  }
})

test('a week and a month that end on one day share no text, since X refuses one that it has', () => {
  const week = renderReportPost({ opened: opened(), report: report() })
  const month = renderReportPost({ opened: opened(), report: { ...report(), hash: 'e'.repeat(64) } })
  assert.equal(week.x.length, 3)
  assert.deepEqual(
    week.x.filter((text) => month.x.slice(1).includes(text)),
    [],
  )
})

test('no ratio is shown in a weekly report, in any channel', () => {
  const post = renderReportPost({ opened: opened(), report: report() })
  assert.doesNotMatch(`${post.x.join(' ')} ${JSON.stringify(post.discord)}`, /sharpe|sortino|calmar|ratio|alpha|beta/i)
})

test('a report of the version before is told as it was, without a verdict that it does not hold', () => {
  const post = renderReportPost({ opened: opened(), report: firstReport() })
  assertGolden('weekly-first.txt', postAsText(post))
  assert.equal(post.purpose, 'weekly')
})

test('the monthly report of a model says what its record proves: each opponent, luck, other trials, and how long it would take', () => {
  const post = renderReportPost({
    opened: opened(),
    report: report({
      period: { kind: 'month', name: '2020-05' },
      from: '2020-05-01',
      to: '2020-05-29',
      sessions: 20,
      evidence: fullEvidence,
      decisions: fullDecisions,
      standing: {
        ...standing,
        day: 97,
        verdict: { kind: 'no-evidence', eValue: 1.31, text: 'No evidence of skill yet.' },
      },
    }),
  })
  assert.equal(post.purpose, 'monthly')
  const text = post.x.join('\n')
  assert.match(text, /May 2020, day 97: EUR -326\.98, -3\.1 %/)
  assert.match(
    text,
    /Smallest e-value 1\.31, against SPY with cash \(20 is evidence\): \+2\.4 points a year \(-9\.8 to \+14\.9\)\. 388 of 1,000 random choices of assets did as well\. Such an edge would need about 1,430 sessions\./,
  )
  assert.match(text, /cash 34\.1 % on average, above its ceiling on 14 of 97 closes\./)
  const { title, fields } = DiscordPost.parse(post.discord).embeds[0]!
  assert.equal(title, 'Daily allocator: month 2020-05, day 97')
  const value = (start: string) => fields.find(({ name }) => name.startsWith(start))!.value
  assert.match(value('The verdict'), /Against CAC: \+11\.0 points a year \(-4\.1 to \+26\.0\); e-value 2\.95/)
  assert.match(value('The verdict'), /probability 81\.3 %; 44\.9 % as the best of 3 trials\./)
  assert.match(value('The verdict'), /p = 0\.389\.$/)
  assert.match(value('What came after'), /Bought, after 5 sessions: -0\.34 \(-1\.20 to \+0\.50\), 24 fills/)
  assert.match(value('Gains and losses'), /disposition effect \+10\.0 points/)
  assert.match(value('What the reasons'), /2020-03, 2020-04, 2020-05:\nvolatility 80, 75, 60/)
  assert.ok(post.x.length <= 3)
  assertGolden('monthly.txt', postAsText(post))
})

test('the embed of a report fits with the longest names, reasons and lists that its parts allow', () => {
  const long = 'A very long name of a benchmark that somebody chose '.repeat(3)
  const wordy = {
    ...fullEvidence,
    comparisons: fullEvidence.comparisons.map((comparison) => ({ ...comparison, shortName: long })),
    text: `No evidence of skill yet: ${long.repeat(4)}`,
  }
  const post = renderReportPost({
    opened: opened(),
    report: report({
      evidence: wordy,
      decisions: { ...fullDecisions, benchmark: long },
      missedDays: Array.from({ length: 20 }, (_, i) => ({
        date: `2020-03-${String(i + 1).padStart(2, '0')}`,
        because: long,
      })),
    }),
  })
  assert.ok(DiscordPost.safeParse(post.discord).success)
  for (const text of post.x) assert.ok(weightedLength(text) <= 280)
  assert.ok(post.x.length <= 4)
})
