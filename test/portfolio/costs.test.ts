import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buyQuantity, costRates, fillCosts, sumCosts, totalCost } from '../../src/portfolio/costs.ts'
import { cents } from '../../src/units.ts'
import { bookOf } from '../support/world.ts'

const { costs } = bookOf([])
const lvmh = { currency: 'EUR', halfSpreadBps: 3, purchaseTax: 'FR' } as const
const airbus = { currency: 'EUR', halfSpreadBps: 3 } as const
const spy = { currency: 'USD', halfSpreadBps: 1 } as const
const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual} is not ${expected}`)

test('a purchase of EUR 5,000 of LVMH in 2020 costs 2.50 commission, 1.50 spread and 15.00 tax', () => {
  const paid = fillCosts(5000, costRates(lvmh, 'buy', '2020-03-12', costs, 'EUR'))
  near(paid.commission, 2.5)
  near(paid.spread, 1.5)
  near(paid.tax, 15)
  assert.equal(paid.fx, undefined)
})

test('the French tax is 30 bps to March 2025 and 40 bps from April 2025, on purchases only', () => {
  near(fillCosts(1000, costRates(lvmh, 'buy', '2025-03-31', costs, 'EUR')).tax, 3)
  near(fillCosts(1000, costRates(lvmh, 'buy', '2025-04-01', costs, 'EUR')).tax, 4)
  assert.equal(fillCosts(1000, costRates(lvmh, 'sell', '2025-04-01', costs, 'EUR')).tax, undefined)
})

test('Airbus SE is Dutch: its purchase bears no French tax', () => {
  assert.equal(fillCosts(1000, costRates(airbus, 'buy', '2020-03-12', costs, 'EUR')).tax, undefined)
})

test('a small ticket pays the minimum commission of EUR 1.25, and dollars pay 3 bps of currency spread', () => {
  const paid = fillCosts(1000, costRates(spy, 'buy', '2020-03-12', costs, 'EUR'))
  near(paid.commission, 1.25)
  near(paid.spread, 0.1)
  near(paid.fx, 0.3)
  near(sumCosts(paid), 1.65)
})

test('EUR 1,000 buys 99.865 shares at EUR 10 with 1 bp of spread and the minimum commission', () => {
  // (1000 - 1.25) / 1.0001 = 998.650134..., / 10 = 99.8650134 -> 99.8650
  const rates = costRates({ currency: 'EUR', halfSpreadBps: 1 }, 'buy', '2020-03-12', costs, 'EUR')
  assert.equal(buyQuantity(1000, 10, 0.0001, rates), 99.865)
})

test('what is bought with its costs never exceeds the amount, and one step more would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 126, max: 5_000_000 }),
      fc.double({ min: 0.5, max: 5000, noNaN: true }),
      fc.constantFrom(lvmh, airbus, spy),
      (amountCents, unitValue, charged) => {
        const rates = costRates(charged, 'buy', '2020-03-12', costs, 'EUR')
        const quantity = buyQuantity(amountCents / 100, unitValue, 0.0001, rates)
        const spent = quantity * unitValue + (quantity === 0 ? 0 : totalCost(quantity * unitValue, rates))
        const more = quantity + 0.0001
        assert.ok(spent <= amountCents / 100 + 1e-6)
        assert.ok(more * unitValue + totalCost(more * unitValue, rates) > amountCents / 100 - 1e-6)
      },
    ),
  )
})

test('cents are rounded once, half away from zero', () => {
  assert.equal(cents(1.005), 101)
  assert.equal(cents(-1.005), -101)
  assert.equal(cents(2.675), 268)
  assert.equal(cents(1.00499999), 100)
  assert.equal(cents(-0.001), 0)
})
