import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { html } from '../../src/backtest/html.ts'
import type { BacktestReport } from '../../src/backtest/report.ts'
import { chartNames } from '../../src/backtest/report-charts.ts'
import { renderBacktestPage } from '../../src/backtest/report-page.ts'
import { drawingsOf, writeBacktestReport } from '../../src/commands/report-files.ts'
import { reportOf } from '../support/backtest-report.ts'

const bare = { charts: {}, fonts: null }
const run = { from: '2019-01-01', to: '2019-07-01', market: 'simulated:5' }
const random = await reportOf({ ...run, policy: 'random:3' })
const equal = await reportOf({ ...run, policy: 'equal-weight' })
const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected}`)

/** What a reader reads: text without tags, entities resolved, spaces that do not break as spaces. */
function textOf(page: string): string {
  return page
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
}

const pageOf = (report: BacktestReport) => textOf(renderBacktestPage(report, bare))
/** As many sessions of a run as said, and whatever hangs on their number. */
async function cut(sessions: number) {
  const to = random.report.dates[sessions - 1]!
  return (await reportOf({ ...run, to, policy: 'random:3' })).report
}

test('whatever text is put into markup, no tag, attribute or entity comes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { markup } = html`<b title="${text}">${[text, [text]]}</b>`
      assert.match(markup, /^<b title="[^"<>]*">[^<>]*<\/b>$/)
      assert.ok(!/&(?!amp;|lt;|gt;|quot;|#39;)/.test(markup))
    }),
  )
  const letters = 'Hermès <i> & "L\'Oréal"'
  assert.equal(textOf(html`<p>${letters}</p>`.markup).trim(), letters)
})

test('text from outside changes no tag of the page, wherever it stands', () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e</style></title>'
  const poison = (value: unknown): unknown => {
    if (typeof value === 'string') return /^\d{4}-\d\d/.test(value) ? value : value + hostile
    if (Array.isArray(value)) return value.map(poison)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === 'side' || key === 'guardrails' ? inner : poison(inner),
      ]),
    )
  }
  const report = {
    ...random.report,
    missed: [{ date: '2019-02-01', because: 'the answer was cut off' }],
    lapsed: ['expired: buy SPY'],
    knowledge: {
      cutoff: '2019-03-01',
      before: { sessions: 40, netReturn: 0.1, benchmark: 0.2 },
      after: null,
      masked: { netReturn: 0.05, gap: 0.05 },
    },
    analysis: {
      ...random.report.analysis,
      keywords: {
        texts: 2,
        periods: [{ name: '2019-01', texts: 2 }],
        rates: [{ concept: 'cash', mentions: [1] }],
      },
    },
  }
  const tags = (page: string) => [...page.matchAll(/<\/?([a-z][\w-]*)/gi)].map((match) => match[1])
  const clean = renderBacktestPage(report, bare)
  const poisoned = renderBacktestPage(poison(report) as BacktestReport, bare)
  assert.ok(poisoned.includes('&lt;script&gt;'))
  assert.deepEqual(tags(poisoned), tags(clean))
  assert.ok(!poisoned.includes('\u202e'))
})

test('simulated prices are named on top, before anything else, and recorded ones are not called simulated', () => {
  const page = pageOf(random.report)
  const at = page.indexOf('Simulated prices (seed 5): nothing here says anything about a real market.')
  assert.ok(at >= 0 && at < page.indexOf('random:3 on Daily allocator ', at))
  assert.ok(at < page.indexOf('Net return'))
  assert.ok(!/simulated prices/i.test(pageOf({ ...random.report, simulated: null, market: 'csv:bars', notes: [] })))
})

test('[31] every report says in plain words what was run, when, what came of it, and how each benchmark did since the same start', () => {
  const { report, document } = random
  const page = pageOf(report)
  const percent = (value: number) => `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)} %`.replace('-', '−')
  const grouped = (value: number) => value.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')
  assert.ok(
    page.includes('The random control (seed 3) ran the book Daily allocator from 2 January 2019 to 1 July 2019'),
  )
  assert.ok(page.includes(`EUR 10,000.00 became EUR ${grouped(document.finalEquity)}: ${percent(document.netReturn)}`))
  for (const benchmark of Object.values(document.benchmarks)) assert.ok(page.includes(percent(benchmark.netReturn)))
  const costs = Object.values(document.costs).reduce((sum, amount) => sum + amount, 0)
  assert.ok(page.includes(`after EUR ${grouped(costs)} of costs`))
  assert.ok(page.includes('A control run: no claim of skill.'))
  assert.ok(
    page.includes(`At twice the costs ${((100 * document.twiceTheCosts.netReturn).toFixed(2)).replace('-', '−')} %`),
  )
})

test('no ratio is shown on 59 returns, and all are on 60', async () => {
  const ratios = /Sharpe ratio (?!of the last)|Sortino|Calmar|Volatility|CVaR|Beta|Chance that the true/
  const few = await cut(60)
  assert.equal(few.own.returns, 59)
  assert.doesNotMatch(pageOf(few), ratios)
  assert.match(pageOf(few), /59 returns\. No ratio is shown on fewer than 60/)
  assert.equal(few.rolling, null)
  assert.ok(few.verdict.comparisons.every(({ difference, eValue }) => difference === null && eValue !== null))
  assert.deepEqual([few.analysis.turnoverPerYear, few.analysis.costsPerYear], [null, null])
  const enough = await cut(61)
  assert.match(pageOf(enough), ratios)
  assert.ok(enough.rolling !== null && enough.own.sharpe !== null)
})

test('the same series as run and as benchmark has the same figures in every row', () => {
  const same = equal.report.opponents.find(({ policy }) => policy === 'equal-weight')!
  assert.deepEqual(same.figures, equal.report.own)
  const against = equal.report.verdict.comparisons.find(({ name }) => name === same.name)!
  assert.deepEqual([against.difference, against.low, against.high, against.eValue], [0, 0, 0, 1])
})

test('[34] drawdown, ratios and weights are those of the run’s own history, its cash included', () => {
  const { report, document } = random
  // From the document's equity alone.
  const values = document.equity.map(([, value]) => value)
  const deepest = Math.max(...values.map((value, t) => 1 - value / Math.max(...values.slice(0, t + 1))))
  near(Math.max(...report.drawdown), deepest, 1e-12)
  near(report.own.maxDrawdown, deepest, 1e-12)
  const returns = values.slice(1).map((value, t) => value / values[t]! - 1)
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1)
  near(report.own.sharpe!, (mean / Math.sqrt(variance)) * Math.sqrt(252), 1e-9)
  // Assets and cash make up the equity that the simulation had, at every close.
  for (const t of report.dates.keys()) {
    const invested = report.weights.series.reduce((sum, { shares }) => sum + shares[t]!, 0)
    near(invested + report.weights.cash[t]!, 1, 1e-9)
  }
  assert.equal(report.weights.cash[0], 1)
})

test('[32] what a limit refused counts as refused and not as a trade', () => {
  const { report, document } = random
  const refused = report.clamps.reduce((sum, { count }) => sum + count, 0)
  assert.ok(refused > 0)
  assert.equal(report.fills.length, document.fills.length)
  assert.equal(report.analysis.filled, document.fills.length)
  const judged = report.analysis.forward.filter(({ sessions }) => sessions === 1)
  assert.equal(
    judged.reduce((sum, { count, tooRecent }) => sum + count + tooRecent, 0),
    document.fills.length,
  )
})

test('turnover by month adds up to the turnover that the simulation counted, and every month is there', () => {
  const { turnover, turnoverMonths } = random.report
  near(
    turnoverMonths.reduce((sum, month) => sum + month.turnover, 0),
    turnover,
    1e-12,
  )
  assert.deepEqual(
    turnoverMonths.map(({ month }) => month),
    ['2019-01', '2019-02', '2019-03', '2019-04', '2019-05', '2019-06', '2019-07'],
  )
})

test('the first 200 fills are shown, with the number of all', () => {
  const [fill] = random.report.fills
  const page = pageOf({ ...random.report, fills: Array.from({ length: 1234 }, () => fill!) })
  assert.ok(page.includes('1,234 fills in all. The first 200 are shown'))
  assert.equal([...page.matchAll(/2019-\d\d-\d\d Bought/g)].length, 200)
})

test('a model’s run tells what lay before and after its knowledge cutoff, and what names and dates were worth', () => {
  const report = {
    ...random.report,
    knowledge: {
      cutoff: '2019-03-01',
      before: { sessions: 42, netReturn: 0.104, benchmark: 0.05 },
      after: { sessions: 86, netReturn: -0.031, benchmark: 0.02 },
      masked: { netReturn: 0.012, gap: 0.055 },
    },
  }
  const page = textOf(renderBacktestPage(report, drawingsOf(report)))
  assert.match(page, /Knowledge cutoff, 2019-03-01/)
  assert.match(page, /up to 2019-03-01: it may have read what came 42 \+10\.4 % \+5\.0 %/)
  assert.match(page, /after it 86 −3\.1 % \+2\.0 %/)
  assert.match(page, /with names, dates and price levels hidden the same model made \+1\.2 %: .* worth \+5\.5 points/i)
})

test('a page of one session, and one without any trade, are whole', async () => {
  const single = await cut(1)
  assert.match(pageOf(single), /1 session\. EUR 10,000\.00 became EUR 10,000\.00: 0\.0 %/)
  drawingsOf(single)
  const idle = (await reportOf({ ...run, policy: 'do-nothing' })).report
  assert.match(pageOf(idle), /Nothing was bought or sold/)
  const { charts } = drawingsOf(idle)
  assert.deepEqual(
    chartNames.filter((name) => charts[name] === undefined),
    ['drawdown', 'rolling', 'costs', 'turnover', 'clamps'],
  )
})

test('the page asks for nothing from anywhere, holds no script, and twice the same run gives the same bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'primer-report-'))
  try {
    const names = ['first', 'second'].map((name) => join(folder, name))
    for (const name of names) {
      const { report, document } = await reportOf({ ...run, policy: 'random:3' })
      await writeBacktestReport(name, report, document)
    }
    const files = ['backtest.json', 'equity.png', 'index.html', 'weights.png']
    assert.deepEqual(readdirSync(names[0]!), files)
    for (const file of files) {
      assert.ok(readFileSync(join(names[0]!, file)).equals(readFileSync(join(names[1]!, file))), `${file} differs`)
    }
    const page = readFileSync(join(names[0]!, 'index.html'), 'utf8')
    assert.doesNotMatch(page, /<script|<link|<img|<iframe|<object|@import|\bon\w+=|https?:|\ssrc=/i)
    for (const [address] of page.matchAll(/url\([^)]{0,40}/g))
      assert.match(address, /^url\((#|data:font\/woff2;base64,)/)
    for (const [, target] of page.matchAll(/href="([^"]*)"/g)) assert.ok(page.includes(`id="${target!.slice(1)}"`))
    // Clips of one chart must not be those of another.
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])
    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual(
      JSON.parse(readFileSync(join(names[0]!, 'backtest.json'), 'utf8')),
      JSON.parse(JSON.stringify(random.document)),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a fill that nobody decided says what happened', () => {
  const [first] = random.report.fills
  const fills = (['policy', 'stop', 'universe', 'delisted'] as const).map((reason) => ({
    ...first!,
    name: 'Acme',
    quantity: -3,
    price: 0.5,
    currency: 'USD',
    reason,
  }))
  const page = pageOf({ ...random.report, fills })
  assert.match(page, / Sold 3 Acme at USD 0\.5 /)
  assert.match(page, / Stop sold 3 Acme at USD 0\.5 /)
  assert.match(page, / Sold 3 Acme at USD 0\.5: it left the universe /)
  assert.match(page, / Written off 3 Acme at USD 0\.5: it trades no more, the last price less a haircut /)
})
