import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Incoming, IncomingMessage } from '../../../src/journal/incoming.ts'
import { Incoming as IncomingSchema } from '../../../src/journal/incoming.ts'
import { type Bot, connected, openBot, posted, until } from '../../support/discord-bot.ts'
import { type DiscordServer, type Message, startDiscordServer } from '../../support/discord-server.ts'

const someone = '900000000000000002'

describe('what people say to the bot', () => {
  let server: DiscordServer
  let bot: Bot
  let post: Message
  before(async () => {
    server = await startDiscordServer()
    bot = await connected(openBot(server))
    post = await posted(server, bot)
  })
  after(async () => {
    await bot.close()
    await server.close()
  })
  const heard = async (act: () => void, count = 1): Promise<readonly Incoming[]> => {
    const from = bot.events.length
    act()
    await until(`${count} events are heard`, () => bot.events.length >= from + count)
    // A marker that must be heard shows that nothing else came with them.
    const marker = server.userSays('<@marker>', { replyTo: post.id })
    await until('the marker is heard', () => bot.messages().includes(marker.id))
    const found = bot.events.slice(from).filter((event) => event.externalId !== marker.id)
    for (const event of found) IncomingSchema.parse(event)
    return found
  }
  const unheard = async (act: () => void): Promise<void> => {
    assert.deepEqual(await heard(act, 0), [])
  }
  const only = async (act: () => void): Promise<IncomingMessage> => {
    const [event, ...more] = await heard(act)
    assert.deepEqual(more, [])
    assert.equal(event?.kind, 'message')
    return event as IncomingMessage
  }

  test('a reply to a post is heard with who, when, what and which post', async () => {
    const event = await only(() =>
      server.userSays('I would sell *all* of it. 🙃', { replyTo: post.id, attachments: 2 }),
    )
    const message = server.message(event.externalId)!
    assert.deepEqual(event, {
      kind: 'message',
      channel: 'discord',
      externalId: message.id,
      placeId: server.state.channelId,
      userId: someone,
      userName: 'user0002',
      saidAt: message.timestamp.replace('000+00:00', 'Z'),
      text: 'I would sell *all* of it. 🙃',
      via: 'reply',
      repliesTo: post.id,
      threadOf: null,
      attachments: 2,
      editedAt: null,
    })
  })
  test('what is said in the thread of a post belongs to that post', async () => {
    const event = await only(() => server.userSays('Why not gold?', { place: post.id }))
    assert.deepEqual([event.via, event.threadOf, event.placeId, event.repliesTo], ['thread', post.id, post.id, null])
  })
  test('an answer to another person in the thread still belongs to the post', async () => {
    const first = await only(() => server.userSays('Gold is dear.', { place: post.id }))
    const event = await only(() => server.userSays('No.', { place: post.id, replyTo: first.externalId, userId: '5' }))
    assert.deepEqual([event.via, event.threadOf, event.repliesTo], ['thread', post.id, first.externalId])
  })
  test('a mention, a direct message and a link to a post are heard as such', async () => {
    const mention = await only(() => server.userSays(`<@${server.state.bot.id}> hello`))
    assert.deepEqual([mention.via, mention.repliesTo], ['mention', null])
    const direct = await only(() => server.userSays('Between us', { direct: true }))
    assert.deepEqual([direct.via, direct.text], ['direct', 'Between us'])
    const link = `https://discord.com/channels/${server.state.guildId}/${server.state.channelId}/${post.id}`
    const quote = await only(() => server.userSays(`Look at ${link}`))
    assert.deepEqual([quote.via, quote.repliesTo], ['quote', post.id])
    const forward = await only(() => server.userSays('', { forwards: post.id }))
    assert.deepEqual([forward.via, forward.repliesTo, forward.text], ['quote', post.id, ''])
  })
  test('a reply to a message that is gone is heard, since it may have been ours', async () => {
    const event = await only(() => server.userSays('Too late.', { replyTo: '1234567890123456' }))
    assert.deepEqual([event.via, event.repliesTo], ['reply', '1234567890123456'])
  })
  test('who names us in a reply to a message that is gone speaks to us, whoever wrote that one', async () => {
    const said = `<@${server.state.bot.id}> what was that?`
    const event = await only(() => server.userSays(said, { replyTo: '1234567890123456' }))
    assert.equal(event.via, 'mention')
  })
  test('talk among people, in other threads, of bots and of webhooks is not heard', async () => {
    const first = server.userSays('Lunch?')
    await unheard(() => server.userSays('Yes.', { replyTo: first.id }))
    const thread = server.userOpensThread('Lunch', first.id)
    await unheard(() => server.userSays('Where?', { place: thread }))
    await unheard(() => server.userSays('Beep', { replyTo: post.id, bot: true, userId: '77' }))
    await unheard(() => server.userSays('Boop', { replyTo: post.id, webhook: true }))
  })
  test('an edit is heard with the new text, and a preview that Discord adds is none', async () => {
    const message = server.userSays('Buy', { replyTo: post.id })
    const [event] = (await heard(() => server.edit(message.id, 'Sell'), 2)).filter(({ kind }) => kind === 'edit')
    assert.equal(event?.kind, 'edit')
    if (event?.kind === 'edit') assert.deepEqual([event.externalId, event.text], [message.id, 'Sell'])
    const plain = server.userSays('https://example.org', { replyTo: post.id })
    await heard(() => server.gateway.dispatchMessage('MESSAGE_UPDATE', plain), 1)
    assert.equal(
      bot.events.some((one) => one.kind === 'edit' && one.externalId === plain.id),
      false,
    )
  })
  test('deletions are heard one by one and in bulk', async () => {
    const ids = ['a', 'b', 'c'].map((text) => server.userSays(text, { replyTo: post.id }).id)
    await heard(() => server.delete(ids[0]!), 4)
    await heard(() => server.delete(ids[1]!, ids[2]!), 2)
    const gone = bot.events.flatMap((event) => (event.kind === 'deletion' ? [event.externalId] : []))
    assert.deepEqual(gone, ids)
  })
  test('reactions to a post are heard as they come and go, those to others are not', async () => {
    const added = await heard(() => {
      server.react(post.id, '👍')
      server.react(post.id, 'rocket:123456')
      server.unreact(post.id, '👍')
    }, 3)
    assert.deepEqual(
      added.map((event) => event.kind === 'reaction' && [event.emoji, event.change, event.userId, event.externalId]),
      [
        ['👍', 'added', someone, post.id],
        ['rocket:123456', 'added', someone, post.id],
        ['👍', 'removed', someone, post.id],
      ],
    )
    const other = server.userSays('Mine')
    await unheard(() => server.react(other.id, '👍'))
    const cleared = await heard(() => server.clearReactions(post.id))
    assert.deepEqual(
      cleared.map((event) => event.kind === 'tally' && [event.present, event.complete]),
      [[[], true]],
    )
  })
  test('when the thread of a post is deleted, what is held from it is told as deleted', async () => {
    const other = await posted(server, bot)
    const said = server.userSays('In the thread', { place: other.id })
    await until('it is heard', () => bot.messages().includes(said.id))
    bot.held.push({ externalId: said.id, placeId: other.id })
    const events = await heard(() => server.deleteThread(other.id))
    assert.deepEqual(
      events.map((event) => [event.kind, event.externalId]),
      [['deletion', said.id]],
    )
  })
  test('half characters and NULs in a text are taken out, so that any database can hold it', async () => {
    const event = await only(() => server.userSays('a\u0000b\ud800c', { replyTo: post.id }))
    assert.equal(event.text, 'ab\ufffdc')
  })
})
