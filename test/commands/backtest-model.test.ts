import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { backtest } from '../../src/commands/backtest.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { demo } from '../../src/commands/demo.ts'
import { ConfigError, InputError, ModelError } from '../../src/errors.ts'
import { replies, startModelServer } from '../support/model-server.ts'

const span = {
  book: 'allocator',
  policy: 'model',
  from: '2025-11-03',
  to: '2025-12-31',
  market: 'simulated:1',
} as const
const secret = 'sk-test-0123456789abcdef'

function ioFor(url: string | null, more: Record<string, string> = {}): CommandIo & { readonly home: string } {
  const home = mkdtempSync(join(tmpdir(), 'primer-ask-'))
  return {
    home,
    environment: {
      PRIMER_HOME: home,
      ...(url !== null && { OPENAI_BASE_URL: url, OPENAI_API_KEY: secret, LLM_MODEL: 'test-model' }),
      ...more,
    },
    readStdin: async () => '',
    say: () => {},
    show: () => {},
    interactive: false,
  }
}

/** Buys 10 % of something each day, by the place of the day in the month; nothing it needs lies outside the prompt. */
const buyer = (request: { readonly body: { readonly messages: readonly { readonly content: string }[] } }) => {
  const user = request.body.messages.at(-1)!.content
  const symbols = [...user.matchAll(/^\|?\s*([A-Z0-9]+(?:\.PA)?)\s/gm)].map((match) => match[1]!)
  const known = symbols.filter((symbol) => /^(A\d\d|SPY|QQQ|GLD|TLT|FEZ|[A-Z]+\.PA)$/.test(symbol))
  const day = Number(/\d{4}-\d{2}-(\d{2})/.exec(user)?.[1] ?? 1)
  return replies.decision({ symbol: known[day % known.length] ?? 'SPY', side: 'buy', pct: 10, reason: 'Test.' })
}

type Document = {
  readonly finalEquity: number
  readonly fills: readonly { readonly symbol: string }[]
  readonly masked?: { readonly netReturn: number; readonly gap: number }
  readonly netReturn: number
  readonly asked: { readonly calls: number; readonly fromCache: number }
  readonly knowledge: { readonly sessionsBefore: number | null; readonly sessionsAfter: number | null }
  readonly notes: readonly string[]
  readonly randomAllocators: { readonly count: number } | null
}

test('a model is asked once for each session; the same backtest again costs nothing and gives the same bytes', async () => {
  const server = await startModelServer({ script: buyer })
  try {
    const io = ioFor(server.url)
    const first = (await backtest({ ...span, knowledgeCutoff: '2025-11-30' }, io)).json as Document
    const asked = server.requests.length
    assert.equal(first.asked.calls, asked)
    assert.ok(asked >= 40 && first.fills.length > 5, `${asked} requests, ${first.fills.length} fills`)
    const { asked: askedAgain, ...again } = (await backtest({ ...span, knowledgeCutoff: '2025-11-30' }, io))
      .json as Document
    const { asked: _, ...before } = first
    assert.equal(server.requests.length, asked)
    assert.deepEqual(askedAgain, { calls: 0, fromCache: asked, costUsd: 0 })
    assert.equal(JSON.stringify(again), JSON.stringify(before))
    assert.equal((first.knowledge.sessionsBefore ?? 0) + (first.knowledge.sessionsAfter ?? 0), asked)
    assert.match(first.notes.join('\n'), /2025-11-30.*no evidence/)
    assert.equal(first.randomAllocators?.count, 1000)
  } finally {
    await server.close()
  }
})

test('a masked run shows the model no ticker, no name, no real date and no price level', async () => {
  const server = await startModelServer({ script: buyer })
  try {
    const { masked } = (await backtest({ ...span, to: '2025-11-14', masked: true }, ioFor(server.url))).json as Document
    const prompts = server.requests.map(({ body }) => body.messages.map(({ content }) => content).join('\n'))
    const hidden = prompts.slice(prompts.length / 2)
    assert.ok(hidden.length >= 9 && masked !== undefined)
    for (const prompt of hidden) {
      assert.doesNotMatch(prompt, /\b(SPY|QQQ|GLD|TLT|FEZ)\b|\.PA\b|LVMH|Airbus|Sanofi|Euronext Paris: 2025|2025-1[01]/)
      assert.match(prompt, /\bA07\b/)
    }
  } finally {
    await server.close()
  }
})

test('a model that hangs up ends the backtest with the day, and the next run goes on from there', async () => {
  let down = true
  const server = await startModelServer({
    script: (request, n) => (down && n >= 5 ? replies.error(401, { message: 'bad key' }) : buyer(request)),
  })
  try {
    const io = ioFor(server.url)
    await assert.rejects(backtest({ ...span, to: '2025-11-21' }, io), (error: unknown) => {
      assert.ok(error instanceof ModelError)
      assert.match(error.message, /no answer for 2025-11-.*kept/)
      assert.ok(!error.message.includes(secret))
      return true
    })
    down = false
    const before = server.requests.length
    const { asked } = (await backtest({ ...span, to: '2025-11-21' }, io)).json as Document
    assert.ok(asked.fromCache >= 4)
    assert.equal(server.requests.length - before, asked.calls)
  } finally {
    await server.close()
  }
})

