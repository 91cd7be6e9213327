import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with one request. Build them with `replies`. */
export type Reply =
  | { readonly kind: 'send'; readonly status: number; readonly headers: Record<string, string>; readonly body: string }
  | { readonly kind: 'flood'; readonly bytes: number; readonly declared: boolean }
  | { readonly kind: 'hang' | 'drop'; readonly after: 'request' | 'headers' }

export type ModelServerRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // What the client sent; tests look into it freely.
  readonly body: {
    readonly model: string
    readonly messages: readonly { readonly role: string; readonly content: string }[]
    readonly [field: string]: unknown
  }
}

export type ModelServer = {
  /** For OPENAI_BASE_URL. */
  readonly url: string
  readonly requests: readonly ModelServerRequest[]
  /** Bytes of floods that left the server so far. */
  readonly flooded: () => number
  readonly close: () => Promise<void>
}

type CompletionParts = {
  readonly content?: string | null
  readonly refusal?: string
  readonly finishReason?: string
  /** Null: the server does not count. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
  readonly headers?: Record<string, string>
}

function completion({ content = null, refusal, finishReason = 'stop', usage, headers = {} }: CompletionParts): Reply {
  const body = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'served-model-1',
    system_fingerprint: 'fp_1',
    choices: [
      {
        index: 0,
        finish_reason: finishReason,
        message: { role: 'assistant', content, ...(refusal === undefined ? {} : { refusal }) },
      },
    ],
    ...(usage === null ? {} : { usage: usage ?? { prompt_tokens: 1000, completion_tokens: 100 } }),
  }
  return send(200, JSON.stringify(body), { 'x-request-id': 'req_1', ...headers })
}

function send(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return { kind: 'send', status, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** A decision as JSON text: hold everything, unless actions are given. */
export function decisionText(...actions: readonly unknown[]): string {
  return JSON.stringify({ summary: 'Nothing to do today.', actions })
}

/** Everything that servers have been seen to do. */
export const replies = {
  completion,
  send,
  decision: (...actions: readonly unknown[]) => completion({ content: decisionText(...actions) }),
  refusal: (text = 'I cannot give investment advice.') => completion({ refusal: text }),
  /** Cut in the middle of its JSON. */
  cutOff: () => completion({ content: decisionText().slice(0, 20), finishReason: 'length' }),
  filtered: () => completion({ content: '', finishReason: 'content_filter' }),
  prose: () => completion({ content: `I would hold. ${decisionText()} Let me know if you need more.` }),
  fenced: () => completion({ content: `\`\`\`json\n${decisionText()}\n\`\`\`` }),
  uncounted: () => completion({ content: decisionText(), usage: null }),
  empty: () => completion({ content: '' }),
  /** A proxy's page instead of the server's answer. */
  garbage: () => send(200, '<html>Bad gateway</html>', { 'content-type': 'text/html' }),
  brokenJson: () => send(200, '{"choices": [{"mess'),
  emptyBody: () => send(200, ''),
  tooManyRequests: (headers: Record<string, string> = {}) =>
    send(429, '{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}', headers),
  serverError: (status = 500) => send(status, '{"error":{"message":"The server had an error","type":"server_error"}}'),
  error: (status: number, error: Record<string, unknown>) => send(status, JSON.stringify({ error })),
  /** A completion whose content goes on and on, with or without a content-length. */
  flood: (bytes = 10_000_000, declared = false): Reply => ({ kind: 'flood', bytes, declared }),
  hang: (after: 'request' | 'headers' = 'request'): Reply => ({ kind: 'hang', after }),
  drop: (after: 'request' | 'headers' = 'request'): Reply => ({ kind: 'drop', after }),
} as const

/**
 * An OpenAI-compatible server on 127.0.0.1 that answers `POST /v1/chat/completions` as the script says and records what it is
 * asked. `n` is 1 for the first request.
 */
export async function startModelServer(options: {
  readonly script: (request: ModelServerRequest, n: number) => Reply
}): Promise<ModelServer> {
  const requests: ModelServerRequest[] = []
  const counter = { flooded: 0 }
  const server = createServer((request, response) => {
    response.on('error', () => {})
    void readBody(request).then((body) => {
      if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
        play(send(404, '{"error":{"message":"no such path"}}'), response, counter)
        return
      }
      const asked = { path: request.url, headers: request.headers, body: JSON.parse(body) }
      requests.push(asked)
      play(options.script(asked, requests.length), response, counter)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    flooded: () => counter.flooded,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function play(reply: Reply, response: ServerResponse, counter: { flooded: number }): void {
  switch (reply.kind) {
    case 'send':
      response.writeHead(reply.status, reply.headers).end(reply.body)
      return
    case 'flood':
      void flood(reply, response, counter)
      return
    case 'hang':
      if (reply.after === 'headers') startBody(response)
      return
    case 'drop':
      if (reply.after === 'headers') startBody(response, () => response.socket?.destroy())
      else response.socket?.destroy()
  }
}

/** Headers and the first half of a completion, as if the rest were on its way. */
function startBody(response: ServerResponse, then: () => void = () => {}): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"choices":[{"message":{"content":"', () => setTimeout(then, 20))
}

async function flood(
  reply: { readonly bytes: number; readonly declared: boolean },
  response: ServerResponse,
  counter: { flooded: number },
): Promise<void> {
  const length = reply.declared ? { 'content-length': String(reply.bytes) } : {}
  response.writeHead(200, { 'content-type': 'application/json', ...length })
  const closed = once(response, 'close').catch(() => {})
  const chunk = 'x'.repeat(50_000)
  response.write('{"choices":[{"message":{"content":"'.padEnd(50_000, 'x'))
  for (let sent = chunk.length; sent < reply.bytes && !response.destroyed; sent += chunk.length) {
    if (!response.write(chunk)) {
      await Promise.race([once(response, 'drain'), closed])
    }
    counter.flooded = sent
  }
  response.end()
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
