import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

const program = '/usr/bin/chromium'

/** Reason to skip where there is no browser; in CI it must be there, so nothing is skipped and the test fails. */
export const browserAbsent: string | false =
  existsSync(program) || process.env.CI === 'true' ? false : `needs ${program} (apt-get install chromium)`

type Answer = { readonly result?: Record<string, unknown>; readonly error?: { readonly message: string } }
type Params = Readonly<Record<string, unknown>>

export type Browser = {
  /** Opens a page at a width in CSS pixels; it may ask for nothing but itself. */
  readonly open: (url: string, width: number) => Promise<Page>
  readonly close: () => Promise<void>
}

export type Page = {
  /** The value of an expression in the page, as JSON. */
  readonly evaluate: (expression: string) => Promise<unknown>
  /** Every address that the page asked for, its own included. */
  readonly requested: () => readonly string[]
  /** PNG of the whole page, or of its first `height` pixels. */
  readonly screenshot: (height?: number) => Promise<Buffer>
  /** PDF on A4, as the page's own style sheet has it. */
  readonly print: () => Promise<Buffer>
  readonly command: (method: string, params?: Params) => Promise<Record<string, unknown>>
}

/** Debian's Chromium without a window, driven over a pipe by its own protocol. */
export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'primer-browser-'))
  const child = spawn(
    program,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--no-first-run',
      '--disable-background-networking',
      `--user-data-dir=${profile}`,
      '--remote-debugging-pipe',
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const { send, listen } = talk(child)
  return {
    open: async (url, width) => {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const command = (method: string, params: Params = {}) => send(method, params, sessionId as string)
      const requested: string[] = []
      const loaded = new Promise<void>((resolve) => {
        listen(sessionId as string, (method, params) => {
          if (method === 'Network.requestWillBeSent') requested.push((params.request as { url: string }).url)
          if (method === 'Page.loadEventFired') resolve()
        })
      })
      await command('Network.enable')
      await command('Page.enable')
      const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 }
      await command('Emulation.setDeviceMetricsOverride', metrics)
      await command('Page.navigate', { url })
      await loaded
      const evaluate = async (expression: string) => {
        const { result, exceptionDetails } = await command('Runtime.evaluate', { expression, returnByValue: true })
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
        return (result as { value: unknown }).value
      }
      return {
        evaluate,
        requested: () => requested,
        screenshot: async (height) => {
          const whole = height ?? Math.ceil((await evaluate('document.documentElement.scrollHeight')) as number)
          const clip = { x: 0, y: 0, width, height: whole, scale: 1 }
          const { data } = await command('Page.captureScreenshot', { clip, captureBeyondViewport: true })
          return Buffer.from(data as string, 'base64')
        },
        print: async () => {
          const { data } = await command('Page.printToPDF', { preferCSSPageSize: true, printBackground: true })
          return Buffer.from(data as string, 'base64')
        },
        command,
      }
    },
    close: async () => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      await send('Browser.close').catch(() => child.kill())
      await gone
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The protocol: JSON messages, each ended by a zero byte, out by the fourth file and in by the fifth. */
function talk(child: ChildProcess) {
  const out = child.stdio[3] as Writable
  const into = child.stdio[4] as Readable
  const waiting = new Map<number, (answer: Answer) => void>()
  const listeners = new Map<string, (method: string, params: Record<string, unknown>) => void>()
  let nextId = 0
  let rest = ''
  into.setEncoding('utf8')
  into.on('data', (chunk: string) => {
    const messages = (rest + chunk).split('\0')
    rest = messages.pop()!
    for (const message of messages) {
      const { id, method, params, sessionId, ...answer } = JSON.parse(message)
      if (id === undefined) listeners.get(sessionId)?.(method, params)
      else waiting.get(id)?.(answer)
    }
  })
  child.once('exit', () => {
    for (const settle of waiting.values()) settle({ error: { message: 'the browser has gone' } })
  })
  const send = (method: string, params: Params = {}, sessionId?: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const id = ++nextId
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result ?? {})
        else reject(new Error(`${method}: ${error.message}`))
      })
      out.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`)
    })
  return {
    send,
    listen: (sessionId: string, heard: (method: string, params: Record<string, unknown>) => void) =>
      listeners.set(sessionId, heard),
  }
}
