import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concepts } from '../../src/backtest/concepts.ts'
import { keywordRates, stability } from '../../src/backtest/reasoning.ts'

const mentions = (text: string) =>
  keywordRates([{ date: '2020-01-02', text }])
    .rates.filter((rate) => rate.mentions[0] === 1)
    .map((rate) => rate.concept)

test('[33] every text is counted, also one that says "latest" or names a test, and words count only when they stand alone', () => {
  const texts = [
    { date: '2020-01-02', text: 'The latest drawdown is small.' },
    { date: '2020-01-03', text: 'The Deflated Sharpe Ratio test says nothing yet.' },
    { date: '2020-01-06', text: '' },
  ]
  const sought = [
    { name: 'test', variants: ['test'] },
    { name: 'drawdown', variants: ['drawdown'] },
    { name: 'rate', variants: ['rat'] },
  ]
  const found = keywordRates(texts, sought)
  assert.equal(found.texts, 3)
  assert.deepEqual(found.periods, [{ name: '2020-01', texts: 3 }])
  assert.deepEqual(
    found.rates.map(({ mentions }) => mentions[0]),
    [1, 1, 0],
  )
})

test('variants, hyphens, capitals and signs are the same concept, and one text names it once', () => {
  assert.deepEqual(mentions('Stop-loss near; STOP LOSS, stop\nloss.'), ['stop-loss'])
  assert.deepEqual(mentions('CVaR(95) rises'), ['tail risk'])
  assert.deepEqual(mentions('%B is 0.1'), ['Bollinger bands'])
  assert.deepEqual(mentions('cashier, envolved, Sharpen'), [])
})

test('rates are told by months, or by quarters or years where months would be too many', () => {
  const monthly = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      date: `${2018 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}-15`,
      text: i < count / 2 ? 'cash' : 'momentum',
    }))
  const rates = (count: number) => keywordRates(monthly(count), concepts)
  const cash = rates(4).rates.find(({ concept }) => concept === 'cash')!
  assert.deepEqual(cash.mentions, [1, 1, 0, 0])
  assert.deepEqual(
    rates(12).periods.map(({ name, texts }) => `${name}: ${texts}`),
    ['2018-Q1: 3', '2018-Q2: 3', '2018-Q3: 3', '2018-Q4: 3'],
  )
  assert.deepEqual(
    rates(36).periods.map(({ name }) => name),
    ['2018', '2019', '2020'],
  )
})

test('no two concepts are told by the same word', () => {
  const all = concepts.flatMap(({ variants }) => variants)
  assert.equal(new Set(all).size, all.length)
})

test('answers agree as far as their sides by symbol do', () => {
  // {buy SPY, sell TLT}, {buy SPY}, {buy SPY, buy TLT}: pairs share 1 of 2, 1 of 3, 1 of 2.
  const found = stability([
    [
      { symbol: 'SPY', side: 'buy' },
      { symbol: 'TLT', side: 'sell' },
    ],
    [{ symbol: 'SPY', side: 'buy' }],
    [
      { symbol: 'TLT', side: 'buy' },
      { symbol: 'SPY', side: 'buy' },
    ],
  ])
  assert.ok(Math.abs(found.agreement! - (0.5 + 1 / 3 + 0.5) / 3) < 1e-12)
  assert.deepEqual(found.bySymbol, [
    { symbol: 'SPY', buy: 3, sell: 0 },
    { symbol: 'TLT', buy: 1, sell: 1 },
  ])
  assert.equal(stability([[], []]).agreement, 1)
  assert.equal(stability([[]]).agreement, null)
})