test('each prompt and model is one trial on record, however often it runs; a control is none', async () => {
  const server = await startModelServer({ script: buyer })
  try {
    const io = ioFor(server.url)
    const short = { ...span, to: '2025-11-07' }
    await backtest(short, io)
    await backtest(short, io)
    await backtest(short, { ...io, environment: { ...io.environment, LLM_MODEL: 'another-model' } })
    await backtest({ ...short, policy: 'cvar' }, io)
    const journal = await openJournal(`sqlite:${join(io.home, 'journal.db')}`, { readOnly: true })
    const trials = await Array.fromAsync(journal.read({ kinds: ['trial'] }))
    await journal.close()
    assert.deepEqual(
      trials.map((entry) => (entry.kind === 'trial' ? entry.body.model : '')),
      ['test-model', 'another-model'],
    )
  } finally {
    await server.close()
  }
})

test('the model sees in a backtest what it sees in a live day: the same prompts as the demo over the same dates [27]', async () => {
  const server = await startModelServer({ script: buyer })
  try {
    const io = ioFor(server.url)
    const live = (await demo({ sessions: '12', market: 'simulated:1', out: join(io.home, 'demo') }, io)).json as {
      books: readonly { from: string; to: string; equity: number }[]
    }
    const prompts = server.requests.map(({ body }) => JSON.stringify(body.messages))
    const [book] = live.books
    const past = (await backtest({ ...span, from: book!.from, to: book!.to }, ioFor(server.url))).json as Document
    const again = server.requests.slice(prompts.length).map(({ body }) => JSON.stringify(body.messages))
    const apart = again.findIndex((prompt, i) => prompt !== prompts[i])
    const at = apart < 0 ? 0 : [...again[apart]!].findIndex((letter, i) => letter !== prompts[apart]![i])
    assert.equal(
      apart,
      -1,
      `${again[apart]?.slice(at - 100, at + 100)}\n---\n${prompts[apart]?.slice(at - 100, at + 100)}`,
    )
    assert.equal(again.length, prompts.length)
    assert.ok(Math.abs(past.finalEquity - book!.equity) < 0.005)
  } finally {
    await server.close()
  }
})

test('without a model the policy model is refused, and its options go with it alone', async () => {
  await assert.rejects(backtest(span, ioFor(null)), ConfigError)
  await assert.rejects(
    backtest({ ...span, policy: 'cvar', masked: true, knowledgeCutoff: '2025-01-01' }, ioFor(null)),
    (error: unknown) => {
      assert.ok(error instanceof InputError)
      assert.equal(error.faults.length, 2)
      return true
    },
  )
})

test('with --repeat the same question is put again, the first answer decides, and the agreement is told', async () => {
  // The first two answers to a question are the same, every third one buys something else.
  const seen = new Map<string, number>()
  const wavering = (request: { readonly body: { readonly messages: readonly { readonly content: string }[] } }) => {
    const question = JSON.stringify(request.body.messages)
    const count = (seen.get(question) ?? 0) + 1
    seen.set(question, count)
    return replies.decision({ symbol: count === 3 ? 'GLD' : 'TLT', side: 'buy', pct: 5, reason: 'Test.' })
  }
  const server = await startModelServer({ script: wavering })
  try {
    const io = ioFor(server.url)
    const run = async () =>
      (await backtest({ ...span, repeat: 3 }, io)).json as Document & {
        readonly stability: {
          readonly calls: number
          readonly dates: number
          readonly agreement: number
          readonly byDate: readonly { readonly bySymbol: readonly object[] }[]
        }
      }
    const first = await run()
    const { calls, dates, agreement, byDate } = first.stability
    // Three pairs of answers: one agrees wholly, two not at all.
    assert.deepEqual([calls, dates], [3, 20])
    assert.ok(Math.abs(agreement - 1 / 3) < 1e-12)
    assert.deepEqual(byDate[0]!.bySymbol, [
      { symbol: 'TLT', buy: 2, sell: 0 },
      { symbol: 'GLD', buy: 1, sell: 0 },
    ])
    assert.ok(first.fills.length > 0 && first.fills.every(({ symbol }) => symbol === 'TLT'))
    assert.match(first.notes.join('\n'), /Asked 3 times on each of 20 dates, the model's answers share 33 %/)
    const asked = server.requests.length
    const { asked: _, ...again } = await run()
    assert.equal(server.requests.length, asked)
    const { asked: __, ...before } = first
    assert.equal(JSON.stringify(again), JSON.stringify(before))
    // Who asks once finds the first answers in the cache.
    const once = (await backtest(span, io)).json as Document
    assert.equal(server.requests.length, asked)
    assert.equal(once.finalEquity, first.finalEquity)
  } finally {
    await server.close()
  }
})

test('--repeat is refused without a model, and outside 2 to 20', async () => {
  for (const [options, words] of [
    [{ ...span, policy: 'equal-weight', repeat: 3 }, /--repeat puts a question to a model/],
    [{ ...span, repeat: 1 }, /--repeat must be from 2 to 20, got 1/],
  ] as const) {
    await assert.rejects(
      backtest(options, ioFor(null)),
      (error) => error instanceof InputError && words.test(error.message),
    )
  }
})
