import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server knows of one text, by the number that its title bears. */
export type Asked = { readonly at: number[]; readonly answeredAt: number[] }

export type ReadingServer = {
  /** For OPENAI_BASE_URL. */
  readonly url: string
  readonly texts: ReadonlyMap<number, Asked>
  /** Requests that came above the rate. */
  readonly refused: () => number
  readonly close: () => Promise<void>
}

/**
 * An OpenAI-compatible model on 127.0.0.1 that reads texts titled `Text N: ...`, each after `latencyMs`, and refuses with 429 what
 * exceeds `perMinute` requests within any minute.
 */
export async function startReadingServer(options: {
  readonly latencyMs: number
  readonly perMinute: number
  readonly answer?: (text: string) => unknown
}): Promise<ReadingServer> {
  const { latencyMs, perMinute, answer = oneEvent } = options
  const texts = new Map<number, { at: number[]; answeredAt: number[] }>()
  const recent: number[] = []
  let refused = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      const now = performance.now()
      while (recent.length > 0 && recent[0]! < now - 60_000) recent.shift()
      const headers = { 'content-type': 'application/json' }
      if (recent.length >= perMinute) {
        refused++
        response.writeHead(429, { ...headers, 'retry-after': '1' }).end('{"error":{"message":"slow down"}}')
        return
      }
      recent.push(now)
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      const question = String(body.messages.at(-1).content)
      const number = Number(/Text (\d+):/.exec(question)?.[1])
      const asked = texts.get(number) ?? { at: [], answeredAt: [] }
      texts.set(number, asked)
      asked.at.push(now)
      setTimeout(() => {
        const message = { role: 'assistant', content: JSON.stringify(answer(question)) }
        response.writeHead(200, headers).end(
          JSON.stringify({
            id: 'chatcmpl-1',
            object: 'chat.completion',
            created: 1,
            model: 'reader-1',
            choices: [{ index: 0, finish_reason: 'stop', message }],
            usage: { prompt_tokens: 1000, completion_tokens: 60 },
          }),
          () => {
            if (!response.destroyed) asked.answeredAt.push(performance.now())
          },
        )
      }, latencyMs)
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    texts,
    refused: () => refused,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function oneEvent(question: string): unknown {
  const evidence = /Text \d+: [^\n]+/.exec(question)?.[0] ?? ''
  return {
    events: [{ asset: 'AAVE/USD', kind: 'governance', direction: 0.4, confidence: 0.6, horizon_days: 10, evidence }],
  }
}

/** Lines of a file of history: texts of a few hundred words, each with a number of its own. */
export function numberedTexts(count: number): string {
  const words = 'the treasury proposes to change a parameter of the pool after a vote of holders and a review of risk'
  const paragraph = Array.from({ length: 6 }, () => words).join(' ')
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(Date.UTC(2021, 0, 1) + index * 3_600_000).toISOString()
    const title = `Text ${index}: AAVE holders vote on parameter ${index}`
    return JSON.stringify({
      id: `t${index}`,
      published_at: at,
      assets: ['AAVE/USD'],
      kind: 'governance',
      title,
      text: `${paragraph} ${index}.\n\n${paragraph}`,
      url: null,
    })
  }).join('\n')
}
