// 5,000 replies and 5,000 reactions of 1,000 people in one burst from Discord's gateway, into the whole service: how long until
// every one is in the journal, how soon a command among them is answered, and how much memory that takes. Beside it, in the
// same run, the bare client of discord.js, which keeps nothing.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Client, Events, GatewayIntentBits, Partials } from 'discord.js'
import { startDiscordProcess } from '../test/support/discord-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const count = 5000
const people = 1000
const home = mkdtempSync(join(tmpdir(), 'primer-bench-'))
const children: ChildProcess[] = []

function start(args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'ignore',
  })
  children.push(child)
  return child
}

const server = await startDiscordProcess()
const { call } = server
const settings = server.environment

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 120_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

try {
  // The bare client.
  const client = new Client({
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.GuildMessageReactions,
      GatewayIntentBits.MessageContent,
    ],
    partials: [Partials.Message, Partials.Reaction, Partials.User, Partials.Channel],
    rest: { api: settings.DISCORD_API_URL! },
  })
  let heard = 0
  client.on(Events.MessageCreate, () => heard++)
  client.on(Events.MessageReactionAdd, () => heard++)
  const ready = once(client, Events.ClientReady)
  await client.login(settings.DISCORD_TOKEN!)
  await ready
  const anyMessage = await call<{ id: string }>('userSays', 'hello')
  let began = performance.now()
  await call('crowd', anyMessage.id, count, people, 'portfolio')
  await until('the bare client has heard all', () => heard >= 2 * count)
  const bareMs = performance.now() - began
  await client.destroy()

  // The service, with posts of three days to talk about.
  const service = start(['bin/primer.js', 'start', '--from', '2025-11-10', '--to', '2025-11-12', '--stay'], {
    ...settings,
    PRIMER_HOME: home,
    MARKET: 'simulated:7',
    WEB_PORT: '0',
    REDIS_URL: '',
    DATABASE_URL: '',
  })
  const posts = () => call<{ id: string; components: unknown[] }[]>('posts')
  await until(
    'three decisions are posted',
    async () => (await posts()).filter(({ components }) => components.length > 0).length === 3,
  )
  await until('it listens', async () => (await server.look()).commandPuts > 0)
  const rss = () =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
  const before = rss()
  const post = (await posts()).findLast(({ components }) => components.length > 0)!
  const database = new DatabaseSync(join(home, 'journal.db'), { readOnly: true })
  const counted = database.prepare("select count(*) as n from entries where kind in ('reply', 'reaction')")
  const kept = () => Number((counted.get() as { n: number }).n)
  began = performance.now()
  const command = await call<string>('crowd', post.id, count, people, 'portfolio')
  await until(`all is kept`, () => kept() >= 2 * count)
  const keptMs = performance.now() - began
  const answered = async () =>
    (await server.look()).interactions.find(({ id }) => id === command)?.answeredAfterMs ?? null
  const perSecond = (ms: number) => Math.round((2 * count) / (ms / 1000))
  process.stdout.write(
    [
      `| 10,000 events of Discord in one burst | ms | events/s |`,
      `|---|---|---|`,
      `| bare discord.js, heard and forgotten | ${bareMs.toFixed(0)} | ${perSecond(bareMs)} |`,
      `| the service, each one in the journal (${kept()}) | ${keptMs.toFixed(0)} | ${perSecond(keptMs)} |`,
      '',
      `A command sent at the end of the burst was answered after ${(await answered()) ?? 'more than 3,000'} ms (Discord waits 3,000).`,
      `Most memory of the service before the burst ${before.toFixed(0)} MB, after it ${rss().toFixed(0)} MB.`,
      '',
    ].join('\n'),
  )
  database.close()
} finally {
  for (const child of children) child.kill('SIGTERM')
  await server.close()
  await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'exit') : null)))
  rmSync(home, { recursive: true, force: true })
}
