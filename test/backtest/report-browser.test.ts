import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writeBacktestReport } from '../../src/commands/report-files.ts'
import { reportOf } from '../support/backtest-report.ts'
import { type Browser, browserAbsent, openBrowser } from '../support/browser.ts'

const skip = browserAbsent
const folder = mkdtempSync(join(tmpdir(), 'primer-report-'))
let browser: Browser
let url: string

before(async () => {
  if (skip !== false) return
  const found = await reportOf({ policy: 'random:3', from: '2019-01-01', to: '2019-12-31', market: 'simulated:5' })
  await writeBacktestReport(folder, found.report, found.document)
  url = pathToFileURL(join(folder, 'index.html')).href
  browser = await openBrowser()
})

after(async () => {
  if (skip === false) await browser.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Every element that is seen and has text of its own, with the contrast of the text against what lies behind it. */
const contrasts = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number)
  const light = ([r, g, b]) => [r, g, b].reduce((sum, value, i) => {
    const c = value / 255
    return sum + [0.2126, 0.7152, 0.0722][i] * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  }, 0)
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || color[3] > 0) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((one) => {
      const style = getComputedStyle(one)
      const [a, b] = [light(parse(one instanceof SVGElement ? style.fill : style.color)), light(behind(one))]
      return { text: one.textContent.slice(0, 40), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }
    })
})()`

/** Texts of charts that are seen and reach beyond their drawing, or whose letters stand on those of another. */
const spilled = `(() => {
  const faults = []
  for (const svg of document.querySelectorAll('figure svg')) {
    if (!svg.checkVisibility() || svg.closest('.legend')) continue
    const box = svg.getBoundingClientRect()
    const texts = [...svg.querySelectorAll('text')].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
    for (const { text, box: own } of texts) {
      if (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1) faults.push('cut: ' + text)
    }
    for (const one of texts) for (const other of texts) {
      const apart = one.box.right <= other.box.left || other.box.right <= one.box.left || one.box.bottom - 3 <= other.box.top || other.box.bottom - 3 <= one.box.top
      if (one !== other && !apart) faults.push(one.text + ' on ' + other.text)
    }
  }
  return faults
})()`

for (const width of [320, 390, 600, 1200]) {
  test(`at ${width} pixels nothing stands beyond the page, and no chart's text is cut or overlaps`, {
    skip,
  }, async () => {
    const page = await browser.open(url, width)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
    assert.deepEqual(await page.evaluate(spilled), [])
    const smallest = await page.evaluate(
      `Math.min(...[...document.querySelectorAll('figure svg text')].filter((text) => text.checkVisibility()).map((text) => text.getBoundingClientRect().height))`,
    )
    assert.ok((smallest as number) > 10, `letters of ${smallest} pixels`)
  })
}

test('on a phone of 390 pixels every table fits without being moved sideways', { skip }, async () => {
  const page = await browser.open(url, 390)
  const wider = `[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.getAttribute('aria-label'))`
  assert.deepEqual(await page.evaluate(wider), [])
})

test('the page asks for nothing but itself and the font inside it, and that font is used', { skip }, async () => {
  const page = await browser.open(url, 1200)
  const [own, ...others] = page.requested()
  assert.equal(own, url)
  assert.ok(others.length > 0 && others.every((address) => address.startsWith('data:font/woff2')), others.join())
  assert.equal(await page.evaluate('document.scripts.length'), 0)
  assert.equal(await page.evaluate(`[...document.fonts].every((font) => font.status === 'loaded')`), true)
})

test('every text can be read: its contrast is at least 4.5 to 1', { skip }, async () => {
  const page = await browser.open(url, 1200)
  const found = (await page.evaluate(contrasts)) as { readonly text: string; readonly ratio: number }[]
  assert.ok(found.length > 300)
  assert.deepEqual(
    found.filter(({ ratio }) => ratio < 4.5),
    [],
  )
})

test('who does not see the page hears its language, its parts, what each chart shows and what each number belongs to', {
  skip,
}, async () => {
  const page = await browser.open(url, 390)
  const { nodes } = (await page.command('Accessibility.getFullAXTree')) as { nodes: AxNode[] }
  const named = (role: string) => nodes.filter((node) => node.role?.value === role && node.ignored !== true)
  assert.equal(await page.evaluate('document.documentElement.lang'), 'en')
  assert.equal(named('heading').filter((node) => level(node) === 1).length, 1)
  const levels = named('heading').map(level)
  for (const [i, depth] of levels.entries()) assert.ok(i === 0 || depth <= levels[i - 1]! + 1, 'a heading is skipped')
  const charts = named('image')
  assert.equal(charts.length, 7)
  for (const chart of charts) assert.ok((chart.name?.value.length ?? 0) > 20, JSON.stringify(chart.name))
  const tables = (await page.evaluate(
    `[...document.querySelectorAll('table')].map((one) => one.querySelectorAll('thead th[scope=col]').length > 1 && [...one.tBodies[0].rows].every((row) => row.cells[0].scope === 'row'))`,
  )) as boolean[]
  assert.ok(tables.length >= 7 && tables.every(Boolean))
  assert.ok(named('rowheader').length > 50 && named('columnheader').length > 20)
})

type AxNode = {
  readonly ignored?: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[]
}

function level(node: AxNode): number {
  return Number(node.properties?.find(({ name }) => name === 'level')?.value.value)
}

test('printed it is A4, a few sheets, with the wide charts', { skip }, async () => {
  const page = await browser.open(url, 390)
  const pdf = (await page.print()).toString('latin1')
  const sheets = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)]
  // 210 x 297 mm are 595.3 x 841.9 points.
  assert.ok(sheets.length >= 4 && sheets.length <= 16, `${sheets.length} sheets`)
  for (const [, width, height] of sheets) {
    assert.ok(Math.abs(Number(width) - 595.3) < 1 && Math.abs(Number(height) - 841.9) < 1, `${width} x ${height}`)
  }
  await page.command('Emulation.setEmulatedMedia', { media: 'print' })
  assert.deepEqual(await page.evaluate(shown), ['wide'])
})

test('a screen shows one of the two drawings of each chart, the one that fits', { skip }, async () => {
  const kinds = async (width: number) => (await (await browser.open(url, width)).evaluate(shown)) as string[]
  assert.deepEqual([await kinds(390), await kinds(1200)], [['narrow'], ['wide']])
})

const shown = `[...new Set([...document.querySelectorAll('.wide, .narrow')].filter((one) => one.checkVisibility()).map((one) => one.className))]`
