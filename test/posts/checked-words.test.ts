import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { RenderedPost } from '../../src/journal/entry.ts'
import { checkedWords } from '../../src/posts/checked-words.ts'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { close, decision, opened } from './sample-entries.ts'

/** What a model is really shown: the whole message of the allocator, and a rule of its instructions. */
const shown = readFileSync(fileURLToPath(new URL('../golden/allocator-user-message.txt', import.meta.url)), 'utf8')
const prompt = {
  file: 'prompts/allocator.md',
  sha256: '3'.repeat(64),
  messages: [
    { role: 'system', content: 'It is overstretched: RSI above 75 with %B above 1. A fall of 77 % hurts.' },
    { role: 'user', content: shown },
  ],
}

function keptOf(reason: string, symbol = 'SPY'): string {
  const { body } = decision({ prompt, actions: [{ symbol, side: 'buy', pct: 12.5, reason }], summary: '' })
  return checkedWords(opened(), body).reasons[0]!
}

test('a sentence whose figures stand in the data about its asset stays as it was written', () => {
  for (const sentence of [
    // SPY: close 655.12, 1 day -1.0 %, vs SMA200 +10.0 %, RSI14 40, volatility 15 %.
    'It closed at 655.12, 1.0 % lower, with RSI 40 and volatility of 15 %.',
    'It closed at 655, 10 % above its 200-day mean.',
    'SMA20 and RSI14 are names, not figures.',
    'The CVaR of 1.5 % leaves room up to 25 % in one asset.',
    'Equity is EUR 10,213.40, that is 10.2k.',
    'A buy of 12.5 % of cash.',
    'Its weight is 23.2 %, its correlation with QQQ 0.85.',
    'LVMH is 4.3 % below its cost.',
  ]) {
    assert.equal(keptOf(sentence), sentence)
  }
})

test('a sentence with a figure of nobody, or of another asset, is left out, and the others stay', () => {
  for (const wrong of [
    'It fell 37.5 % today.',
    // 371.05 is gold's close.
    'It closed at 371.05.',
    // 59 is the RSI of Saint-Gobain.
    'Its RSI is 59.',
    'It has gained 10,000 %.',
    'It has been right since 1987.',
    'Analysts see ٤٠ % of upside.',
    'Analysts see ４１７ % of upside.',
    // Rules are no facts: the fall of 77 % stands in the instructions alone.
    'It fell 77 %.',
    'Expect 3.5bn of inflows.',
  ]) {
    assert.equal(
      keptOf(`It closed at 655.12. ${wrong} Volatility is 15 %.`),
      'It closed at 655.12. Volatility is 15 %.',
      wrong,
    )
  }
  assert.equal(keptOf('Its RSI is 59.', 'SGO.PA'), 'Its RSI is 59.', 'an asset by its own line')
})

test('a limit of the instructions may be named as one', () => {
  assert.equal(keptOf('An RSI of 40 is far from above 75.'), 'An RSI of 40 is far from above 75.')
  assert.equal(keptOf('Its RSI 75 says sell.'), '')
})

test('what was left out is on record and said in the post; the entry keeps every word', () => {
  const reason = 'Bonds hedge. They yield 17.25 % now.'
  const told = decision({
    prompt,
    actions: [{ symbol: 'TLT', side: 'buy', pct: 10, reason }],
    summary: 'Up 400 % soon.',
  })
  const post = RenderedPost.parse(renderDecisionPost({ opened: opened(), decision: told, close: close() }))
  const text = JSON.stringify(post.discord)
  assert.match(text, /Bonds hedge\./)
  assert.doesNotMatch(text, /17\.25|400 %/)
  assert.match(text, /Left out of the model's words: 2 sentences with a figure that is not in its data\./)
  assert.deepEqual(post.omitted, [
    { where: 'summary', sentence: 'Up 400 % soon.', figures: ['400 %'] },
    { where: 'reason to buy TLT', sentence: 'They yield 17.25 % now.', figures: ['17.25 %'] },
  ])
  assert.equal(told.body.actions[0]!.reason, reason)
})

test('words of a control come from code and are shown as they are', () => {
  const { body } = decision({ prompt: null, summary: 'The optimum of 31.4159 %.' })
  assert.deepEqual([checkedWords(opened(), body).summary, checkedWords(opened(), body).omitted], [body.summary, []])
})

test('no figure passes that the data does not hold, wherever it stands in a text', () => {
  const numbers = new Set((shown.match(/\d+(?:\.\d+)?/g) ?? []).map(Number))
  const strange = fc
    .integer({ min: 100_000, max: 99_999_999 })
    .map((cents) => cents / 100)
    .filter((value) => ![...numbers].some((number) => Math.abs(number - value) < 1))
  const words = fc.lorem({ maxCount: 8 })
  fc.assert(
    fc.property(
      words,
      strange,
      words,
      fc.constantFrom('', ' %', ' EUR', ' points', 'x'),
      (before, value, after, unit) => {
        const kept = keptOf(`${before} ${value.toFixed(2)}${unit} ${after}`)
        assert(!kept.includes(value.toFixed(2)), kept)
      },
    ),
  )
})
