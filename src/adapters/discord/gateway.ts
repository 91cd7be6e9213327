import { setTimeout as sleep } from 'node:timers/promises'
import { Client, GatewayIntentBits, Options } from 'discord.js'
import type { DiscordLog } from './log.ts'
import { failureOf, remedy, restOptions } from './rest.ts'
import { guardedStrategy } from './shard.ts'

/** How long things are waited for, in milliseconds. Tests are less patient. */
export type Patience = {
  /** Without a connection for so long, everything is set up afresh. */
  readonly unconnectedMs: number
  /** First and longest wait after a failure that may pass by itself. */
  readonly retryMs: number
  readonly retryMostMs: number
  /** Wait after one that a person must mend: a wrong token. */
  readonly rarelyMs: number
}
export const patience: Patience = { unconnectedMs: 300_000, retryMs: 5_000, retryMostMs: 300_000, rarelyMs: 900_000 }

export type Gateway = {
  /** Connected, and whether texts of messages come along; else why not. */
  readonly state: () => {
    readonly isConnected: boolean
    readonly withContent: boolean
    readonly because: string | null
  }
  readonly close: () => Promise<void>
}

type End = { readonly kind: 'intents' | 'mend' | 'lost' | 'closed'; readonly because: string }

const intents = {
  always: [
    GatewayIntentBits.Guilds,
    GatewayIntentBits.GuildMessages,
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessages,
    GatewayIntentBits.DirectMessageReactions,
  ],
  content: GatewayIntentBits.MessageContent,
} as const

/**
 * The connection over which Discord tells what happens. It is kept as long as the program runs: whatever ends it is told in
 * one line and tried again, often where it may pass by itself, rarely where a person must mend it. It never throws.
 *
 * @param options.onPacket each dispatch, in order; `READY` begins a connection that missed something, `RESUMED` one that did not
 */
export function openGateway(options: {
  readonly token: string
  readonly apiUrl: string | null
  readonly onPacket: (name: string, data: unknown) => void
  readonly log: DiscordLog
  readonly patience?: Partial<Patience>
}): Gateway {
  const { log } = options
  const wait = { ...patience, ...options.patience }
  const stop = new AbortController()
  let withContent = true
  let isConnected = false
  let because: string | null = 'not connected yet'
  const setState = (connected: boolean, why: string | null, level: 'info' | 'warn' = 'warn') => {
    if (connected !== isConnected || why !== because) {
      log[level](
        { withContent },
        connected ? `Discord: connected${withContent ? '' : ', without the texts of messages'}` : `Discord: ${why}`,
      )
    }
    isConnected = connected
    because = why
  }

  /** One client from its login to whatever it cannot recover from by itself. */
  function connection(): { readonly ended: Promise<End>; readonly close: () => Promise<void> } {
    let end!: (end: End) => void
    const ended = new Promise<End>((resolve) => {
      end = resolve
    })
    let isClosed = false
    let connectedAt = Date.now()
    const client = new Client({
      intents: [...intents.always, ...(withContent ? [intents.content] : [])],
      makeCache: Options.cacheWithLimits({ MessageManager: 0 }),
      rest: { ...restOptions(options.apiUrl), retries: 0, timeout: 15_000 },
      ws: {
        buildStrategy: (manager) =>
          guardedStrategy(manager, {
            onPacket: options.onPacket,
            onSign: (sign, { code, error }) => {
              if (sign === 'ready' || sign === 'resumed') setState(true, null, 'info')
              if (sign === 'closed') {
                if (code === 4014) end({ kind: 'intents', because: 'an intent is switched off' })
                else if (code !== undefined && lasting.has(code)) end({ kind: 'mend', because: lasting.get(code)! })
                else if (isConnected) setState(false, `the connection was lost (${code ?? 'no code'}); reconnecting`)
              }
              if (sign === 'error') log.debug({ said: failureOf(error).said }, 'Discord: the connection told an error')
            },
            onFault: (error) => end({ kind: 'lost', because: `the connection failed (${failureOf(error).said})` }),
            isClosed: () => isClosed,
          }),
      },
    })
    client.on('error', (error) => log.debug({ said: failureOf(error).said }, 'Discord: the client told an error'))
    client.login(options.token).catch((error: unknown) => end(endOf(error)))
    const watch = setInterval(() => {
      if (isConnected) connectedAt = Date.now()
      else if (Date.now() - connectedAt > wait.unconnectedMs)
        end({ kind: 'lost', because: 'no connection for a while' })
    }, wait.unconnectedMs / 10)
    watch.unref()
    return {
      ended,
      close: async () => {
        isClosed = true
        clearInterval(watch)
        // The server may never answer to our goodbye.
        await Promise.race([client.destroy().catch(() => {}), sleep(2000, undefined, { ref: false })])
      },
    }
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!stop.signal.aborted) {
      const current = connection()
      const stopped = new Promise<End>((resolve) => {
        const done = () => resolve({ kind: 'closed', because: 'closed' })
        if (stop.signal.aborted) done()
        else stop.signal.addEventListener('abort', done, { once: true })
      })
      const end = await Promise.race([current.ended, stopped])
      failures = isConnected ? 0 : failures + 1
      await current.close()
      if (end.kind === 'closed') break
      if (end.kind === 'intents' && withContent) {
        withContent = false
        log.warn({}, contentHint)
        setState(false, 'reconnecting without the texts of messages', 'info')
        continue
      }
      const pause =
        end.kind === 'lost'
          ? Math.min(wait.retryMs * 2 ** (failures - 1), wait.retryMostMs) * (0.75 + Math.random() / 2)
          : wait.rarelyMs
      setState(false, `${end.because}; tried again in ${Math.max(1, Math.round(pause / 1000))} s`)
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => {})
    }
    isConnected = false
    because = 'closed'
  }

  const running = run()
  return {
    state: () => ({ isConnected, withContent, because }),
    close: async () => {
      stop.abort()
      await running
    },
  }
}

export const contentHint =
  'Discord: the message-content intent is off, so texts of replies are kept only where they mention the bot; commands, forms, buttons and reactions work. To have it: Developer Portal, Bot, Message Content Intent, then restart'

/** Codes with which Discord ends a connection for good. */
const lasting: ReadonlyMap<number, string> = new Map([
  [4004, remedy({ kind: 'token', code: null, said: '', retryAfterMs: null })],
  [4010, 'Discord refuses the connection (4010, invalid shard)'],
  [4011, 'the bot is in too many servers for one connection (4011)'],
  [4012, 'Discord does not offer this version of its API any longer (4012): update Primer'],
  [4013, 'Discord does not know an intent (4013): update Primer'],
  [4014, 'Discord refuses the intents (4014)'],
])

function endOf(error: unknown): End {
  const failure = failureOf(error)
  const text = error instanceof Error ? error.message : ''
  if (/disallowed intents/i.test(text)) return { kind: 'intents', because: 'an intent is switched off' }
  if (failure.kind === 'token' || /Authentication failed/i.test(text))
    return { kind: 'mend', because: lasting.get(4004)! }
  if (failure.kind === 'forbidden' || failure.kind === 'unknown') return { kind: 'mend', because: remedy(failure) }
  // Only so many connections a day: Discord would take the token away.
  if (/Not enough sessions/i.test(text)) return { kind: 'mend', because: 'too many connections were opened today' }
  return { kind: 'lost', because: remedy(failure) }
}
