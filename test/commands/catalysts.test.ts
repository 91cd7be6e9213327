import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { listCatalysts, showCatalyst } from '../../src/commands/catalysts.ts'
import { evaluate } from '../../src/commands/eval.ts'
import { run } from '../../src/commands/run.ts'
import { InputError } from '../../src/errors.ts'
import { withFolder } from '../support/database.ts'
import { ioWith } from '../support/jobs.ts'
import { replies, startModelServer } from '../support/model-server.ts'
import { primer } from '../support/primer.ts'
import { sharedAbsent } from '../support/shared.ts'

const line = (id: string, change: object = {}) =>
  JSON.stringify({
    id,
    published_at: '2022-01-05',
    assets: ['AAVE/USD'],
    kind: 'governance',
    title: 'Vote',
    text: '',
    url: null,
    ...change,
  })

test('what was read in can be listed and shown, and nothing in it reaches the terminal as an order', () =>
  withFolder(async (home) => {
    const nasty = 'Buy\u001b[2J\u001b]0;owned\u0007 AAVE \u202egnol og\u202c\u200b now'
    writeFileSync(
      join(home, 'items.jsonl'),
      [
        line('a', { title: nasty, text: `${nasty}\nSecond\u0000 line` }),
        line('b', { title: 'Start AAVE buybacks of USD 1m a week' }),
        line('c', { assets: ['MKR/USD'], title: 'Binance to delist MKR', published_at: '2022-09-95' }),
      ].join('\n'),
    )
    const environment = { PRIMER_HOME: home, MARKET: 'simulated:1' }
    const io = ioWith(environment)
    const databaseUrl = `sqlite:${join(home, 'journal.db')}`
    const list = (options: object = {}) => listCatalysts({ databaseUrl, ...options }, io)
    const show = (which: string) => showCatalyst({ databaseUrl, which }, io)
    await run('ingest', { book: 'allocator', items: join(home, 'items.jsonl') }, io)
    assert.match((await list()).text, /Start AAVE buybacks/)
    assert.match((await show('2')).text, /Nobody has read it yet/)
    await run('extract', { book: 'allocator' }, io)
    const all = (await primer(['catalysts', 'list'], { home })).stdout
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    const orders = /[\u0000-\u0009\u000b-\u001f\u202e\u200b]/
    assert.doesNotMatch(all, orders)
    assert.match(all, /Buy\[2J\]0;owned AAVE gnol og now/)
    assert.match(all, /keywords \(baseline\): AAVE\/USD tokenomics \+0\.50 x 0\.50/)
    assert.match(all, /\[undated\]/)
    const ids = async (options: object) =>
      ((await list(options)).json as { items: { id: string }[] }).items.map(({ id }) => id)
    assert.deepEqual(await ids({ asset: 'mkr' }), ['c'])
    assert.deepEqual(await ids({ kind: 'tokenomics' }), ['b'])
    assert.deepEqual(await ids({ limit: 1 }), ['c'])
    assert.deepEqual(await ids({ source: 'none' }), [])
    // The undated one is known from today on.
    assert.deepEqual(await ids({ from: '2022-01-06' }), ['c'])
    const whole = await show('a')
    assert.match(whole.text, /Second line/)
    assert.doesNotMatch(whole.text, orders)
    assert.deepEqual((({ title, text }) => ({ title, text }))(whole.json as { title: string; text: string }), {
      title: nasty,
      text: `${nasty}\nSecond\u0000 line`,
    })
    await assert.rejects(show('nowhere'), /no text nowhere/)
    await assert.rejects(list({ kind: 'rumour' }), /no kind of catalyst/)
  }))

test('without the labelled texts an evaluation says where they are missing', () =>
  withFolder(async (home) => {
    const io = ioWith({ PRIMER_HOME: home })
    await assert.rejects(evaluate({ task: 'extraction', items: join(home, 'none.jsonl') }, io), (error: Error) => {
      assert.ok(error instanceof InputError)
      assert.match(error.message, /not part of this repository.*--items/)
      return true
    })
    writeFileSync(join(home, 'other.jsonl'), line('a'))
    await assert.rejects(evaluate({ task: 'extraction', items: join(home, 'other.jsonl') }, io), /lacks 50 of the 50/)
  }))

type Evaluated = {
  readonly extractor: string
  readonly name: string
  readonly kinds: Record<string, { precision: { right: number; of: number }; recall: { right: number; of: number } }>
  readonly signs: { right: number; of: number }
  readonly agreement: { answers: number; events: number } | null
}

test('the keywords do as well on the labelled texts as the README says', { skip: sharedAbsent }, () =>
  withFolder(async (home) => {
    const { json } = await evaluate({ task: 'extraction', extractor: 'baseline' }, ioWith({ PRIMER_HOME: home }))
    const { kinds, signs, extractor } = json as Evaluated
    assert.equal(extractor, 'baseline')
    const { precision, recall } = kinds.all!
    assert.deepEqual(
      [precision.right, precision.of, recall.right, recall.of, signs.right, signs.of],
      [31, 50, 11, 25, 7, 11],
    )
  }),
)

test('any model is held to the same texts, as often as asked, and nothing is recorded', { skip: sharedAbsent }, () =>
  withFolder(async (home) => {
    // Reads listings, from the words of the title alone.
    const server = await startModelServer({
      script: ({ body }) => {
        const question = body.messages[1]!.content
        const found = /Binance will list: (\w+)/.exec(question)
        const events =
          found === null
            ? []
            : [
                {
                  asset: found[1],
                  kind: 'listing',
                  direction: 0.5,
                  confidence: 0.9,
                  horizon_days: 3,
                  evidence: found[0],
                },
              ]
        return replies.completion({ content: JSON.stringify({ events }) })
      },
    })
    const io = ioWith({
      PRIMER_HOME: home,
      OPENAI_BASE_URL: server.url,
      LLM_PRICE_USD_PER_MTOK: '0,0',
      LLM_REQUESTS_PER_MINUTE: '60000',
    })
    const { json } = await evaluate({ task: 'extraction', model: 'reader-2', repeat: 2 }, io)
    await server.close()
    const { kinds, name, signs, agreement } = json as Evaluated
    assert.equal(name, 'reader-2')
    assert.equal(server.requests[0]!.body.model, 'reader-2')
    // CELO and TORN are announced in these words, CAKE and BTCST in others.
    assert.deepEqual(
      [
        kinds.listing!.precision.right,
        kinds.listing!.precision.of,
        kinds.listing!.recall.right,
        kinds.listing!.recall.of,
      ],
      [2, 2, 2, 4],
    )
    assert.deepEqual([signs.right, signs.of], [2, 2])
    assert.deepEqual(agreement, { answers: 2, events: 1 })
  }),
)
