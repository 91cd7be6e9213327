import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goldenScore } from '../../src/catalysts/golden.ts'
import type { Signal } from '../../src/catalysts/signal.ts'

const label = (asset: string, kind: Signal['kind'], sign: -1 | 0 | 1) => ({ asset, kind, sign })
const golden = {
  items: [
    { id: 'a', labels: [label('AAVE', 'tokenomics', 1)], because: 'x' },
    { id: 'b', labels: [label('MKR', 'tokenomics', -1), label('AAVE', 'governance', 0)], because: 'x' },
    { id: 'c', labels: [label('SNX', 'governance', 0)], because: 'x' },
    { id: 'd', labels: [label('SNX', 'listing', 1)], because: 'x' },
  ],
}
const claim = (asset: string, kind: Signal['kind'], direction: number): Signal => ({
  asset,
  kind,
  direction,
  confidence: 0.5,
  horizonDays: 5,
  evidence: 'whatever it says',
})

test('precision, recall, signs and restraint as counted by hand', () => {
  const found = new Map([
    ['a', [claim('AAVE/USD', 'tokenomics', 0.5)]],
    // The right event the wrong way round; a direction where there is none; an asset that is not meant.
    [
      'b',
      [claim('MKR/USD', 'tokenomics', 0.5), claim('AAVE/USD', 'governance', 0.2), claim('YFI/USD', 'governance', 0)],
    ],
    ['d', [claim('SNX/USD', 'partnership', 0.4)]],
  ])
  const score = goldenScore(golden, found, (symbol) => symbol.split('/')[0]!)
  assert.deepEqual(score.kinds, {
    governance: { precision: { right: 1, of: 2, share: 0.5 }, recall: { right: 0, of: 0, share: null } },
    tokenomics: { precision: { right: 2, of: 2, share: 1 }, recall: { right: 2, of: 2, share: 1 } },
    listing: { precision: { right: 0, of: 0, share: null }, recall: { right: 0, of: 1, share: 0 } },
    partnership: { precision: { right: 0, of: 1, share: 0 }, recall: { right: 0, of: 0, share: null } },
    all: { precision: { right: 3, of: 5, share: 0.6 }, recall: { right: 2, of: 3, share: 2 / 3 } },
  })
  assert.deepEqual(score.assets, { precision: { right: 4, of: 5, share: 0.8 }, recall: { right: 3, of: 3, share: 1 } })
  assert.deepEqual(score.signs, { right: 1, of: 2, share: 0.5 })
  // AAVE in b was given a direction, SNX in c was left alone.
  assert.deepEqual(score.restraint, { right: 1, of: 2, share: 0.5 })
})

test('nothing found is no precision, no recall and full restraint', () => {
  const score = goldenScore(golden, new Map(), (symbol) => symbol)
  assert.deepEqual(score.kinds.all, {
    precision: { right: 0, of: 0, share: null },
    recall: { right: 0, of: 3, share: 0 },
  })
  assert.equal(score.restraint.share, 1)
})
