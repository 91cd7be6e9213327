import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capacity } from '../../src/portfolio/capacity.ts'

const fill = { value: 1000, proportional: 40, impact: 20, volume: 1e6 }
const ten = Array.from({ length: 10 }, () => fill)

test('costs take the whole gross profit at the capital worked by hand', () => {
  // Gross 2,000, proportional 400, impact 200: ((2,000 - 400) / 200)^2 = 64 times 10,000.
  const found = capacity({ capital: 10_000, grossProfit: 2000, fills: ten, volumeShareMax: 0.01 })
  assert.equal(found.capital, 640_000)
  // 1 % of a million is ten times the fill of 1,000.
  assert.equal(found.firstCapped, 100_000)
  const at = found.curve.find(({ capital }) => capital === 10_000)!
  assert.ok(Math.abs(at.netReturn - 0.14) < 1e-12)
})

test('a record without gross profit carries no capital, one without impact any', () => {
  const of = (grossProfit: number, fills: typeof ten) =>
    capacity({ capital: 1, grossProfit, fills, volumeShareMax: 0.01 })
  assert.equal(of(-5, ten).capital, 0)
  assert.match(of(300, ten).because!, /fee and spread alone/)
  assert.equal(
    of(
      2000,
      ten.map((one) => ({ ...one, impact: 0 })),
    ).capital,
    null,
  )
  assert.deepEqual([of(0, []).firstCapped, of(0, []).capital], [null, 0])
})

test('net return never rises with capital, and capacity grows with the profit and falls with the costs', () => {
  const amount = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(amount, amount, amount, amount, (gross, proportional, impact, more) => {
      const of = (grossProfit: number, change: Partial<typeof fill> = {}) =>
        capacity({
          capital: 10_000,
          grossProfit,
          fills: [{ value: 1000, volume: 1e6, proportional, impact, ...change }],
          volumeShareMax: 0.01,
        })
      const { curve, capital } = of(gross)
      for (let i = 1; i < curve.length; i++) assert.ok(curve[i]!.netReturn <= curve[i - 1]!.netReturn)
      assert.ok(of(gross + more).capital! >= capital!)
      assert.ok(of(gross, { impact: impact + more }).capital! <= capital!)
      assert.ok(of(gross, { proportional: proportional + more }).capital! <= capital!)
      for (const point of curve) if (point.capital < capital!) assert.ok(point.netReturn > -1e-9)
    }),
  )
})
