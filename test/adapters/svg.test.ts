import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createCanvas } from '@napi-rs/canvas'
import type { EChartsOption } from 'echarts'
import { registerInter } from '../../src/adapters/inter.ts'
import { renderSvg } from '../../src/adapters/svg.ts'

const size = { width: 400, height: 200 }
const optionOf = (label: string): EChartsOption => ({
  textStyle: { fontFamily: 'Inter' },
  grid: { left: 0, right: 10, top: 10, bottom: 30 },
  xAxis: { type: 'category', data: ['Wimbledon', 'b'] },
  yAxis: { type: 'category', data: [label, 'i'], axisLabel: { fontFamily: 'Inter', fontSize: 12 } },
  series: [
    {
      type: 'line',
      data: [
        [0, 0],
        [1, 1],
      ],
      areaStyle: {},
    },
  ],
})
const option = optionOf('MMMM')

test('a drawing holds no script, style sheet or address, and its names are those of its own chart', () => {
  const svg = renderSvg(option, { id: 'equity', ...size })
  assert.match(svg, /^<svg viewBox="0 0 400 200">/)
  assert.doesNotMatch(svg, /<style|<script|https?:|zr\d|class=/)
  const ids = [...svg.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!)
  assert.ok(ids.length > 0 && ids.every((id) => id.startsWith('equity-')))
  for (const [, used] of svg.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.includes(used!), `${used} is not there`)
})

test('the second drawing of a chart is the first, byte for byte', () => {
  assert.equal(renderSvg(option, { id: 'a', ...size }), renderSvg(option, { id: 'a', ...size }))
})

test('room for the labels is measured in letters of Inter, not guessed', () => {
  // The axis begins where the widest label ends, so eight more letters M move it by their width.
  const context = createCanvas(10, 10).getContext('2d')
  registerInter()
  context.font = '12px Inter'
  const axis = (label: string) => {
    const svg = renderSvg(optionOf(label), { id: 'a', ...size })
    return Math.min(...[...svg.matchAll(/<path d="M([\d.]+) [\d.]+L\1 /g)].map((match) => Number(match[1])))
  }
  const moved = axis('MMMMMMMMMMMM') - axis('MMMM')
  const expected = context.measureText('MMMMMMMM').width
  assert.ok(Math.abs(moved - expected) < 2, `the axis moved by ${moved}, eight letters are ${expected} wide`)
})

test('pictures and drawings of one process do not disturb each other, whichever comes first', () => {
  const script = (first: string, second: string) => `
    const { renderPng } = await import('./src/adapters/charts.ts')
    const { renderSvg } = await import('./src/adapters/svg.ts')
    const { createHash } = await import('node:crypto')
    const option = ${JSON.stringify(option)}
    const made = { png: () => renderPng(option), svg: () => renderSvg(option, { id: 'a', width: 400, height: 200 }) }
    const out = { ${first}: made.${first}(), ${second}: made.${second}() }
    console.log(createHash('sha256').update(out.png).digest('hex'), createHash('sha256').update(out.svg).digest('hex'))`
  const run = (first: string, second: string) =>
    spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script(first, second)], { encoding: 'utf8' })
  const one = run('png', 'svg')
  assert.match(one.stdout, /^[0-9a-f]{64} [0-9a-f]{64}\n$/, one.stderr)
  assert.equal(one.stdout, run('svg', 'png').stdout)
})
