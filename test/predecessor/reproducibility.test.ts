import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { renderPrompt } from '../../src/decision/prompt.ts'
import { Snapshot } from '../../src/decision/snapshot.ts'
import { decisionText, replies } from '../support/model-server.ts'
import { type Fund, withControlledFund, withFund, wordsOf } from './fund.ts'
import { closing, flat, type Prices, weekdays } from './prices.ts'

const dates = weekdays('2024-06-03', '2024-06-14')
const [monday, tuesday, wednesday, thursday] = dates as [string, string, string, string]
const prices: Prices = {
  SPY: closing(
    dates,
    dates.map((_, i) => 500 + i),
  ),
  'EURUSD=X': flat(dates, 1.25),
  'CAC.PA': flat(dates, 50),
}
const buy = (symbol: string, pct: number) => ({ symbol, side: 'buy', pct }) as const
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Canonical JSON as RFC 8785 has it for what snapshots hold: keys in order, no spaces, numbers as JavaScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

/** A decision of 25 holds with long reasons: more than ten thousand characters, ended by a mark. */
const longAnswer = JSON.stringify({
  summary: 'A long day.',
  actions: Array.from({ length: 25 }, (_, i) => ({
    symbol: `SYM${i}`,
    side: 'hold',
    pct: 0,
    reason: `${i}: ${'the same as yesterday, '.repeat(25)}`,
  })),
  mark: 'the end of the answer',
})

test('the journal holds what the model was sent and what it answered, to the last character, with model and tokens [40]', async () => {
  await withFund(prices, async (fund) => {
    const usage = { prompt_tokens: 4321, completion_tokens: 987 }
    await fund.answered(monday, replies.completion({ content: longAnswer, usage }))
    assert.ok(longAnswer.length > 10_000)
    const sent = fund.server.requests[0]!.body
    assert.deepEqual(fund.decision(monday).prompt!.messages, sent.messages)
    assert.ok(sent.messages.every(({ content }) => content.length > 1000))
    const [attempt] = fund.entries('attempt')
    const { model, answeredBy, fingerprint, requestId, promptTokens, completionTokens, rawAnswer } = attempt!.body
    assert.equal(rawAnswer, longAnswer)
    assert.equal(model, sent.model)
    assert.deepEqual([answeredBy, fingerprint, requestId], ['served-model-1', 'fp_1', 'req_1'])
    assert.deepEqual([promptTokens, completionTokens], [4321, 987])
  })
})

test('the sealed snapshot gives the very same prompt again, and its seal is the hash in the decision [40]', async () => {
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.decide(tuesday, buy('CAC.PA', 20))
    await fund.decide(wednesday)
    const file = readFileSync(new URL('../../prompts/allocator.md', import.meta.url), 'utf8')
    for (const [i, date] of [monday, tuesday, wednesday].entries()) {
      const { snapshot, sha256: seal } = fund.entries('snapshot')[i]!.body
      assert.equal(seal, sha256(canonical(snapshot)))
      assert.equal(fund.decision(date).snapshotSha256, seal)
      assert.equal(fund.decision(date).prompt!.sha256, sha256(file))
      // From the journal's text and the prompt file alone: no price, no clock, no state.
      const { messages } = renderPrompt(file, Snapshot.parse(JSON.parse(JSON.stringify(snapshot))))
      assert.deepEqual(fund.server.requests[i]!.body.messages, messages)
    }
    // A seal that covers nothing would be the same every day.
    assert.equal(new Set(fund.entries('snapshot').map(({ body }) => body.sha256)).size, 3)
  })
})

test('answers that were not used are kept as well: both tries, each with its text [40]', async () => {
  await withFund(prices, async (fund) => {
    await fund.answered(monday, replies.prose())
    const attempts = fund.entries('attempt').map(({ body }) => body)
    assert.deepEqual(
      attempts.map(({ attempt, outcome }) => [attempt, outcome]),
      [
        [1, 'invalid'],
        [2, 'invalid'],
      ],
    )
    for (const { rawAnswer } of attempts) {
      assert.equal(rawAnswer, `I would hold. ${decisionText()} Let me know if you need more.`)
    }
  })
})

test('the hundred-and-first decision does not push the first one out of the record [40]', async () => {
  const long = weekdays('2024-01-02', '2024-05-27')
  assert.ok(long.length >= 104)
  await withControlledFund({ 'CAC.PA': flat(long, 50) }, async (fund) => {
    await fund.job('allocate', long[0]!)
    // What lies between was missed, and each missed day is a decision on record too.
    await fund.job('allocate', long[103]!)
    const recorded = fund.entries('decision').map(({ body }) => body.date)
    assert.deepEqual(recorded, long.slice(0, 104))
    assert.equal(fund.decision(long[0]!).outcome, 'warm-up')
    assert.equal(fund.decision(long[50]!).because, 'the program did not run that day, or had no prices')
  })
})

