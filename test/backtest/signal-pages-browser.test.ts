import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { BacktestReport } from '../../src/backtest/report.ts'
import { signalsSection } from '../../src/backtest/report-signals.ts'
import { page } from '../../src/backtest/signal-page.ts'
import type { CatalystKind } from '../../src/catalysts/kinds.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { events } from '../../src/commands/events.ts'
import { ic } from '../../src/commands/ic.ts'
import { type Browser, browserAbsent, openBrowser } from '../support/browser.ts'
import { weekdays } from '../support/market-files.ts'

const skip = browserAbsent
const folder = mkdtempSync(join(tmpdir(), 'primer-signal-pages-'))
const file = (name: string) => pathToFileURL(join(folder, name)).href
let browser: Browser

before(async () => {
  if (skip !== false) return
  const rows = weekdays('2016-07-05', '2016-09-02').flatMap((date, day) =>
    ['QQQ', 'TLT', 'SPY', 'GLD'].map((asset, i) => `${date},${asset},${(day * (i + 3)) % 7}`),
  )
  const io = (stdin: string): CommandIo => ({
    environment: {},
    readStdin: async () => stdin,
    say: () => {},
    show: () => {},
    interactive: false,
  })
  const market = 'simulated:3'
  await ic(
    { signals: '-', horizons: '1,5,20', market, snap: true, report: folder },
    io(`date,asset,value\n${rows.join('\n')}\n`),
  )
  const days = weekdays('2016-01-04', '2016-11-30').filter((_, i) => i % 9 === 0)
  const csv = `date,asset,group\n${days.map((date, i) => `${date},${i % 2 === 0 ? 'QQQ' : 'TLT'},${i % 3 === 0 ? 'governance' : 'tokenomics'}`).join('\n')}\n`
  const benchmark = 'SPY'
  const window = '-5,20'
  await events({ events: '-', market, window, snap: true, benchmark, report: folder }, io(csv))
  await events({ events: '-', market, window, snap: true, model: 'price', report: join(folder, 'paths') }, io(csv))
  writeFileSync(join(folder, 'catalysts.html'), page('Catalysts', signalsSection(everyKind)!))
  browser = await openBrowser()
})

after(async () => {
  if (skip === false) await browser.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Five kinds with figures as wide as they come. */
const kinds: readonly CatalystKind[] = ['governance', 'tokenomics', 'listing', 'regulatory', 'partnership']
const everyKind = {
  currency: 'USD',
  capacity: { capital: 123_456, because: null },
  signals: {
    extractor: 'baseline',
    signals: 12_345,
    usable: 1234,
    verdict: 'No evidence that any kind of catalyst foretells returns.',
    notes: [],
    kinds: kinds.map((kind) => ({
      kind,
      horizonDays: 20,
      n: 1234,
      dates: 1043,
      ic: -0.123,
      error: 0.2,
      low: -0.488,
      high: -0.35,
      shrunk: 0.125,
    })),
    events: kinds.map((kind) => ({
      kind,
      n: 1234,
      dates: 1043,
      dropped: 0,
      cumulative: [-5, -1, 0, 1, 2, 5, 10, 20].map((day) => ({
        day,
        mean: -0.117,
        low: -0.225,
        high: 0.119,
        t: -1,
        n: 9,
      })),
    })),
  },
} as unknown as BacktestReport

const pages = ['ic.html', 'events.html', 'paths/events.html', 'catalysts.html']
for (const width of [360, 390, 1280]) {
  test(`at ${width} pixels no table and no chart of the research pages is cut off`, { skip }, async () => {
    for (const name of pages) {
      const page = await browser.open(file(name), width)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, name)
      const cut = `[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.getAttribute('aria-label'))`
      assert.deepEqual(await page.evaluate(cut), [], name)
      const letters = `Math.min(99, ...[...document.querySelectorAll('figure svg text')].filter((text) => text.checkVisibility()).map((text) => text.getBoundingClientRect().height))`
      assert.ok(((await page.evaluate(letters)) as number) > 10, name)
    }
  })
}

test('on a phone each figure of a catalyst kind still stands under its name, and is a table to who hears it', {
  skip,
}, async () => {
  const page = await browser.open(file('catalysts.html'), 360)
  const labels = `[...document.querySelectorAll('.stack')[1].querySelectorAll('tbody tr:first-child td')].map((cell) => getComputedStyle(cell, '::before').content)`
  assert.deepEqual(
    await page.evaluate(labels),
    ['Events', 'Day −5', 'Day −1', 'Day 0', 'Day 1', 'Day 2', 'Day 5', 'Day 10', 'Day 20'].map((name) => `"${name}"`),
  )
  const { nodes } = (await page.command('Accessibility.getFullAXTree')) as {
    nodes: { ignored?: boolean; role?: { value: string } }[]
  }
  const named = (role: string) => nodes.filter((node) => node.role?.value === role && node.ignored !== true).length
  assert.equal(named('table'), 2)
  assert.equal(named('rowheader'), 10)
})
