import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LiquidityTerms, liquidity } from '../../src/market/liquidity.ts'
import { buildPanel, type Column } from '../../src/market/panel.ts'
import { bars, coinHistory } from '../support/coins.ts'

const terms: LiquidityTerms = {
  volumeDays: 5,
  volatilityDays: 4,
  spreadDays: 4,
  halfSpreadFloor: 0.0001,
  halfSpreadCap: 0.05,
}

function columnOf(own: Parameters<typeof bars>[1]): Column {
  const market = coinHistory({ 'X/USD': bars('2021-01-01', own) })
  const listings = [{ symbol: 'X/USD', currency: 'USD', exchange: 'CRYPTO' as const }]
  return buildPanel({ market, listings, base: 'USD', from: '2021-01-01', to: '2022-01-01' }).columns[0]!
}

test('the mean traded value counts a day without a bar as zero and waits for a whole window', () => {
  const column = columnOf([
    { close: 2, volume: 100 },
    { close: 2, volume: 100 },
    null,
    { close: 4, volume: 100 },
    { close: 5, volume: 40 },
    { close: 5, volume: 200 },
  ])
  const { volume } = liquidity(column, terms)
  assert.ok(Number.isNaN(volume[3]))
  // 2 * 100 + 2 * 100 + 0 + 4 * 100 + 5 * 40 = 1000 over five days; then the first day makes room for 5 * 200.
  assert.equal(volume[4], 200)
  assert.equal(volume[5], 360)
})

test('volatility is the sample deviation of daily log returns, and gaps give none', () => {
  const { volatility } = liquidity(columnOf([100, 110, 100, 110, 100]), terms)
  // Returns +-ln 1.1 = +-0.0953102, four of them, mean zero: sqrt(4 * 0.0953102^2 / 3) = 0.110055
  assert.ok(Math.abs(volatility[4]! - 0.110055) < 1e-6)
  const gaps = liquidity(columnOf([100, null, 110, null, 100]), terms)
  assert.ok(Number.isNaN(gaps.volatility[4]))
})

test('the half-spread agrees with the formula of Abdi and Ranaldo worked by hand', () => {
  // The example of the docstring twice over: closes above the middle, middles that hardly move.
  const day = (high: number, low: number, close: number) => ({ open: close, high, low, close })
  const column = columnOf([day(102, 98, 101), day(103, 99, 101.5), day(102, 98, 101)])
  const mid = (high: number, low: number) => (Math.log(high) + Math.log(low)) / 2
  const first = 4 * (Math.log(101) - mid(102, 98)) * (Math.log(101) - mid(103, 99))
  const second = 4 * (Math.log(101.5) - mid(103, 99)) * (Math.log(101.5) - mid(102, 98))
  assert.ok(Math.abs(first - 0.00000796) < 1e-8)
  const { halfSpread } = liquidity(column, terms)
  assert.ok(Math.abs(halfSpread[2]! - Math.sqrt((first + second) / 2) / 2) < 1e-12)
})

test('a price that bounces between bid and ask shows about that spread, over many days', () => {
  // The middle walks; trades happen half a spread (1 %) above or below it, drawn from a fixed sequence.
  let state = 12345
  const draw = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  let middle = 100
  const days = Array.from({ length: 600 }, () => {
    const path: number[] = []
    for (let trade = 0; trade < 100; trade++) {
      middle *= 1 + 0.001 * (draw() - 0.5)
      path.push(middle * (draw() < 0.5 ? 0.99 : 1.01))
    }
    return { open: path[0]!, high: Math.max(...path), low: Math.min(...path), close: path.at(-1)! }
  })
  const { halfSpread } = liquidity(columnOf(days), { ...terms, spreadDays: 365 })
  assert.ok(Math.abs(halfSpread.at(-1)! - 0.01) < 0.002, `half-spread ${halfSpread.at(-1)}`)
})

test('an estimate stays between floor and cap, and is the cap where nothing can be estimated', () => {
  const trending = liquidity(columnOf([1, 2, 4, 8, 16]), terms)
  assert.equal(trending.halfSpread[4], terms.halfSpreadFloor)
  assert.equal(liquidity(columnOf([1, null, null, 1]), terms).halfSpread[3], terms.halfSpreadCap)
})

test('what comes later, and where a history begins, change no figure', () => {
  const price = fc.double({ min: 0.5, max: 2, noNaN: true })
  fc.assert(
    fc.property(fc.array(price, { minLength: 14, maxLength: 40 }), fc.nat({ max: 5 }), (prices, cut) => {
      const whole = liquidity(columnOf(prices), terms)
      const past = liquidity(columnOf(prices.slice(0, 12)), terms)
      for (const name of ['volume', 'volatility', 'halfSpread'] as const) {
        assert.deepEqual(whole[name].slice(0, 12), past[name])
      }
      const later = prices.map((one, index) => (index < cut ? null : one))
      const begun = liquidity(columnOf(later), terms)
      for (const name of ['volume', 'volatility', 'halfSpread'] as const) {
        assert.equal(begun[name].at(-1), whole[name].at(-1))
      }
    }),
  )
})
