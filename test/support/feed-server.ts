import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export type WebRequest = {
  readonly method: string
  /** With its parameters. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a path answers. */
export type WebAnswer =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
    }
  /** No answer; a byte now and then for ever; an end in the middle of the body. */
  | { readonly kind: 'hang' | 'drip' | 'cut' }
  /** So many megabytes, each of the same letter; packed, that is a thousandth of it. */
  | { readonly kind: 'flood'; readonly megabytes: number; readonly gzip?: boolean }

export type FeedServer = {
  readonly url: string
  readonly requests: readonly WebRequest[]
  /** Bytes of floods that left the server, before packing. */
  readonly flooded: () => number
  /** What a path answers, parameters aside; `*` for all others. `n` is 1 for the first request of the path. */
  readonly set: (path: string, answer: WebAnswer | ((request: WebRequest, n: number) => WebAnswer)) => void
  readonly close: () => Promise<void>
}

/** A web server on 127.0.0.1 with whatever feeds, forums and faults a test needs. */
export async function startFeedServer(): Promise<FeedServer> {
  const answers = new Map<string, (request: WebRequest, n: number) => WebAnswer>()
  const counts = new Map<string, number>()
  const requests: WebRequest[] = []
  const flood = { bytes: 0 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    response.on('error', () => {})
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? '/'
      const bare = path.split('?', 1)[0]!
      const n = (counts.get(bare) ?? 0) + 1
      counts.set(bare, n)
      const seen = {
        method: request.method ?? 'GET',
        path,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(seen)
      const answer = (answers.get(bare) ?? answers.get('*'))?.(seen, n) ?? { status: 404, body: 'nothing here' }
      void play(answer, response, flood)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    flooded: () => flood.bytes,
    set: (path, answer) => answers.set(path, typeof answer === 'function' ? answer : () => answer),
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function play(answer: WebAnswer, response: ServerResponse, flood: { bytes: number }): Promise<void> {
  if (!('kind' in answer)) {
    response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body ?? '')
    return
  }
  switch (answer.kind) {
    case 'hang':
      return
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/rss+xml' })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
      return
    }
    case 'cut':
      response.writeHead(200, { 'content-length': '10000' })
      response.write('<rss><channel><item>', () => response.destroy())
      return
    case 'flood': {
      const megabyte = Buffer.alloc(1_000_000, 'x')
      const body = Readable.from(
        (function* () {
          for (let sent = 0; sent < answer.megabytes; sent++) {
            flood.bytes += megabyte.length
            yield megabyte
          }
        })(),
      )
      response.writeHead(200, answer.gzip === true ? { 'content-encoding': 'gzip' } : {})
      const steps = answer.gzip === true ? [body, createGzip(), response] : [body, response]
      await pipeline(steps as [Readable, ServerResponse]).catch(() => {})
    }
  }
}

/** A feed of RSS 2.0 of these items, as a small publisher writes it. */
export function rss(...items: readonly string[]): string {
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://example.com</link><description>D</description>${items.map((item) => `<item>${item}</item>`).join('')}</channel></rss>`
}
