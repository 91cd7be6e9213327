import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DiscordOptions } from '../../../src/adapters/discord/discord.ts'
import type { Answer, Command } from '../../../src/journal/incoming.ts'
import { type Bot, connected, openBot, posted, until } from '../../support/discord-bot.ts'
import { type DiscordServer, type SentInteraction, startDiscordServer } from '../../support/discord-server.ts'

const commands: readonly Command[] = [
  {
    name: 'why',
    description: 'Why an asset is held',
    options: [{ name: 'symbol', description: 'Which', type: 'text', required: true, suggests: true, lengthMax: 24 }],
  },
  {
    name: 'predict',
    description: 'Say what will happen',
    options: [
      { name: 'probability', description: 'Percent', type: 'integer', required: true, min: 1, max: 99 },
      {
        name: 'direction',
        description: 'Up or down',
        type: 'text',
        required: true,
        choices: [{ name: 'up', value: 'up' }],
      },
    ],
  },
  {
    name: 'privacy',
    description: 'Your data',
    subcommands: [
      { name: 'export', description: 'See it' },
      { name: 'forget', description: 'Erase it' },
    ],
  },
  { name: 'pause', description: 'Halt a book', ownerOnly: true },
]
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const reply = (content: string, ephemeral = true): Answer => ({ kind: 'reply', content, ephemeral })

