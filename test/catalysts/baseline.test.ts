import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { baselineName, baselineSignals } from '../../src/catalysts/baseline.ts'
import { assetNames } from '../../src/catalysts/extraction.ts'

const assets = assetNames(['AAVE/USD', 'TORN/USD', 'MKR/USD'])
const read = (title: string, text = '', more: { assets?: string[]; kind?: string } = {}) =>
  baselineSignals({ title, text, assets: more.assets ?? [], kind: more.kind ?? null }, { assets, horizonDays: () => 5 })
const brief = (...args: Parameters<typeof read>) =>
  read(...args).map(({ asset, kind, direction }) => [asset, kind, Math.sign(direction)])

test('the keywords read what anybody would', () => {
  assert.deepEqual(brief('Binance will list: TORN'), [['TORN/USD', 'listing', 1]])
  assert.deepEqual(brief('Binance to delist MKR and others'), [['MKR/USD', 'delisting', -1]])
  assert.deepEqual(brief('Post mortem', 'The pool was exploited on Friday.', { assets: ['AAVE/USD'] }), [
    ['AAVE/USD', 'security', -1],
  ])
  assert.deepEqual(brief('Treasury management', 'Start AAVE buybacks of USD 1m a week.', { assets: ['AAVE/USD'] }), [
    ['AAVE/USD', 'tokenomics', 1],
  ])
})

test('a routine vote has a kind and no direction, and a text about nothing of ours has nothing', () => {
  assert.deepEqual(
    brief('Executive vote - May 3, 2019', 'Stability fee.', { assets: ['MKR/USD'], kind: 'governance' }),
    [['MKR/USD', 'governance', 0]],
  )
  assert.deepEqual(brief('Weather report'), [])
  assert.deepEqual(brief('Binance will list: NOTOURS'), [])
})

test('a call to pump is never good news', () => {
  const [signal] = read('MKR pump signal on Telegram today, go long!')
  assert.deepEqual([signal?.kind, signal?.direction], ['manipulation', 0])
})

test('the words it quotes are in the text', () => {
  const text = `${'Long preamble without meaning. '.repeat(30)}The bridge was hacked last night, says the team. ${'More. '.repeat(50)}`
  const [signal] = read('News', text, { assets: ['AAVE/USD'] })
  assert.ok(text.includes(signal!.evidence))
  assert.match(signal!.evidence, /bridge was hacked/)
})

test('rules that change get another name, under which texts are read anew', () => {
  const source = readFileSync(new URL('../../src/catalysts/baseline.ts', import.meta.url), 'utf8')
  const rules = source.slice(source.indexOf('const exchanges'), source.indexOf('const confidence'))
  const names: Readonly<Record<string, string>> = { '2fbfa15fbe93036c': 'baseline-1' }
  const sha256 = createHash('sha256').update(rules.replace(/\s+/g, '')).digest('hex').slice(0, 16)
  assert.equal(
    names[sha256],
    baselineName,
    `the rules have changed to ${sha256}: raise baselineName and name them here`,
  )
})
