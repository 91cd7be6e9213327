import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../../src/context.ts'
import type { Entry, NewEntry } from '../../src/journal/entry.ts'
import type { Answer, Interaction } from '../../src/journal/incoming.ts'
import { commands, handle, isPrivate } from '../../src/talk/commands/index.ts'
import { decision } from '../posts/sample-entries.ts'
import { withFolder } from '../support/database.ts'
import {
  ann,
  bob,
  community,
  interaction,
  ourMessage,
  owner,
  seqs,
  shown,
  talkContext,
  withTalk,
} from '../support/talk.ts'

type Reply = Extract<Answer, { kind: 'reply' }>

async function reply(ctx: Context, asked: Interaction): Promise<Reply> {
  const answer = await handle(ctx, asked)
  assert.equal(answer.kind, 'reply')
  return answer as Reply
}

const hashOf = async (ctx: Context, seq: number) => (await Array.fromAsync(ctx.journal.read({ seqs: [seq] })))[0]!.hash

test('/portfolio shows what the last close recorded: positions, cash, standing, date, hash, and that no advice is given', () =>
  withTalk(async (ctx) => {
    const answer = await reply(ctx, interaction('portfolio'))
    const text = shown(answer)
    // Worked out from the entry: equity 10,213.02, of which 4,100.02 in cash (40.1 %), SPY 1,131.23 (11.1 %); -31.40 + 4.10 = -27.30.
    assert.match(text, /held at the close of 2020-03-12/)
    assert.match(text, /Equity EUR 10,213\.02/)
    assert.match(text, /\*\*SPY\*\* 11\.1 %: 5\.1 at USD 248\.11, EUR 1,131, EUR -27\.30 before costs/)
    assert.match(text, /\*\*Cash\*\* 40\.1 %: EUR 4,100\.02/)
    assert.match(text, /SPY EUR 10,340, \+3\.4 %/)
    assert.match(text, /2 orders for the next open, entry 4/)
    assert(text.includes(await hashOf(ctx, seqs.close)))
    assert.match(text, /Automated account, paper portfolio, no advice/)
    assert.equal(answer.ephemeral, false)
  }))

test('/decision shows the decision as it was posted, with its buttons; a date without one names the nearest', () =>
  withTalk(async (ctx) => {
    const answer = await reply(ctx, interaction('decision'))
    const text = shown(answer)
    assert.match(text, /day 43: decision of 2020-03-12/)
    assert.match(text, /A tenth of cash lowers it without timing anything/)
    assert(text.includes(await hashOf(ctx, seqs.decision)))
    const ids = answer.components!.flatMap((row) => row.components.map((button) => button.custom_id))
    const hash = (await hashOf(ctx, seqs.decision)).slice(0, 32)
    assert.deepEqual(
      ids,
      ['agree', 'disagree', 'why'].map((verb) => `${verb}:${seqs.decision}:${hash}`),
    )
    assert.deepEqual(shown(await reply(ctx, interaction('decision', { date: '2020-03-12' }))), text)
    assert.match(
      shown(await reply(ctx, interaction('decision', { date: '2020-03-14' }))),
      /No decision of 2020-03-14 is recorded; the nearest is 2020-03-12/,
    )
    for (const date of ['yesterday', '2020-13-45', '@everyone']) {
      const refused = await reply(ctx, interaction('decision', { date }))
      assert.match(shown(refused), /is no date: write it as 2026-11-20/)
      assert.equal(refused.ephemeral, true)
      assert(!shown(refused).includes('@everyone'))
    }
  }))

test('/why quotes the reason, the limit that bit, and the stop, in what was recorded of that symbol', () =>
  withTalk(async (ctx) => {
    assert.match(
      shown(await reply(ctx, interaction('why', { symbol: 'tlt' }))),
      /2020-03-12, entry 4\nBuy TLT for 10 % of cash\. Its 20-day correlation/,
    )
    assert.match(
      shown(await reply(ctx, interaction('why', { symbol: 'SPY' }))),
      /Buy SPY for EUR 615\.00: refused, weekly trade cap: 2 in high volatility/,
    )
    assert.match(
      shown(await reply(ctx, interaction('why', { symbol: 'lvmh' }))),
      /Stop-loss: the close of EUR 345\.20 is -5\.3 % from the average cost of EUR 364\.52/,
    )
    assert.match(shown(await reply(ctx, interaction('why', { symbol: 'Gold' }))), /No recorded decision names Gold/)
    assert.match(
      shown(await reply(ctx, interaction('why', { symbol: 'TTL' }))),
      /TTL is not in the portfolio\. Did you mean TLT\?|TTL is not in the portfolio\. It trades SPY/,
    )
    assert.match(
      shown(await handle(ctx, interaction('why', { symbol: 'air' }, { kind: 'autocomplete', focused: 'symbol' }))),
      /^AIR\.PA: Airbus SE$/,
    )
  }))

