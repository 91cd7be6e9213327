import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { checkDiscord } from '../../src/commands/doctor/doctor-discord.ts'
import { readConfig } from '../../src/config.ts'
import { type DiscordServer, startDiscordServer } from '../support/discord-server.ts'

async function diagnosed(t: TestContext, spoil: (server: DiscordServer, environment: Record<string, string>) => void) {
  const server = await startDiscordServer()
  t.after(() => server.close())
  const { token, applicationId, channelId, ownerId } = server.settings()
  const environment = {
    DISCORD_TOKEN: token,
    DISCORD_APPLICATION_ID: applicationId,
    DISCORD_CHANNEL_ID: channelId,
    DISCORD_OWNER_ID: ownerId,
    DISCORD_API_URL: server.url,
  }
  spoil(server, environment)
  const findings = await checkDiscord(readConfig(environment))
  const changes = server.state.requests.filter(({ method }) => method !== 'GET')
  assert.deepEqual(changes, [], 'the doctor changes nothing')
  assert.equal(
    findings.some(({ detail }) => detail.includes(environment.DISCORD_TOKEN)),
    false,
  )
  return {
    server,
    findings,
    failing: findings.filter(({ state }) => state !== 'ok').map(({ state, detail }) => `${state}: ${detail}`),
  }
}

test('where everything is in order, each thing that was tried is told', async (t) => {
  const { findings, failing } = await diagnosed(t, () => {})
  assert.deepEqual(failing, [])
  const told = findings.map(({ detail }) => detail).join('\n')
  assert.match(told, /token accepted.*\n.*intent on.*\n#primer is reachable.*\n\d+ commands not registered yet/)
})

test('a wrong token says which button makes a new one', async (t) => {
  const { failing } = await diagnosed(t, (_, environment) => {
    environment.DISCORD_TOKEN = 'wrong-token'
  })
  assert.equal(failing.length, 1)
  assert.match(failing[0]!, /^failing: .*Bot, Reset Token/)
})

test('the id of another application is answered with the right one', async (t) => {
  const { server, failing } = await diagnosed(t, (_, environment) => {
    environment.DISCORD_APPLICATION_ID = '42'
  })
  assert.deepEqual(failing, [
    `failing: the token is of another application: set DISCORD_APPLICATION_ID=${server.state.applicationId}`,
  ])
})

test('an unknown channel asks whether the bot was invited, with the address that does it', async (t) => {
  const { failing } = await diagnosed(t, (_, environment) => {
    environment.DISCORD_CHANNEL_ID = '42'
  })
  assert.equal(failing.length, 1)
  // View 1024, send 2048, embed 16384, attach 32768, history 65536, react 64, threads 2^35, in threads 2^38, pin 2^51.
  const bits = 1024 + 2048 + 16384 + 32768 + 65536 + 64 + 2 ** 35 + 2 ** 38 + 2 ** 51
  assert.match(
    failing[0]!,
    new RegExp(`Copy Channel ID.*oauth2/authorize\\?client_id=\\d+&permissions=${bits}&scope=bot`),
  )
})

test('each missing permission is named as Discord names it', async (t) => {
  const { failing } = await diagnosed(t, (server) => {
    server.state.permissions.delete('AttachFiles')
    server.state.permissions.delete('PinMessages')
  })
  assert.equal(failing.length, 1)
  assert.match(failing[0]!, /lacks Attach Files, Pin Messages: right click/)
})

test('what the channel itself forbids the bot counts, whatever its role has', async (t) => {
  const { failing } = await diagnosed(t, (server) => {
    server.state.channels.get(server.state.channelId)!.permission_overwrites = [
      { id: server.state.guildId, type: 0, allow: '0', deny: String(1 << 11) },
      { id: server.state.bot.id, type: 1, allow: '0', deny: String(1 << 14) },
    ]
  })
  assert.match(failing.join(), /lacks Send Messages, Embed Links:/)
})

test('without the message-content intent it is in order, and says how to have the texts', async (t) => {
  const { findings, failing } = await diagnosed(t, (server) => {
    server.state.messageContent = false
  })
  assert.deepEqual(failing, [])
  assert.match(findings.map(({ detail }) => detail).join(), /Bot, Message Content Intent, Save Changes, restart/)
})

test('a server that is not there, or is not Discord, is told apart', async (t) => {
  const closed = await startDiscordServer()
  await closed.close()
  const gone = await diagnosed(t, (_, environment) => {
    environment.DISCORD_API_URL = closed.url
  })
  assert.match(gone.failing.join(), /cannot be reached.*DISCORD_API_URL/)
  const strange = await diagnosed(t, (server) => {
    server.fail({ path: /applications/, kind: 'status', status: 200, body: { hello: 'world' } })
  })
  assert.match(strange.failing.join(), /not Discord: check DISCORD_API_URL/)
})

test('without an owner it says which commands nobody may use', async (t) => {
  const { failing } = await diagnosed(t, (_, environment) => {
    delete environment.DISCORD_OWNER_ID
  })
  assert.match(failing.join(), /^missing: nobody may use \/trade.*Copy User ID/)
})