describe('answers', () => {
  let server: DiscordServer
  let bot: Bot
  let respond: DiscordOptions['onInteraction'] = async () => reply('Done.')
  before(async () => {
    server = await startDiscordServer()
    bot = await connected(
      openBot(server, {
        commands,
        isPrivate: (interaction) => interaction.options.thinking !== 'public',
        onInteraction: (interaction) => {
          bot.interactions.push(interaction)
          return respond(interaction)
        },
      }),
    )
  })
  after(async () => {
    await bot.close()
    await server.close()
    assert.deepEqual(server.state.faults, [])
  })
  const shown = async (sent: SentInteraction, ms = 10_000) => {
    await until('an answer is shown', () => sent.shown !== null || sent.followups.length > 0, ms)
    return String((sent.followups[0] ?? sent.shown)?.content)
  }

  test('commands, options, subcommands, buttons and forms arrive as plain data', async () => {
    respond = async () => reply('Done.')
    const post = await posted(server, bot)
    const all = [
      server.slash('why', { symbol: 'MC.PA', days: 3, share: 0.5, long: true }),
      server.slash('privacy export', {}, { direct: true }),
      server.click(post.id, 'agree', { userId: '31' }),
      server.submitModal('feedback:42', { text: 'More gold, "please" ☕' }),
    ]
    await until('all are answered', () => all.every((sent) => sent.answeredWith === 4 && sent.ephemeral))
    const seen = bot.interactions
      .slice(-4)
      .map(({ kind, name, subcommand, parameters, options, userId, messageId, isDirect }) => ({
        kind,
        name,
        subcommand,
        parameters,
        options,
        userId,
        messageId,
        isDirect,
      }))
    const someone = '900000000000000002'
    assert.deepEqual(seen, [
      {
        kind: 'command',
        name: 'why',
        subcommand: null,
        parameters: [],
        options: { symbol: 'MC.PA', days: 3, share: 0.5, long: true },
        userId: someone,
        messageId: null,
        isDirect: false,
      },
      {
        kind: 'command',
        name: 'privacy',
        subcommand: 'export',
        parameters: [],
        options: {},
        userId: someone,
        messageId: null,
        isDirect: true,
      },
      {
        kind: 'button',
        name: 'agree',
        subcommand: null,
        parameters: ['7', 'ab'.repeat(16)],
        options: {},
        userId: '31',
        messageId: post.id,
        isDirect: false,
      },
      {
        kind: 'modal',
        name: 'feedback',
        subcommand: null,
        parameters: ['42'],
        options: { text: 'More gold, "please" ☕' },
        userId: someone,
        messageId: null,
        isDirect: false,
      },
    ])
  })

  test('what takes long is announced within three seconds and filled in later, seen by whom it should be', async () => {
    respond = async (interaction) => {
      await later(1400)
      return reply('slow', interaction.options.answer === 'private')
    }
    const cases = ['private', 'public'].flatMap((thinking) =>
      ['private', 'public'].map((answer) => ({ thinking, answer })),
    )
    await Promise.all(
      cases.map(async ({ thinking, answer }) => {
        const sent = server.slash('why', { thinking, answer })
        assert.equal(await shown(sent), 'slow')
        assert.equal(sent.answeredWith, 5)
        assert.ok(sent.answeredAfterMs! < 3000)
        assert.equal(sent.ephemeral, thinking === 'private')
        // Everybody saw that it thinks: then the private answer is a message of its own, for one person.
        if (thinking === 'public' && answer === 'private') assert.equal(Number(sent.followups[0]?.flags), 64)
      }),
    )
  })

  test('a form opens, suggestions are given, and neither is waited for too long', async () => {
    respond = async () => ({
      kind: 'form',
      id: 'feedback:9',
      title: 'F'.repeat(60),
      fields: [{ id: 'text', label: 'What should change? '.repeat(5), long: true, required: true, lengthMax: 9000 }],
    })
    const form = server.slash('feedback')
    await until('the form is open', () => form.answeredWith === 9)
    respond = async () => ({
      kind: 'choices',
      choices: Array.from({ length: 40 }, (_, index) => ({ name: `${'n'.repeat(110)}${index}`, value: `v${index}` })),
    })
    const typed = server.complete('why', { symbol: 'M' }, 'symbol')
    await until('there are suggestions', () => typed.answeredWith === 8)
    assert.equal((typed.data!.choices as unknown[]).length, 25)
    assert.equal(bot.interactions.at(-1)?.focused, 'symbol')
    respond = async () => {
      await later(2600)
      return { kind: 'choices', choices: [] }
    }
    const slow = server.complete('why', { symbol: 'M' }, 'symbol')
    await until('none are given in time', () => slow.answeredWith === 8)
    assert.ok(slow.answeredAfterMs! < 3000)
  })

  test('an error inside becomes a short apology that tells nothing of it', async () => {
    respond = async () => {
      throw new Error('postgres://primer:hunter2@db/primer refused')
    }
    const text = await shown(server.slash('why', { symbol: 'SPY' }))
    assert.match(text, /^Sorry, that did not work/)
    assert.doesNotMatch(text, /postgres|hunter2/)
  })

  test('answers beyond every limit are cut, not refused', async () => {
    respond = async () => ({
      kind: 'reply',
      content: `${'x'.repeat(1999)}🙂@everyone`,
      embeds: Array.from({ length: 12 }, () => ({
        title: 't'.repeat(300),
        description: 'd'.repeat(5000),
        fields: Array.from({ length: 30 }, () => ({ name: '', value: 'v'.repeat(2000), inline: false })),
        footer: { text: 'f'.repeat(3000) },
        image: { url: 'attachment://not-there.png' },
      })),
      files: [{ name: 'chart.png', bytes: new Uint8Array(10), alt: 'a'.repeat(2000) }],
      ephemeral: false,
    })
    const text = await shown(server.slash('why', { symbol: 'SPY' }))
    assert.equal(text.length, 2000)
    respond = async () => ({ kind: 'reply', ephemeral: true })
    assert.equal(await shown(server.slash('why', { symbol: 'SPY' })), 'There is nothing to show.')
  })

  test('hostile and unknown interactions are answered or passed over, and the next one works', async () => {
    respond = async (interaction) => reply(`got ${interaction.kind} ${interaction.name}`)
    const odd = [
      server.interact(2, { id: '1', name: 'Report', type: 3, target_id: '5' }, {}),
      server.interact(3, { custom_id: 'menu', component_type: 3, values: ['a'] }, {}),
      server.interact(3, { custom_id: 'x'.repeat(5000), component_type: 2 }, {}),
      server.interact(5, { custom_id: 'feedback', components: 'nonsense' }, {}),
      server.interact(2, null, {}),
    ]
    server.interact(77, { anything: true }, {})
    server.gateway.dispatch('INTERACTION_CREATE', { id: 'not a number', token: 5 })
    server.gateway.dispatch('INTERACTION_CREATE', null)
    for (const sent of odd) assert.equal(await shown(sent), 'This is nothing I know.')
    const big = server.slash('why', { symbol: '@everyone '.repeat(110_000) })
    assert.equal(await shown(big), 'got command why')
    assert.equal(String(bot.interactions.at(-1)?.options.symbol).length, 10_000)
  })

  test('hostile packets of every kind are passed over, and the connection stays', async () => {
    const post = await posted(server, bot)
    const connections = server.gateway.log.length
    const kinds = [
      'MESSAGE_CREATE',
      'MESSAGE_UPDATE',
      'MESSAGE_DELETE',
      'MESSAGE_DELETE_BULK',
      'MESSAGE_REACTION_ADD',
      'MESSAGE_REACTION_REMOVE',
      'MESSAGE_REACTION_REMOVE_ALL',
      'MESSAGE_REACTION_REMOVE_EMOJI',
      'THREAD_CREATE',
      'THREAD_DELETE',
      'THREAD_LIST_SYNC',
      'GUILD_CREATE',
      'GUILD_MEMBER_ADD',
      'CHANNEL_CREATE',
      'NO_SUCH_EVENT',
      '__proto__',
      'constructor',
      'toString',
    ]
    for (const kind of kinds) {
      for (const data of [
        null,
        [],
        'text',
        7,
        {},
        { id: null },
        { id: '5', channel_id: {}, author: [], emoji: null },
        { ids: ['x'] },
      ])
        server.gateway.dispatch(kind, data)
    }
    for (const text of [
      'not json',
      '{"op":0}',
      '{"op":0,"t":"READY","s":1,"d":null}',
      '{"op":99,"d":{}}',
      '[]',
      '"x"',
      '{"op":10,"d":null}',
    ])
      server.gateway.send(text)
    const said = server.userSays('still here?', { replyTo: post.id })
    await until('it is heard', () => bot.messages().includes(said.id))
    assert.equal(server.gateway.log.length, connections)
  })

  test('a press told twice is answered once', async () => {
    respond = async () => reply('Done.')
    const before = bot.interactions.length
    const sent = server.slash('why', { symbol: 'SPY' })
    await shown(sent)
    server.gateway.dispatch('INTERACTION_CREATE', {
      id: sent.id,
      token: sent.token,
      type: 2,
      data: { id: '1', name: 'why', type: 1 },
      user: { id: '5', username: 'u' },
    })
    await shown(server.slash('why', { symbol: 'QQQ' }))
    assert.equal(bot.interactions.length, before + 2)
  })

  test('commands are registered once, and again only when they change', async () => {
    assert.equal(server.state.commandPuts, 1)
    assert.deepEqual(
      server.state.commands.map(({ name }) => name),
      ['why', 'predict', 'privacy', 'pause'],
    )
    const same = await connected(openBot(server, { commands }))
    await same.close()
    assert.equal(server.state.commandPuts, 1)
    const other = await connected(openBot(server, { commands: commands.slice(1) }))
    await other.close()
    assert.equal(server.state.commandPuts, 2)
  })
})