test('/performance says how the book stands against its benchmarks, with a drawn chart that is described in words', () =>
  withTalk(async (ctx) => {
    const answer = await reply(ctx, interaction('performance'))
    assert.match(
      shown(answer),
      /Book EUR 10,213, \+2\.1 %[\s\S]*SPY EUR 10,340, \+3\.4 %[\s\S]*No evidence of skill yet/,
    )
    const [chart] = answer.files!
    assert.deepEqual([...chart!.bytes.subarray(1, 4)], [...Buffer.from('PNG')])
    assert.match(chart!.alt!, /Line chart from/)
    assert.equal(answer.embeds![0]!.image?.url, `attachment://${chart!.name}`)
    assert.match(
      shown(await reply(ctx, interaction('performance', { range: '17y' }))),
      /range is 17y; choose one of 1m, 3m, 6m, ytd, 1y, all/,
    )
  }))

test('/performance over a month counts from the last close a month ago', () =>
  withTalk(async (ctx) => {
    // Three closes: 10,000 on January 13, 10,500 on April 10, 10,710 on May 11: +2.0 % over the month, and nothing for SPY held at 11,000.
    const last = (await ctx.journal.last('allocator', 'close'))!
    for (const [date, equity] of [
      ['2020-04-10', 10_500],
      ['2020-05-11', 10_710],
    ] as const) {
      const benchmarks = { 'buy-and-hold:SPY': 11_000 }
      await ctx.journal.append([
        {
          at: `${date}T20:10:00.000Z`,
          kind: 'close',
          book: 'allocator',
          body: { ...last.body, date, equity, benchmarks },
        },
      ])
    }
    const text = shown(await reply(ctx, interaction('performance', { range: '1m' })))
    assert.match(text, /2020-04-10 to 2020-05-11/)
    assert.match(text, /From the close of 2020-04-10, net of costs\n\*\*Book EUR 10,710, \+2\.0 %\*\*\nSPY 0\.0 %/)
    // Of this year there is all, since the book began in it.
    assert.match(shown(await reply(ctx, interaction('performance', { range: 'ytd' }))), /2020-03-12 to 2020-05-11/)
  }))

test('/trades tells each fill with its entry, its price and what it cost', () =>
  withTalk(async (ctx) => {
    assert.match(shown(await reply(ctx, interaction('trades'))), /Nothing has been filled yet/)
    const fill = {
      orderId: '2020-03-12/2',
      date: '2020-03-13',
      symbol: 'TLT',
      quantity: 2.5,
      price: 164.2,
      currency: 'USD',
      rate: 0.9,
      costs: { commission: 1.25, spread: 0.04, fx: 0.11 },
      cashChangeCents: -37085,
      reason: 'policy',
    } as const
    const events = { splits: [], dividends: [], fills: [fill], lapsed: [], waiting: [] }
    const written = await ctx.journal.append([
      {
        at: '2020-03-13T20:10:00.000Z',
        kind: 'session',
        book: 'allocator',
        body: { date: '2020-03-13', events, benchmarks: {} },
      },
    ])
    assert(written.kind === 'appended')
    const text = shown(await reply(ctx, interaction('trades', { count: 3 })))
    assert.match(
      text,
      /2020-03-13, entry 8: \*\*Bought 2\.5 TLT\*\* at USD 164\.20\. Cash EUR -370\.85, costs EUR 1\.40 \(commission 1\.25, spread 0\.04, fx 0\.11\)/,
    )
    assert(text.includes(written.entries[0]!.hash))
    for (const count of [0, 26, 2.5])
      assert.match(
        shown(await reply(ctx, interaction('trades', { count }))),
        /count is .*; it must be a whole number from 1 to 25/,
      )
  }))