const draft = decisionText({ symbol: 'SPY', side: 'buy', pct: 80, reason: 'A first thought.' })
const final = decisionText({ symbol: 'CAC.PA', side: 'buy', pct: 10, reason: 'On reflection.' })

for (const [what, answer] of [
  ['a draft followed by a decision', `Let me think. ${draft}\nNo, too much. My decision:\n${final}`],
  ['a decision followed by a draft', `${final}\nI also considered ${draft}`],
  ['reasoning in tags around a draft', `<think>${draft}</think>${final}`],
  ['two fenced blocks', `\`\`\`json\n${draft}\n\`\`\`\n\`\`\`json\n${final}\n\`\`\``],
] as const) {
  test(`of ${what} nothing is executed, neither the first nor the last object [41]`, async () => {
    await withFund(prices, async (fund) => {
      await fund.answered(monday, replies.completion({ content: answer }))
      const { outcome, orders } = fund.decision(monday)
      assert.deepEqual([outcome, orders], ['no-decision', []])
      // It was asked once more, told what was wrong, and answered the same.
      assert.equal(fund.server.requests.length, 2)
      assert.match(fund.server.requests[1]!.body.messages.at(-1)!.content, /nothing of it was executed/)
    })
  })
}

test('the server is asked for the form of the answer: a strict JSON schema in which every field is required [41]', async () => {
  await withFund(prices, async (fund) => {
    await fund.decide(monday)
    type Format = { type: string; json_schema: { strict: boolean; schema: Record<string, unknown> } }
    const { type, json_schema: asked } = fund.server.requests[0]!.body.response_format as Format
    assert.equal(type, 'json_schema')
    assert.equal(asked.strict, true)
    assert.deepEqual(asked.schema.required, ['summary', 'actions'])
    assert.equal(asked.schema.additionalProperties, false)
  })
})

test('a ticker named twice is bought once, as it was named first, and the second is refused in sight [41]', async () => {
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('SPY', 10), buy('SPY', 20))
    const { orders, clamps } = fund.decision(monday)
    assert.deepEqual(
      orders.map(({ symbol, amountCents }) => [symbol, amountCents]),
      [['SPY', 100_000]],
    )
    assert.deepEqual(
      clamps.map(({ rule, before, after }) => [rule, before, after]),
      [['duplicate', 200_000, 0]],
    )
    assert.match(wordsOf(fund.posts('decision')[0]!), /named twice/)
  })
})

const firstLine = (fund: Fund) => fund.posts('decision').at(-1)!.x[0]!.split('\n')[0]!

test('no answer does not look like a decision to hold: refused, cut off and withheld say so; a hold says hold [41]', async () => {
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.decide(tuesday)
    assert.equal(firstLine(fund), 'Day 2. No orders, hold all 1.')
    assert.equal(fund.decision(tuesday).outcome, 'decision')
    for (const [date, reply, why] of [
      [wednesday, replies.refusal(), /^Day 3\. No decision today: the model refused to answer\./],
      [thursday, replies.cutOff(), /^Day 4\. No decision today: the model's answer was cut off twice\./],
      [dates[4]!, replies.filtered(), /^Day 5\. No decision today: the provider's content filter withheld/],
    ] as const) {
      await fund.answered(date, reply)
      assert.match(firstLine(fund).replaceAll('’', "'"), why)
      assert.equal(fund.decision(date).outcome, 'no-decision')
      assert.ok(JSON.stringify(fund.posts('decision').at(-1)!.discord).includes('No decision today'))
    }
    // The next prompt tells them apart as well.
    await fund.decide(dates[5]!)
    const prompt = fund.decision(dates[5]!).prompt!.messages[1]!.content
    assert.match(prompt, new RegExp(`${wednesday}: no-decision`))
    assert.match(prompt, new RegExp(`${tuesday}: nothing traded`))
  })
})

test('a control never passes for a model: the first post to the last says who decides [41]', async () => {
  await withControlledFund(prices, async (fund) => {
    await fund.job('allocate', monday)
    await fund.job('allocate', tuesday)
    assert.equal(fund.entries('opened')[0]!.body.decider, 'control')
    assert.equal(fund.entries('attempt').length, 0)
    for (const post of fund.posts('decision')) {
      assert.match(post.x.join('\n'), /[Cc]ontrol/)
      assert.match(JSON.stringify(post.discord), /[Cc]ontrol/)
      assert.doesNotMatch(wordsOf(post), /words of the model/)
    }
  })
})
