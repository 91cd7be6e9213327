import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCanvas, GlobalFonts, loadImage } from '@napi-rs/canvas'
import { renderPng } from '../../src/adapters/charts.ts'
import { allocationOption, type EquityData, equityOption } from '../../src/posts/chart-options.ts'

function equity(days: number, value: (day: number) => number): EquityData {
  const start = Date.UTC(2020, 0, 1)
  const values = Array.from({ length: days }, (_, day) => value(day))
  let peak = 0
  return {
    dates: values.map((_, day) => new Date(start + day * 86_400_000).toISOString().slice(0, 10)),
    equity: values,
    benchmarks: [
      { name: 'SPY', values: values.map((_, day) => 10_000 + day) },
      { name: 'CAC (price only)', values: values.map(() => 10_000) },
    ],
    drawdown: values.map((now) => {
      peak = Math.max(peak, now)
      return 1 - now / peak
    }),
    currency: 'EUR',
    title: 'Daily allocator: EUR 10,213',
    subtitle: 'net of costs',
    label: 'Simulated prices.',
  }
}

async function pixels(png: Buffer) {
  const image = await loadImage(png)
  const canvas = createCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  /** Pixels of a region darker than a grid line. */
  const dark = (x: number, y: number, width: number, height: number) => {
    const { data } = context.getImageData(x, y, width, height)
    let count = 0
    for (let i = 0; i < data.length; i += 4) if (data[i]! + data[i + 1]! + data[i + 2]! < 450) count++
    return count
  }
  return { width: image.width, height: image.height, dark }
}

for (const [name, data] of [
  ['120 sessions', equity(120, (day) => 10_000 + 40 * Math.sin(day / 9))],
  ['763 sessions', equity(763, (day) => 10_000 + 3 * day)],
  ['a flat line', equity(120, () => 10_000)],
  ['a single session', equity(1, () => 10_000)],
  ['a crash', equity(120, (day) => (day < 90 ? 10_000 : 6_000))],
] as const) {
  test(`the equity chart of ${name} is a 16:9 picture whose title, axis and labels can be read`, async () => {
    const png = renderPng(equityOption(data))
    const { width, height, dark } = await pixels(png)
    assert.deepEqual([width, height], [2400, 1350])
    assert.ok(png.length < 5_000_000)
    // Without its font a chart has no letters: title, subtitle, value axis and date axis would be blank.
    assert.ok(dark(40, 20, 1200, 110) > 2000, 'no title')
    assert.ok(dark(40, 140, 1200, 80) > 800, 'no subtitle')
    assert.ok(dark(0, 240, 262, 700) > 800, 'no value axis')
    assert.ok(dark(100, 1240, 1900, 110) > 300, 'no dates')
  })
}

test('the allocation chart names its bars', async () => {
  const positions = Array.from({ length: 21 }, (_, index) => ({ name: `Asset ${index}`, weight: 0.04 }))
  const option = allocationOption({
    date: '2020-03-12',
    positions,
    cash: 0.16,
    title: 'Weights',
    subtitle: 's',
    label: '',
  })
  const { dark } = await pixels(renderPng(option))
  assert.ok(dark(0, 260, 590, 1050) > 2000)
})

test('letters are those of Inter and not of a font the machine happens to have', () => {
  renderPng(equityOption(equity(2, () => 10_000)))
  const context = createCanvas(10, 10).getContext('2d')
  const width = (font: string) => {
    context.font = font
    return context.measureText('Wimbledon 1,234').width
  }
  assert.ok(GlobalFonts.has('Inter'))
  assert.notEqual(width('40px Inter'), width('40px NoSuchFont'))
  // The semibold face is there too, and not a thickened regular one.
  assert.ok(width('600 40px Inter') > width('400 40px Inter'))
})

test('the same figures give the same picture', () => {
  const data = equity(30, (day) => 10_000 + day)
  assert.ok(renderPng(equityOption(data)).equals(renderPng(equityOption(data))))
})