test('/verify finds the entry behind a hash, checks the whole chain, and says when a hash is not from here', () =>
  withTalk(async (ctx) => {
    const hash = await hashOf(ctx, seqs.decision)
    for (const copied of [hash, hash.slice(0, 32), `Paper money. ${hash.slice(0, 32).toUpperCase()}`]) {
      const text = shown(await reply(ctx, interaction('verify', { hash: copied })))
      assert.match(text, /Entry 4: decision of 2020-03-12 of the book allocator/)
      assert.match(text, /The journal verifies: 7 entries/)
    }
    assert.match(
      shown(await reply(ctx, interaction('verify', { hash: 'ab'.repeat(16) }))),
      /No entry of this journal has the hash/,
    )
    assert.match(shown(await reply(ctx, interaction('verify', { hash: 'hello' }))), /hello is no hash/)
  }))

test('/predict records a claim with the price it will be settled against, and refuses what cannot be settled', () =>
  withTalk(async (ctx) => {
    const claim = { symbol: 'spy', direction: 'up', probability: 65, horizon: 20 }
    const answer = await reply(ctx, interaction('predict', claim))
    assert.match(
      shown(answer),
      /\*\*SPY up\*\* in 20 sessions, 65 % sure, against the close of USD 248\.11 \(2020-03-12\)/,
    )
    // Said once, to who was never told before.
    assert.match(shown(answer), /Noted, once/)
    const [entry] = (await community(ctx)).filter(({ kind }) => kind === 'prediction')
    const { symbol, direction, probability, horizonSessions, prices } = (entry as Entry<'prediction'>).body
    assert.deepEqual(
      { symbol, direction, probability, horizonSessions },
      { symbol: 'SPY', direction: 'up', probability: 0.65, horizonSessions: 20 },
    )
    assert.deepEqual(prices.SPY, { price: 248.11, currency: 'USD', date: '2020-03-12' })
    assert.doesNotMatch(shown(await reply(ctx, interaction('predict', claim))), /Noted, once/)
    const refusals: readonly (readonly [Interaction['options'], RegExp])[] = [
      [{ ...claim, probability: 0 }, /probability is 0; it must be a whole number from 1 to 99/],
      [{ ...claim, probability: 100 }, /from 1 to 99/],
      [{ ...claim, horizon: 261 }, /horizon is 261; it must be a whole number from 1 to 260/],
      [{ ...claim, direction: 'sideways' }, /direction is sideways; choose one of up, down/],
      [{ ...claim, symbol: 'DOGE' }, /DOGE is not in the portfolio/],
      [{ symbol: 'SPY' }, /\/predict needs direction/],
      [{ ...claim, probability: '65' }, /probability must be a number/],
      [{ ...claim, leverage: 3 }, /\/predict has no option leverage/],
    ]
    for (const [options, told] of refusals) {
      const refused = await reply(ctx, interaction('predict', options))
      assert.match(shown(refused), told)
      assert.equal(refused.ephemeral, true)
    }
    assert.equal((await community(ctx)).filter(({ kind }) => kind === 'prediction').length, 2)
  }))

test('the same interaction twice is one claim, and nobody makes more than forty in a day', () =>
  withTalk(async (ctx) => {
    const claim = interaction('predict', { symbol: 'SPY', direction: 'down', probability: 50, horizon: 5 })
    await handle(ctx, claim)
    await handle(ctx, claim)
    const count = async () => (await community(ctx)).filter(({ kind }) => kind === 'prediction').length
    assert.equal(await count(), 1)
    for (let index = 0; index < 45; index++) await handle(ctx, { ...claim, interactionId: `i${index}` })
    assert.equal(await count(), 40)
    assert.match(shown(await reply(ctx, { ...claim, interactionId: 'one more' })), /as many as one person may/)
    await handle(ctx, { ...claim, interactionId: 'another person', userId: bob })
    assert.equal(await count(), 41)
  }))

test('/feedback opens a form, whose words are kept and can be erased', () =>
  withTalk(async (ctx) => {
    const form = await handle(ctx, interaction('feedback'))
    assert(form.kind === 'form' && form.id.startsWith('feedback:'))
    const sent = (text: string) =>
      handle(ctx, interaction('feedback', { text }, { kind: 'modal', parameters: ['1a2b'] }))
    assert.match(shown(await sent('The stop sold too early.')), /Thank you\. It is entry 8/)
    assert.match(shown(await sent('  ')), /The form was empty/)
    const [entry] = (await community(ctx)) as Entry<'feedback'>[]
    const texts = await ctx.journal.texts([entry!.body.text!.id])
    assert.equal((texts.get(entry!.body.text!.id) as { text: string }).text, 'The stop sold too early.')
  }))

