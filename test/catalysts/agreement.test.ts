import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agreement } from '../../src/catalysts/agreement.ts'
import type { Signal } from '../../src/catalysts/signal.ts'

const signal = (change: Partial<Signal> = {}): Signal => ({
  asset: 'AAVE/USD',
  kind: 'tokenomics',
  direction: 0.8,
  confidence: 0.5,
  horizonDays: 20,
  evidence: 'buys back AAVE',
  ...change,
})

test('answers agree by what they find, for which asset and in which direction, not by how sure they are', () => {
  const same = [signal({ confidence: 0.4 }), signal({ kind: 'listing' })]
  assert.deepEqual(agreement([same, [signal({ kind: 'listing' }), signal({ confidence: 0.4 })]]), {
    answers: 2,
    events: 1,
    spread: 0,
  })
  assert.equal(agreement([[signal()], [signal({ direction: -0.8 })]]).events, 0)
  assert.equal(agreement([[signal()], [signal({ asset: 'MKR/USD' })]]).events, 0)
  // One of two events in common.
  assert.equal(agreement([[signal()], same]).events, 0.5)
})

test('answers that find nothing agree, and have no spread', () => {
  assert.deepEqual(agreement([[], [], []]), { answers: 3, events: 1, spread: null })
  assert.deepEqual(agreement([[], [signal()]]), { answers: 2, events: 0, spread: null })
})
