import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelEnvironment, scriptedDecision } from './deciding-server.ts'
import { type DiscordServer, startDiscordServer } from './discord-server.ts'
import { type ModelServer, replies, startModelServer } from './model-server.ts'
import { type Ran, startPrimer } from './primer.ts'
import { sharedPath } from './shared.ts'
import { startXServer, type XServer } from './x-server.ts'

/** Days that are played back, and the prices of which market. */
export type Days = { readonly from: string; readonly to: string; readonly market: Readonly<Record<string, string>> }

/** Everything outside of the program, on this machine: Discord, X and a model, each behind the URL of its setting. */
export type World = {
  readonly home: string
  readonly discord: DiscordServer
  readonly x: XServer
  readonly model: ModelServer
  readonly days: Days
  readonly env: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

/**
 * @param more settings beside those that point the program here. `X_POLL_MINUTES` is long, so that two weeks of looks at X are
 *   not most of what a short run does.
 */
export async function openWorld(days: Days, more: Readonly<Record<string, string>> = {}): Promise<World> {
  const [discord, x, model] = await Promise.all([startDiscordServer(), startXServer(), talkingModel()])
  const home = mkdtempSync(join(tmpdir(), 'primer-world-'))
  return {
    home,
    discord,
    x,
    model,
    days,
    env: {
      ...days.market,
      WEB_PORT: '0',
      X_POLL_MINUTES: '360',
      X_DAILY_READ_USD: '1000',
      ...modelEnvironment(model.url),
      ...discordSettings(discord),
      ...xSettings(x),
      ...more,
    },
    close: async () => {
      await Promise.allSettled([discord.close(), x.close(), model.close()])
      killRedis(home)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Ends the private Redis of a home at once, as a crash would. @returns false where none runs */
export function killRedis(home: string): boolean {
  try {
    const pid = Number(readFileSync(join(home, 'redis', 'redis.pid'), 'utf8'))
    // The file may be half written, and 0 would be everybody; or left behind, and its number somebody else's.
    if (!(pid > 1) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(home)) return false
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

export function discordSettings(discord: DiscordServer): Readonly<Record<string, string>> {
  const { token, applicationId, channelId, ownerId } = discord.settings()
  return {
    DISCORD_API_URL: discord.url,
    DISCORD_TOKEN: token,
    DISCORD_APPLICATION_ID: applicationId,
    DISCORD_CHANNEL_ID: channelId,
    DISCORD_OWNER_ID: ownerId,
  }
}

export function xSettings({ url, keys }: XServer): Readonly<Record<string, string>> {
  return {
    X_API_URL: url,
    X_APP_KEY: keys.appKey,
    X_APP_SECRET: keys.appSecret,
    X_ACCESS_TOKEN: keys.accessToken,
    X_ACCESS_SECRET: keys.accessSecret,
  }
}

/** Decides as `decidingServer` does, and answers what people ask with a sentence without a figure. */
function talkingModel(): Promise<ModelServer> {
  const answer = JSON.stringify({ answer: 'The journal says what was bought and why.', sources: [] })
  return startModelServer({
    script: (request) => scriptedDecision(request) ?? replies.completion({ content: answer }),
  })
}

export type Running = {
  readonly pid: number
  /** Whether all dates were played; it stays afterwards and listens. */
  readonly isPlayed: () => boolean
  /** What it has said so far. */
  readonly said: () => string
  readonly kill: () => void
  /** As a supervisor does: SIGTERM, and at most ten seconds. */
  readonly stop: () => Promise<Ran>
  readonly ended: Promise<Ran>
}

/**
 * `primer start --from D --to D --stay` on the world, in a process of its own.
 *
 * @param under words before the program
 */
export function startService(
  { home, env, days }: World,
  more: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Running {
  const args = ['start', '--from', days.from, '--to', days.to, '--stay']
  const { child, ended } = startPrimer(args, { home, env: { ...env, ...more }, under })
  let said = ''
  let isPlayed = false
  child.stderr!.on('data', (text: string) => {
    said += text
    isPlayed ||= /"msg":"played \d/.test(said.slice(-text.length - 200))
  })
  return {
    pid: child.pid!,
    ended,
    isPlayed: () => isPlayed,
    said: () => said,
    kill: () => child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Waits until something is so; the description ends the sentence of the failure. */
export async function waitUntil(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
  ms: number,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain until ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

/**
 * Two weeks to play back. `simulated`: prices of a generator. `recorded`: March 2020 with real prices of funds and coins, the
 * crash, alerts every day, and New York's clocks set forward on the weekend between.
 */
export function daysOf(name: string): Days {
  if (name === 'simulated') return { from: '2025-10-27', to: '2025-11-07', market: { MARKET: 'simulated:1' } }
  const folder = (of: string) => `csv:${sharedPath(`bars/${of}`)}`
  return {
    from: '2020-03-02',
    to: '2020-03-13',
    market: { MARKET: folder('allocator_2018_2020'), COIN_MARKET: folder('crypto_2017_2022') },
  }
}