test('/why and its button leave out what a model says with a figure that its data do not have', () =>
  withTalk(async (ctx) => {
    const prompt = {
      file: 'prompts/allocator.md',
      sha256: '3'.repeat(64),
      messages: [{ role: 'user', content: 'TLT 91' }],
    }
    const reason = 'It closed at 91. Its target is 777.'
    const made = decision({
      date: '2020-03-13',
      prompt,
      summary: 'Up 555 %.',
      actions: [{ symbol: 'TLT', side: 'buy', pct: 10, reason }],
    })
    const written = await ctx.journal.append([{ ...made, at: '2020-03-13T20:21:00.000Z', key: 'decision/2020-03-13' }])
    assert(written.kind === 'appended')
    const entry = written.entries[0]!
    const said = shown(await reply(ctx, interaction('why', { symbol: 'TLT' })))
    assert.match(said, /It closed at 91\./)
    assert.doesNotMatch(said, /777/)
    const parameters = [String(entry.seq), entry.hash.slice(0, 32)]
    const button = shown(
      await handle(ctx, interaction('why', {}, { kind: 'button', parameters, messageId: ourMessage })),
    )
    assert.match(button, /Its words are left out/)
    assert.doesNotMatch(button, /777|555/)
  }))

test('the buttons record an opinion once, a change of mind as one more, and answer why from the entry', () =>
  withTalk(async (ctx) => {
    const hash = (await hashOf(ctx, seqs.decision)).slice(0, 32)
    const press = (name: string, userId = ann) =>
      handle(
        ctx,
        interaction(
          name,
          {},
          { kind: 'button', userId, parameters: [String(seqs.decision), hash], messageId: ourMessage },
        ),
      )
    assert.match(shown(await press('agree')), /You agree with the decision of 2020-03-12, entry 4/)
    await press('agree')
    await press('disagree')
    await press('agree', bob)
    const answer = await press('why')
    assert.match(shown(answer), /Its 20-day correlation with SPY is -0\.42/)
    assert.equal((answer as Reply).ephemeral, true)
    await press('why')
    await press('disagree')
    const kept = ((await community(ctx)) as Entry<'opinion'>[]).filter(({ kind }) => kind === 'opinion')
    assert.deepEqual(
      kept.map(({ body }) => [body.opinion, body.decision, body.post]),
      [
        ['agree', seqs.decision, seqs.post],
        ['disagree', seqs.decision, seqs.post],
        ['agree', seqs.decision, seqs.post],
        ['why', seqs.decision, seqs.post],
      ],
    )
    for (const parameters of [[], ['4'], ['4', 'f'.repeat(32)], ['2', hash], ['99', hash], ['4; drop', hash]]) {
      const forged = await handle(ctx, interaction('agree', {}, { kind: 'button', parameters }))
      assert.match(shown(forged), /belongs to a decision that this journal does not have/)
    }
    assert.match(shown(await handle(ctx, interaction('buy', {}, { kind: 'button' }))), /none of mine/)
  }))

test("the owner's commands are the owner's: a trade with its reason, pause and resume, status", () =>
  withTalk(async (ctx) => {
    const mine = { userId: owner }
    const trade = { symbol: 'MC.PA', side: 'buy', amount: 500, reason: 'It fell with everything else.' }
    for (const [name, options] of [
      ['trade', trade],
      ['pause', {}],
      ['resume', {}],
      ['status', {}],
    ] as const) {
      assert.equal(shown(await reply(ctx, interaction(name, options))), 'This is for the owner alone.')
    }
    assert.deepEqual(await community(ctx), [])
    assert.match(shown(await reply(ctx, interaction('trade', trade, mine))), /Bought LVMH for EUR 500\.00: entry 8\./)
    assert.match(shown(await reply(ctx, interaction('trade', { ...trade, reason: ' ' }, mine))), /without a reason/)
    assert.match(shown(await reply(ctx, interaction('trade', { ...trade, amount: -5 }, mine))), /amount is -5/)
    assert.match(
      shown(await reply(ctx, interaction('pause', { book: 'allocator' }, mine))),
      /The book allocator is paused, entry/,
    )
    assert.match(shown(await reply(ctx, interaction('pause', {}, mine))), /is paused already/)
    const status = await reply(ctx, interaction('status', {}, mine))
    assert.match(
      shown(status),
      /\*\*allocator\*\*: day 1, .*last decision 2020-03-12 \(decision, entry 4\), equity EUR 10,213\.02, the model decides, \*\*paused\*\*/,
    )
    assert.equal(status.ephemeral, true)
    assert.match(shown(await reply(ctx, interaction('resume', {}, mine))), /The book allocator is running/)
    assert.match(
      shown(await reply(ctx, interaction('pause', { book: 'nonsense' }, mine))),
      /There is no book called nonsense; there is allocator/,
    )
    assert.match(shown(await reply(ctx, interaction('help', {}, mine))), /\*\*\/trade\*\*/)
    assert.doesNotMatch(shown(await reply(ctx, interaction('help'))), /\*\*\/trade\*\*/)
  }))

