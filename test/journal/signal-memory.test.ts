import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExtractionEntry, ItemEntry } from '../../src/journal/catalyst-entry.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { SignalMemory } from '../../src/journal/signal-memory.ts'

type Found = readonly [asset: string, kind: 'listing' | 'tokenomics', direction: number]

/** A journal in short: versions of texts, each read once by one reader. */
function memoryOf(
  steps: readonly {
    readonly id: string
    readonly day: number
    readonly content: string
    readonly found: readonly Found[]
    readonly model?: string
    readonly readOn?: number
  }[],
): SignalMemory {
  const memory = new SignalMemory()
  let seq = 0
  const entry = <T>(kind: 'item' | 'extraction', day: number, body: T) => {
    seq += 1
    const at = `2021-03-${String(day).padStart(2, '0')}T12:00:00.000Z`
    return { seq, at, kind, book: 'catalysts', body, previousHash: '', hash: '' } as unknown
  }
  const at = (day: number) => `2021-03-${String(day).padStart(2, '0')}T12:00:00.000Z`
  for (const { id, day, content, found, model, readOn = day } of steps) {
    const contentSha256 = content.repeat(64).slice(0, 64)
    const item: Partial<ItemEntry> = { source: 'forum', id, contentSha256, knownAt: at(day), flags: [] }
    memory.add(entry('item', day, item) as Entry<'item'>)
    const reading: Partial<ExtractionEntry> = {
      item: seq,
      contentSha256,
      extractor: model === undefined ? 'baseline' : 'model',
      model: model ?? null,
      promptSha256: model === undefined ? null : 'a'.repeat(64),
      knownAt: at(readOn),
      signals: found.map(([asset, kind, direction]) => ({ asset, kind, direction, confidence: 0.5 }) as never),
    }
    memory.add(entry('extraction', readOn, reading) as Entry<'extraction'>)
  }
  return memory
}

const shortly = (memory: SignalMemory) =>
  memory.readers.flatMap(({ model, signals }) =>
    signals.map(({ asset, kind, score, knownAt, textKnownAt }) => {
      const day = (moment = '') => Number(moment.slice(8, 10))
      return `${model ?? 'keywords'}: ${asset} ${kind} ${score} on ${day(knownAt)}, text of ${day(textKnownAt)}`
    }),
  )

test('an edit that says the same is no news, one that says something else is', () => {
  const first = { id: '7', day: 1, content: 'a', found: [['AAVE', 'listing', 0.8]] } as const
  assert.deepEqual(
    shortly(
      memoryOf([
        first,
        // A typing error, then another asset, then the opposite; the same words in another topic are another text.
        { id: '7', day: 4, content: 'b', found: [['AAVE', 'listing', 0.6]] },
        {
          id: '7',
          day: 5,
          content: 'c',
          found: [
            ['AAVE', 'listing', 0.8],
            ['COMP', 'listing', 0.8],
          ],
        },
        { id: '7', day: 6, content: 'd', found: [['AAVE', 'listing', -0.8]] },
        { id: '8', day: 7, content: 'e', found: [['AAVE', 'listing', 0.8]] },
      ]),
    ),
    [
      'keywords: AAVE listing 0.4 on 1, text of 1',
      'keywords: COMP listing 0.4 on 5, text of 5',
      'keywords: AAVE listing -0.4 on 6, text of 6',
      'keywords: AAVE listing 0.4 on 7, text of 7',
    ],
  )
})

test('a copy counts once for each reader, and a text that is read late keeps its own date', () => {
  const found = [['AAVE', 'tokenomics', 1]] as const
  assert.deepEqual(
    shortly(
      memoryOf([
        { id: '1', day: 1, content: 'a', found },
        { id: '2', day: 2, content: 'a', found },
        { id: '1', day: 1, content: 'a', found, model: 'reader', readOn: 9 },
      ]),
    ),
    ['keywords: AAVE tokenomics 0.5 on 1, text of 1', 'reader: AAVE tokenomics 0.5 on 9, text of 1'],
  )
})
