import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SentInteraction } from './discord-server.ts'

export type Look = {
  readonly faults: readonly string[]
  readonly commandPuts: number
  readonly interactions: readonly SentInteraction[]
}

/** The server that stands for Discord as a process of its own, which takes no time from ours and outlives whatever it talks to. */
export async function startDiscordProcess() {
  const main = fileURLToPath(new URL('discord-server-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--while-stdin'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const environment = JSON.parse(line) as Readonly<Record<string, string>>
  const url = environment.DISCORD_API_URL!
  async function call<T>(name: string, ...given: readonly unknown[]): Promise<T> {
    const body = JSON.stringify({ call: name, with: given })
    const answer = await fetch(url.replace(/api$/, 'control'), { method: 'POST', body })
    const said = (await answer.json()) as { readonly result: T; readonly message?: string }
    if (!answer.ok) throw new Error(said.message)
    return said.result
  }
  return {
    /** The settings of the bot, as the environment names them. */
    environment,
    url,
    settings: () => ({
      token: environment.DISCORD_TOKEN!,
      applicationId: environment.DISCORD_APPLICATION_ID!,
      channelId: environment.DISCORD_CHANNEL_ID!,
    }),
    /** One of the calls of test/support/discord-server.ts. */
    call,
    look: () => call<Look>('look'),
    close: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