test('without an owner nobody may switch anything, and a command or option that does not exist is answered plainly', () =>
  withTalk(
    async (ctx) => {
      assert.match(shown(await reply(ctx, interaction('pause', {}, { userId: '' }))), /set DISCORD_OWNER_ID/)
      assert.match(
        shown(await reply(ctx, interaction('portfolios'))),
        /There is no command \/portfolios; did you mean \/portfolio\?/,
      )
      assert.match(shown(await reply(ctx, interaction('@here'))), /There is no command \/＠here/)
      assert.match(shown(await reply(ctx, interaction('privacy'))), /Write \/privacy export/)
      assert.match(
        shown(await reply(ctx, interaction('portfolio', { book: 'catalyst' }))),
        /no open portfolio called catalyst; there is allocator/,
      )
    },
    { DISCORD_OWNER_ID: '' },
  ))

test('before the first session every command says that there is nothing yet', () =>
  withFolder(async (folder) => {
    const ctx = await talkContext(folder)
    for (const name of ['portfolio', 'decision', 'performance', 'trades', 'weekly']) {
      assert.match(shown(await reply(ctx, interaction(name))), /No portfolio is open yet/)
    }
    assert.match(shown(await reply(ctx, interaction('verify'))), /The journal is empty/)
    await ctx.journal.close()
  }))

test('what is registered fits what Discord takes, and each command is answered by its name', () => {
  const names = commands.map(({ name }) => name)
  const asked =
    'portfolio decision why performance trades weekly verify predict feedback ask privacy help trade pause resume status'
  assert.deepEqual(names, asked.split(' '))
  for (const command of commands) {
    const options = [...(command.options ?? []), ...(command.subcommands ?? []).flatMap((one) => one.options ?? [])]
    assert.match(command.name, /^[a-z]{1,32}$/)
    for (const { name, description } of [command, ...options, ...(command.subcommands ?? [])]) {
      assert.match(name, /^[a-z]{1,32}$/)
      assert(description.length > 0 && description.length <= 100, `${name}: ${description}`)
    }
    for (const { choices = [] } of options) for (const choice of choices) assert(choice.name.length <= 100)
    // Discord wants what is required first.
    const required = (command.options ?? []).map((option) => option.required)
    assert.deepEqual(
      required,
      required.toSorted((a, b) => Number(b) - Number(a)),
    )
  }
  assert.deepEqual(
    commands.filter(({ ownerOnly }) => ownerOnly === true).map(({ name }) => name),
    ['trade', 'pause', 'resume', 'status'],
  )
  assert.equal(isPrivate(interaction('privacy forget')), true)
  assert.equal(isPrivate(interaction('portfolio')), false)
})

test('commands are answered within a second on a journal of a year', () =>
  withTalk(async (ctx) => {
    const close = (await ctx.journal.last('allocator', 'close'))!
    const decision = (await ctx.journal.last('allocator', 'decision'))!
    const entries: NewEntry[] = []
    for (let day = 1; day <= 260; day++) {
      const date = new Date(Date.UTC(2020, 2, 12 + day)).toISOString().slice(0, 10)
      const at = `${date}T20:10:00.000Z`
      const events = { splits: [], dividends: [], fills: [], lapsed: [], waiting: [] }
      entries.push(
        { at, kind: 'session', book: 'allocator', body: { date, events, benchmarks: {} } },
        { at, kind: 'close', book: 'allocator', body: { ...close.body, date } },
        { at, kind: 'decision', book: 'allocator', body: { ...decision.body, date, orders: [] } },
      )
    }
    await ctx.journal.append(entries)
    await handle(ctx, interaction('portfolio'))
    for (const name of ['portfolio', 'decision', 'trades', 'help'] as const) {
      const started = performance.now()
      await handle(ctx, interaction(name))
      assert(performance.now() - started < 1000, `${name} took ${performance.now() - started} ms`)
    }
  }))
