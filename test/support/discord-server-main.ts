import { createInterface } from 'node:readline'
import { startDiscordServer } from './discord-server.ts'

/**
 * Discord on this machine, for trying the bot without an account and for tests that kill processes:
 *
 *   node test/support/discord-server-main.ts [--port N] [--token T] [--while-stdin]
 *
 * First come the settings, as lines for `.env`, or as one line of JSON where no person types. Then each line typed is said in the channel; `/name key=value` is a slash
 * command, `press ID agree` a button, `react ID EMOJI` a reaction. What the bot posts and answers is printed.
 */
const argument = (name: string) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}
const server = await startDiscordServer({
  port: Number(argument('port') ?? 0),
  ...(argument('token') === undefined ? {} : { token: argument('token')! }),
})
const { token, applicationId, channelId, ownerId } = server.settings()
const settings = {
  DISCORD_API_URL: server.url,
  DISCORD_TOKEN: token,
  DISCORD_APPLICATION_ID: applicationId,
  DISCORD_CHANNEL_ID: channelId,
  DISCORD_OWNER_ID: ownerId,
}
const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
process.stdout.write(`${process.stdin.isTTY ? lines.join('\n') : JSON.stringify(settings)}\n`)

const shown = new Set<string>()
if (process.stdin.isTTY) {
  setInterval(() => {
    for (const place of server.state.messages.keys()) {
      for (const message of server.posts(place))
        print(`post ${message.id}`, { content: message.content, embeds: message.embeds })
    }
    for (const sent of server.state.interactions.values()) {
      if (sent.shown !== null) print(`answer ${sent.id}`, sent.shown)
      if (sent.data !== null) print(`answer ${sent.id}`, sent.data)
    }
  }, 200)
  createInterface({ input: process.stdin }).on('line', typed)
}

function print(what: string, body: unknown): void {
  const text = `${what} ${JSON.stringify(body, null, 2)}\n`
  if (shown.has(text)) return
  shown.add(text)
  process.stdout.write(text)
}

function typed(line: string): void {
  try {
    const [first = '', second = '', third = ''] = line.trim().split(/\s+/)
    if (first === 'press') server.click(second, third)
    else if (first === 'react') server.react(second, third)
    else if (first.startsWith('/')) server.slash(...command(line))
    else if (line.trim() !== '') server.userSays(line.trim())
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`)
  }
}

/** '/why symbol=SPY' -> ['why', { symbol: 'SPY' }]; words without `=` before the options belong to the name. */
function command(line: string): [string, Record<string, string | number | boolean>] {
  const words = line.trim().slice(1).split(/\s+/)
  const name = words.filter((word) => !word.includes('=')).slice(0, 2)
  const options = words.flatMap((word) => {
    const at = word.indexOf('=')
    const value = word.slice(at + 1)
    return at < 0
      ? []
      : [[word.slice(0, at), value !== '' && Number.isFinite(Number(value)) ? Number(value) : value] as const]
  })
  return [name.join(' '), Object.fromEntries(options)]
}

// A test that is killed takes its server along.
if (process.argv.includes('--while-stdin')) process.stdin.resume().once('end', () => process.exit(0))
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
